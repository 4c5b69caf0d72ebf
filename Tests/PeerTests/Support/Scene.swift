import DirectorAdmin
import Monitor
import Probes
import ScriptedPeers
import Site
import Testing

/// A model director, backends, and a monitor between them, all over real sockets.
struct Scene: Sendable {
    let director: ModelDirector
    let backends: Backends
    let run: MonitorRun
    var journal: Journal { director.journal }

    static let password = "open \"sesame\""

    /// Plays a scene with these backends. At its end, whatever was in it: nothing was sent that must not be sent to a
    /// director, nothing was told that no list bears out, and no password was told.
    ///
    /// - Parameters:
    ///   - ill: the backends that are ill from the start.
    ///   - prepare: changes what the director knows, before it is first asked.
    ///   - change: changes what the monitor does.
    ///   - write: writes the monitor's state down.
    ///   - clock: the clock by which the monitor decides when it is time; timers know only the real one.
    static func play(
        _ addresses: [String], ill: [String] = [], interval: Duration = .milliseconds(200),
        prepare: @Sendable (inout DirectorModel) -> Void = { _ in },
        policy change: @Sendable (inout Policy) -> Void = { _ in },
        state write: StateKeeper.Write? = nil, clock: @escaping @Sendable () -> Instant = { .now() },
        sourceLocation: SourceLocation = #_sourceLocation,
        _ body: (Scene) async throws -> Void
    ) async throws {
        let directory = try SocketDirectory()
        var model = DirectorModel(addresses.map { DirectorModel.Backend($0, users: 30) })
        prepare(&model)
        let director = ModelDirector(path: directory.director, model)
        try await director.start()
        let backends = try await Backends()
        for address in ill { backends.fall(address) }
        let account = Account(username: "probe", password: Password(password))
        let accounts = addresses.compactMap(IPAddress.init).map { ($0, account) }
        var policy = Policy(
            services: [Service(.imap, port: backends.port)], interval: interval, timeout: .seconds(20),
            failuresNeeded: 2, options: PollOptions(imap: IMAPChecks(lists: false)),
            accounts: Dictionary(uniqueKeysWithValues: accounts))
        change(&policy)
        var patience = DirectorClient.Patience.endless
        if model.ignorance == .isSilent { patience.ring = .seconds(1) }
        let run = try await MonitorRun.start(
            policy, directorPath: director.path, patience: patience, state: write, clock: clock,
            into: director.journal)
        do {
            try await body(Scene(director: director, backends: backends, run: run))
        } catch let missing as PeerError {
            Issue.record("\(missing)", sourceLocation: sourceLocation)
        }
        try await run.stop()
        await director.stop()
        await backends.stop()
        let entries = director.journal.entries
        #expect(director.violations == [], sourceLocation: sourceLocation)
        #expect(entries.unfoundedClaims == [], sourceLocation: sourceLocation)
        #expect(entries.lines(with: "sesame") == [], sourceLocation: sourceLocation)
        withExtendedLifetime(directory) {}
    }

    /// What has happened so far.
    var entries: [Journal.Entry] { journal.entries }

    /// Waits for something to have happened; throws what is missing when it does not.
    func wait(
        for what: String, within time: Duration = .seconds(30),
        until isDone: @escaping @Sendable ([Journal.Entry]) -> Bool
    ) async throws {
        guard await journal.wait(within: time, until: isDone) else {
            let last = entries.suffix(30).map { "\n  \($0)" }.joined()
            throw PeerError("waited in vain for: \(what)\(last)")
        }
    }

    /// Waits for so many lines of the log that hold a text.
    func wait(forLine text: String, count: Int = 1) async throws {
        try await wait(for: "a line with \(text)") { $0.lines(with: text).count >= count }
    }

    /// Waits until so many more lists have been read, and all that follows from the first of them was done.
    func wait(forMoreLists count: Int) async throws {
        let former = entries.lists
        try await wait(for: "\(count) more lists") { $0.lists >= former + count }
    }
}
