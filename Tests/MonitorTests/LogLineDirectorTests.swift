import DirectorAdmin
import Logging
import Site
import Testing

@testable import Monitor

private func host(_ state: HostState? = .up, vhosts: Int = 100, users: Int = 7, tag: String = "") throws -> Host {
    Host(
        address: try #require(IPAddress("10.2.2.75")), spelling: "10.2.2.75", vhosts: vhosts, users: users, tag: tag,
        state: state, lastChange: 0)
}

private func expect(
    _ event: DirectorEvent, _ level: Logger.Level, isChange: Bool = false, _ text: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let line = LogLine(.director(event))
    #expect(line.text == text, sourceLocation: sourceLocation)
    #expect(line.level == level, sourceLocation: sourceLocation)
    #expect(line.isChange == isChange, sourceLocation: sourceLocation)
}

/// What the log says of the director.
@Suite struct LogLineDirectorTests {
    @Test func aDirectorThatGoesAndComesBackIsTold() {
        let failure = DirectorFailure("/run/dovecot/director-admin: Connection refused")
        expect(
            .lost(failure), .error, isChange: true,
            "director=lost text=\"/run/dovecot/director-admin: Connection refused\" "
                + "note=\"polling goes on with the backends last listed\"")
        expect(
            .stillAway(failure, for: .seconds(300)), .error, isChange: true,
            "director=lost text=\"/run/dovecot/director-admin: Connection refused\" since=300.0s")
        expect(.back(after: .milliseconds(301_250)), .notice, isChange: true, "director=back after=301.3s")
    }

    @Test func theRingsStateIsTold() {
        expect(.ringChanged(.synced), .info, isChange: true, "ring=synced")
        expect(
            .ringChanged(.syncing), .warning, isChange: true,
            "ring=syncing note=\"commands wait until it is synced\"")
        expect(
            .stillNotSynced(.syncing, for: .seconds(300)), .error, isChange: true,
            "ring=syncing since=300.0s note=\"commands wait until it is synced: see doveadm director ring status\"")
        expect(.ringChanged(.handshaking), .info, "ring=handshaking")
        expect(.ringChanged(nil), .info, "ring=unknown note=\"this director does not answer DIRECTOR-LIST\"")
    }

    @Test func aRowThatIsNoneIsTold() {
        expect(
            .rowUnreadable("host.example\\t1"), .warning,
            "director=unreadable text=host.example\\t1 note=\"a line of HOST-LIST that is no backend is passed over\"")
    }

    @Test func backendsThatComeAndGoAreTold() throws {
        expect(.hostAppeared(try host()), .info, "backend=10.2.2.75 listed=up vhosts=100 users=7")
        expect(
            .hostAppeared(try host(nil, vhosts: 0, users: 0, tag: "site b")), .info,
            "backend=10.2.2.75 listed=unknown vhosts=0 users=0 tag=\"site b\"")
        expect(.hostDisappeared(try host()), .notice, isChange: true, "backend=10.2.2.75 listed=no")
    }

    @Test func maintenanceIsTold() throws {
        expect(
            .maintenanceChanged(try host(vhosts: 0)), .notice, isChange: true,
            "backend=10.2.2.75 maintenance=yes vhosts=0")
        expect(
            .maintenanceChanged(try host(vhosts: 50)), .notice, isChange: true,
            "backend=10.2.2.75 maintenance=no vhosts=50")
    }

    @Test func whatBecomesOfWeightsIsTold() throws {
        expect(
            .weightChanged(try host(vhosts: 40), .set(target: 100)), .info,
            "backend=10.2.2.75 vhosts=40 target=100 weight=step")
        expect(
            .weightChanged(try host(vhosts: 0), .set(target: 100)), .info,
            "backend=10.2.2.75 vhosts=0 target=100 weight=drained")
        expect(
            .weightChanged(try host(vhosts: 100), .restored(wasDrained: true)), .notice, isChange: true,
            "backend=10.2.2.75 vhosts=100 weight=restored note=\"as before the maintenance\"")
        expect(
            .weightChanged(try host(vhosts: 100), .restored(wasDrained: false)), .notice, isChange: true,
            "backend=10.2.2.75 vhosts=100 weight=restored note=\"slow start is over\"")
        expect(
            .weightChanged(try host(vhosts: 70), .left(target: 100, wasDrained: false)), .notice, isChange: true,
            "backend=10.2.2.75 vhosts=70 target=100 weight=left "
                + "note=\"others have changed its vhosts: left to them, and slow start is over\"")
        expect(
            .weightChanged(try host(vhosts: 70), .left(target: 100, wasDrained: true)), .notice, isChange: true,
            "backend=10.2.2.75 vhosts=70 target=100 weight=left "
                + "note=\"others have changed its vhosts: left to them, and not restored\"")
        expect(
            .wouldSetWeight(try host(.down), 20), .notice, isChange: true,
            "backend=10.2.2.75 command=HOST-UPDATE vhosts=20 note=\"dry run: not sent\"")
        expect(
            .commandWithoutEffect(try host(), .hostUpdate, .tryAgainLater), .warning,
            "backend=10.2.2.75 command=HOST-UPDATE reply=\"try again later\" listed=up vhosts=100 note=\"no effect yet\""
        )
    }

    @Test func aChangeOfStateIsToldWithoutAFaultToo() throws {
        expect(
            .stateChanged(try host(.down), .foreign), .error, isChange: true, "backend=10.2.2.75 state=down by=others")
    }

    @Test(arguments: [
        (CommandReply.ok, "OK"), (.notFound, "NOTFOUND"), (.tryAgainLater, "\"try again later\""),
        (.ringSyncTimedOut, "\"Ring sync timed out\""), (.other("No\tway"), "No\\tway"), (.other(""), "\"\""),
        (.closed, "\"connection closed\""), (.abandoned, "none"), (.notSent("no socket"), "\"not sent: no socket\""),
    ])
    func aCommandWithoutEffectIsToldWithItsReply(reply: CommandReply, text: String) throws {
        expect(
            .commandWithoutEffect(try host(), .hostDown, reply), .warning,
            "backend=10.2.2.75 command=HOST-DOWN reply=\(text) listed=up note=\"no effect yet\"")
    }

    @Test func whatBecameOfAMoveIsTold() throws {
        expect(
            .usersMoved(try host(.down), took: .seconds(12)), .info, "backend=10.2.2.75 move=done after=12.0s users=7")
        expect(
            .moveGivenUp(try host(.down)), .info,
            "backend=10.2.2.75 move=given-up note=\"the backend need not be emptied any more\"")
        expect(
            .moveUnknown(try host(.down)), .warning,
            "backend=10.2.2.75 move=failed reply=\"connection closed\" "
                + "note=\"the director may be too old for HOST-RESET-USERS: its users stay until they expire\"")
        expect(
            .moveFailed(try host(.down), .notFound), .warning, "backend=10.2.2.75 move=failed reply=NOTFOUND")
    }

    @Test func whatADryRunWouldSendIsTold() throws {
        expect(
            .wouldSend(try host(), .hostDown), .notice, isChange: true,
            "backend=10.2.2.75 command=HOST-DOWN note=\"dry run: not sent\"")
    }

    @Test func downsThatAreWithheldAreTold() throws {
        expect(
            .downsWithheld(WithheldDowns(hosts: [try host(), try host()], waiting: 3, down: 1, limit: 2)), .error,
            isChange: true, "downs=withheld waiting=3 down=1 limit=2 backends=10.2.2.75,10.2.2.75")
        expect(.downsAllowed, .notice, isChange: true, "downs=allowed")
    }

    /// A log daemon may cut a line at 1,024 bytes.
    @Test func theLongestLineOfTheGuardIsShortEnough() {
        let spelling = "2001:db8:1111:2222:3333:4444:5555:6666"
        let host = Host(
            address: row(1).address, spelling: spelling, vhosts: 1, users: 1, tag: "", state: .up, lastChange: 0)
        let reason = GuardedDowns(
            tag: String(repeating: "t", count: 32), hosts: Array(repeating: host, count: 15), count: 10_000,
            unnamed: 9_985, healthy: 10_000, needed: 10_000, pool: 10_000, lasting: .seconds(1_000_000))
        let line = LogLine(.director(.guardWithholds(reason)))
        #expect(line.text.contains(" withheld=10000 unnamed=9985 "))
        #expect(line.text.utf8.count < 940)
    }
}
