import DirectorAdmin
import Logging
import Site
import Testing

@testable import Health
@testable import Monitor

private let rejected = PollFailure(
    phase: .login, kind: .rejected, code: "AUTHENTICATIONFAILED", text: printable("Login \"failed\"\r\n\u{1b}[2J"))
private let fault = Fault(
    service: imap, streak: .init(count: 3, since: .origin, latest: refused), lasting: .milliseconds(20_040))

private func host(_ state: HostState?, vhosts: Int = 100, users: Int = 7, tag: String = "") throws -> Host {
    Host(
        address: try #require(IPAddress("10.2.2.75")), spelling: "10.2.2.75", vhosts: vhosts, users: users, tag: tag,
        state: state, lastChange: 0)
}

private func expect(
    _ event: MonitorEvent, _ level: Logger.Level, isChange: Bool = false, _ text: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let line = LogLine(event)
    #expect(line.text == text, sourceLocation: sourceLocation)
    #expect(line.level == level, sourceLocation: sourceLocation)
    #expect(line.isChange == isChange, sourceLocation: sourceLocation)
}

/// What the log says of polls and of health.
@Suite struct LogLineTests {
    @Test func aGoodPollIsToldWithTheTimeOfEachPhase() {
        let report = PollReport(
            failure: nil,
            phases: [
                .init(.connect, .microseconds(120)), .init(.greeting, .microseconds(900)),
                .init(.login, .milliseconds(4)),
            ], duration: .microseconds(5200))
        expect(
            .pollSucceeded(backend: "10.2.2.75", imap, report), .debug,
            "backend=10.2.2.75 protocol=imap port=143 poll=ok took=5.2ms connect=0.1ms greeting=0.9ms login=4.0ms")
    }

    @Test func maintenanceWindowsAreToldWithWhoAndWhyAndUntilWhen() {
        let window = Maintenance(
            who: "alice", reason: "kernel update", since: .origin, until: .origin + .seconds(60), drains: true)
        expect(
            .maintenanceStarted(backend: "10.2.2.75", window, until: 1_795_267_200, isExtended: false), .notice,
            isChange: true,
            "backend=10.2.2.75 maintenance=started by=alice reason=\"kernel update\" drain=yes until=2026-11-21T13:20:00Z"
        )
        let bare = Maintenance(who: "root", reason: "", since: .origin, until: .origin, drains: false)
        expect(
            .maintenanceStarted(backend: "10.2.2.75", bare, until: 0, isExtended: true), .notice, isChange: true,
            "backend=10.2.2.75 maintenance=extended by=root drain=no until=1970-01-01T00:00:00Z")
        expect(
            .maintenanceEnded(backend: "10.2.2.75", window, by: nil), .notice, isChange: true,
            "backend=10.2.2.75 maintenance=expired by=alice reason=\"kernel update\" drain=yes")
        expect(
            .maintenanceEnded(backend: "10.2.2.75", bare, by: "bob"), .notice, isChange: true,
            "backend=10.2.2.75 maintenance=ended by=root drain=no ended_by=bob")
    }

    @Test func whatAPollNoticedIsAWarning() {
        expect(
            .pollWarned(backend: "10.2.2.75", imap, PollWarning(.notRemoved, "no UIDPLUS")), .warning,
            "backend=10.2.2.75 protocol=imap port=143 warning=not_removed text=\"no UIDPLUS\"")
    }

    @Test func aFailedPollIsAWarningWithItsCount() {
        let report = PollReport(failure: rejected, phases: [], duration: .milliseconds(2003))
        expect(
            .pollFailed(backend: "10.2.2.75", imap, report, rejected, failures: 2, needed: 3), .warning,
            "backend=10.2.2.75 protocol=imap port=143 poll=failed failed=\"2 of 3\" phase=login kind=rejected "
                + "code=AUTHENTICATIONFAILED text=\"Login \\\"failed\\\"\\r\\n\\x1b[2J\" took=2003.0ms")
    }

    @Test func theOwnMachinesTroubleIsToldAsSuch() {
        let local = PollFailure(phase: .connect, kind: .local, text: "Too many open files")
        expect(
            .pollUndetermined(backend: "10.2.2.75", imap, local, isNews: true), .error,
            "backend=10.2.2.75 protocol=imap port=143 poll=unknown phase=connect kind=local "
                + "text=\"Too many open files\" note=\"this machine's own trouble: not counted against the backend\"")
    }

    @Test func theRelaysTroubleAlerts() {
        let relay = PollFailure(phase: .login, kind: .relay, code: "451", text: "no relay")
        expect(
            .pollUndetermined(
                backend: "10.2.2.75", Service(.submission, port: 587, tls: .starttls), relay, isNews: true), .error,
            "backend=10.2.2.75 protocol=submission port=587 poll=warning phase=login kind=relay code=451 "
                + "text=\"no relay\" note=\"the backend itself has answered: not counted against the backend\"")
    }

    @Test func aFaultyBackendIsToldWithHowOftenAndHowLong() {
        let start = "backend=10.2.2.75 protocol=imap port=143 health=faulty phase=connect kind=refused "
        let end = "text=\"Connection refused\" failed=3 over=20.0s note="
        let notes: [(FaultConsequence, String)] = [
            (.down, "HOST-DOWN is wanted"), (.delayedDown(.seconds(120)), "HOST-DOWN is wanted in 120.0s"),
            (.alreadyDown, "the director has it down already"), (.maintenance, "under maintenance: not commanded"),
            (.dryRun, "dry run: not commanded"),
        ]
        for (consequence, note) in notes {
            expect(.backendFaulty(backend: "10.2.2.75", fault, consequence), .warning, start + end + "\"\(note)\"")
        }
    }

    @Test func theRapidStageIsTold() {
        var stage = BackendHealth.RapidStage(needed: 7)
        stage.polls = 3
        stage.failures = 2
        let report = PollReport(failure: refused, phases: [], duration: .milliseconds(1))
        expect(
            .rapidPollFailed(backend: "10.2.2.75", imap, report, refused, stage), .warning,
            "backend=10.2.2.75 protocol=imap port=143 poll=failed rapid=\"2 of 7\" phase=connect kind=refused "
                + "text=\"Connection refused\" took=1.0ms")
        expect(
            .rapidStagePassed(backend: "10.2.2.75", imap, stage), .warning,
            "backend=10.2.2.75 protocol=imap port=143 health=doubtful rapid=\"2 of 7\" "
                + "note=\"too few rapid polls failed: counting begins anew\"")
    }

    @Test func aDownIsAnErrorWithWhatIsWrong() throws {
        expect(
            .stateChanged(try host(.down), .command(.ok, took: .milliseconds(149)), fault), .error, isChange: true,
            "backend=10.2.2.75 protocol=imap port=143 state=down phase=connect kind=refused "
                + "text=\"Connection refused\" failed=3 over=20.0s by=dovemon reply=OK confirmed=0.1s")
    }

    @Test func anUpIsANoticeWithWhatWasWrong() throws {
        expect(
            .stateChanged(try host(.up), .command(.closed, took: .seconds(30)), fault), .notice, isChange: true,
            "backend=10.2.2.75 protocol=imap port=143 state=up phase=connect kind=refused "
                + "text=\"Connection refused\" failed=3 over=20.0s by=dovemon reply=\"connection closed\" "
                + "confirmed=30.0s")
    }

    @Test func aChangeByOthersIsToldAsSuch() throws {
        expect(
            .stateChanged(try host(.up), .foreign, nil), .notice, isChange: true, "backend=10.2.2.75 state=up by=others"
        )
        expect(
            .stateChanged(try host(.down), .foreign, nil), .error, isChange: true,
            "backend=10.2.2.75 state=down by=others")
        expect(
            .stateChanged(try host(nil), .foreign, nil), .error, isChange: true,
            "backend=10.2.2.75 state=unknown by=others")
    }

    @Test func anAccountWithoutABackendIsTold() throws {
        expect(
            .accountWithoutBackend(try #require(IPAddress("10.2.2.75"))), .warning,
            "backend=10.2.2.75 account=unused note=\"there is a test account for it, and the director does not list it\""
        )
    }

    @Test func newSettingsAreTold() {
        expect(.settingsChanged, .notice, isChange: true, "settings=reloaded")
    }

    /// Whatever a server or a director says, it is one line, and no quote ends early.
    @Test(arguments: [
        "\n", "\r\n", "a\" state=up b=\"", "\\\" x", "\\", "\u{2028}\u{2029}\u{85}", "\u{0}\u{1b}[2J", "\u{202e}abc",
        String(repeating: "\"", count: 500),
    ])
    func nothingThatAPeerSaysBreaksTheLine(text: String) throws {
        let failure = PollFailure(phase: .login, kind: .rejected, code: printable(text), text: printable(text))
        let report = PollReport(failure: failure, phases: [], duration: .zero)
        let host = try host(.up, tag: text)
        let events: [MonitorEvent] = [
            .pollFailed(backend: "10.2.2.75", imap, report, failure, failures: 1, needed: 1),
            .stateChanged(host, .command(.other(text), took: .zero), nil),
            .director(.commandWithoutEffect(host, .hostDown, .notSent(text))), .director(.hostAppeared(host)),
            .director(.lost(DirectorFailure(printable(text)))),
            .director(.stillAway(DirectorFailure(printable(text)), for: .zero)),
            .director(.rowUnreadable(printable(text))), .director(.moveFailed(host, .other(text))),
        ]
        for event in events {
            let line = LogLine(event).text
            #expect(line.unicodeScalars.filter { $0.properties.generalCategory == .control }.isEmpty)
            #expect(line.unicodeScalars.filter { ["\u{2028}", "\u{2029}", "\u{202e}"].contains($0) }.isEmpty)
            #expect(fieldNames(line)?.contains("b") == false)
        }
    }

    /// The names of a line's fields, as a program reads them; nil when a quote does not end.
    private func fieldNames(_ line: String) -> [String]? {
        var names: [String] = []
        var rest = Substring(line)
        while let equals = rest.firstIndex(of: "=") {
            names.append(String(rest[..<equals]))
            rest = rest[rest.index(after: equals)...]
            if rest.first == "\"" {
                var isEscaped = false
                guard
                    let end = rest.dropFirst().firstIndex(where: { character in
                        defer { isEscaped = character == "\\" && !isEscaped }
                        return character == "\"" && !isEscaped
                    })
                else { return nil }
                rest = rest[rest.index(after: end)...]
            } else {
                rest = rest.drop { $0 != " " }
            }
            guard rest.isEmpty || rest.first == " " else { return nil }
            rest = rest.dropFirst()
        }
        return names
    }
}
