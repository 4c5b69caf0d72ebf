import DirectorAdmin
import Monitor
import Probes
import ScriptedPeers
import Site
import Testing

/// One poll as the monitor did it, by a director's list, and the line that it wrote of it.
struct WatchedPoll {
    let report: PollReport
    let line: LogLine

    static let password = "s3cret \"pass\\word\""
    static let account = Account(username: "probe", password: Password(password))

    /// Has a monitor poll a service once.
    ///
    /// - Parameter time: the poll's deadline.
    static func of(
        _ service: Service, at address: String = "127.0.0.1", account: Account? = Self.account,
        options: PollOptions = PollOptions(), within time: Duration = .seconds(40)
    ) async throws -> WatchedPoll {
        let directory = try SocketDirectory()
        let director = ModelDirector(path: directory.director, DirectorModel([.init(address)]))
        try await director.start()
        let parsed = try #require(IPAddress(address))
        let policy = Policy(
            services: [service], interval: .milliseconds(100), timeout: time, failuresNeeded: 100,
            options: options, accounts: account.map { [parsed: $0] } ?? [:])
        let run = try await MonitorRun.start(
            policy, directorPath: director.path, patience: .endless, into: director.journal)
        let isThere = await director.journal.wait(within: .seconds(50)) { !$0.told.polls.isEmpty }
        try await run.stop()
        await director.stop()
        let entries = director.journal.entries
        #expect(isThere, "no poll ended")
        #expect(director.violations == [])
        #expect(!entries.tells(Self.password))
        return try #require(entries.told.polls.first)
    }

    /// The same with deadlines that become longer, until the poll comes as far as `phase`: a busy machine may be slow.
    static func timingOut(_ service: Service, in phase: Phase, account: Account? = Self.account) async throws
        -> WatchedPoll
    {
        var last: WatchedPoll?
        for time in [300, 1_200, 5_000] {
            let poll = try await of(service, account: account, within: .milliseconds(time))
            last = poll
            if poll.report.phases.last?.phase == phase { return poll }
        }
        return try #require(last)
    }

    /// Expects a failure, and the line that tells it.
    func expectFailure(
        _ service: Service, at address: String = "127.0.0.1", _ phase: Phase, _ kind: FailureKind,
        code: String? = nil, _ text: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let failure = PollFailure(phase: phase, kind: kind, code: code, text: text)
        #expect(report.failure == failure, sourceLocation: sourceLocation)
        #expect(report.phases.last?.phase == phase, sourceLocation: sourceLocation)
        let expected =
            "backend=\(address) protocol=\(service.mailProtocol) port=\(service.port) poll=failed failed=\"1 of 100\" "
            + "phase=\(phase) kind=\(kind.rawValue) \(code.map { "code=\(quoted($0)) " } ?? "")text=\(quoted(text)) took="
        #expect(line.text.hasPrefix(expected), "\(line.text)", sourceLocation: sourceLocation)
        #expect(line.text.dropFirst(expected.count).wholeMatch(of: /\d+\.\dms/) != nil, sourceLocation: sourceLocation)
        #expect(line.level == .warning && !line.isChange, sourceLocation: sourceLocation)
    }

    /// Expects success, each of the phases in its turn, and the line that tells it.
    func expectSuccess(
        _ service: Service, at address: String = "127.0.0.1", _ phases: [Phase],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(report.failure == nil, sourceLocation: sourceLocation)
        #expect(report.phases.map(\.phase) == phases, sourceLocation: sourceLocation)
        let sum = report.phases.reduce(Duration.zero) { $0 + $1.duration }
        #expect(sum == report.duration, sourceLocation: sourceLocation)
        let names = phases.map { "\($0)=_" }.joined(separator: " ")
        let expected =
            "backend=\(address) protocol=\(service.mailProtocol) port=\(service.port) poll=ok took=_ \(names)"
        #expect(line.text.replacing(/\d+\.\dms/, with: "_") == expected, sourceLocation: sourceLocation)
        #expect(line.level == .debug && !line.isChange, sourceLocation: sourceLocation)
    }
}

private func quoted(_ text: String) -> String {
    text.isEmpty || text.contains(" ") ? "\"\(text.replacing("\"", with: "\\\""))\"" : text
}

extension [MonitorEvent] {
    /// The polls among what was told.
    fileprivate var polls: [WatchedPoll] {
        compactMap { event in
            switch event {
            case .pollSucceeded(_, _, let report), .pollFailed(_, _, let report, _, _, _):
                WatchedPoll(report: report, line: LogLine(event))
            case .pollUndetermined(_, _, let failure, _):
                WatchedPoll(
                    report: PollReport(failure: failure, phases: [], duration: .zero), line: LogLine(event))
            default: nil
            }
        }
    }
}
