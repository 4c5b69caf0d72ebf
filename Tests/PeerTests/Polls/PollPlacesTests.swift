import Monitor
import ScriptedPeers
import Site
import Testing

/// Polls that have to wait for a place, over real sockets.
@Suite struct PollPlacesTests {
    @Test func `waiting for a place costs a poll none of its time, and long waits are told`() async throws {
        let backends = try await ScriptedPeer.start(on: "0.0.0.0") { try await $0.silence() }
        let addresses = (1...5).map { "127.0.0.\($0)" }
        let directory = try SocketDirectory()
        let director = ModelDirector(path: directory.director, DirectorModel(addresses.map { .init($0) }))
        try await director.start()
        let policy = Policy(
            services: [Service(.imap, port: backends.port)], interval: .zero, timeout: .milliseconds(400),
            failuresNeeded: 100, openPollLimit: 1)
        let run = try await MonitorRun.start(
            policy, directorPath: director.path, patience: .endless, into: director.journal)
        let isThere = await director.journal.wait(within: .seconds(50)) { entries in
            entries.told.contains { if case .pollsWaiting = $0 { true } else { false } }
        }
        try await run.stop()
        await director.stop()
        await backends.stop()
        #expect(isThere, "nobody tells of it")
        let told = director.journal.entries.told
        let failures = told.compactMap { event -> (String, PollReport)? in
            guard case .pollFailed(let backend, _, let report, _, _, _) = event else { return nil }
            return (backend, report)
        }
        #expect(failures.count >= 2)
        #expect(failures.allSatisfy { $0.1.failure?.kind == .timeout && $0.1.phases.last?.phase == .greeting })
        // A second and more went by before some of them began.
        #expect(failures.allSatisfy { $0.1.duration < .milliseconds(1_000) }, "\(failures)")
    }

    /// Far more than one turn's, and none with a pause: the loop always has something else to do.
    @Test func `of a hundred backends that are polled without a pause each has its turn`() async throws {
        let addresses = (1...100).map { "127.0.3.\($0)" }
        let directory = try SocketDirectory()
        let director = ModelDirector(path: directory.director, DirectorModel(addresses.map { .init($0) }))
        try await director.start()
        // Nothing listens there.
        let policy = Policy(
            services: [Service(.imap, port: 1)], interval: .zero, timeout: .seconds(5), failuresNeeded: 1_000)
        let run = try await MonitorRun.start(
            policy, directorPath: director.path, patience: .endless, into: director.journal)
        let isDone = await director.journal.wait(within: .seconds(50)) { entries in
            var failures: [String: Int] = [:]
            for case .pollFailed(let backend, _, _, _, _, _) in entries.told { failures[backend, default: 0] += 1 }
            return addresses.allSatisfy { failures[$0, default: 0] >= 3 }
        }
        try await run.stop()
        await director.stop()
        #expect(isDone)
    }

    @Test func `a backend that has gone is not remembered as one that failed`() async throws {
        try await Scene.play(["127.0.1.1", "127.0.1.2"], ill: ["127.0.1.1", "127.0.1.2"]) { scene in
            try await scene.wait(forLine: "poll=failed", count: 4)
            #expect(try await scene.run.doubtful() == 2)
            scene.director.change { $0.backends.removeFirst() }
            try await scene.wait(forLine: "backend=127.0.1.1 listed=no")
            #expect(try await scene.run.doubtful() == 1)
        }
    }
}
