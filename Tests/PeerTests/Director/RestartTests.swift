import ScriptedPeers
import Testing

private let backend = "127.0.1.1"

/// A director that goes away and comes back.
@Suite(.timeLimit(.minutes(2))) struct RestartTests {
    @Test("Its loss is told once and its return once; meanwhile polls go on, and nothing is believed")
    func restart() async throws {
        try await Scene.play([backend, "127.0.1.2"]) { scene in
            try await scene.wait(for: "good polls") { $0.lines(with: "poll=ok").count >= 2 }
            await scene.director.stop()
            try await scene.wait(forLine: "director=lost")
            scene.backends.fall(backend)
            try await scene.wait(forLine: "health=faulty")
            let polls = scene.entries.lines(with: "poll=").count
            try await scene.wait(for: "polls") { $0.lines(with: "poll=").count >= polls + 6 }
            #expect(scene.entries.lines(with: "director=").count == 1)
            try await scene.director.start()
            try await scene.wait(forLine: "state=down")
            #expect(scene.entries.lines(with: "director=lost").count == 1)
            let lost = scene.entries.lines(with: "director=lost").first ?? ""
            // Either the connection broke that was just open, at any point, or there was none to be had.
            let texts = ["No such file", "refused", "closed", "reset", "no answer"]
            #expect(texts.contains { lost.contains($0) }, "\(lost)")
            #expect(scene.entries.lines(with: "director=back").count == 1)
            #expect(scene.entries.lines(with: "listed=").count == 2)
        }
    }

    @Test("A command whose director goes away is neither lost nor told as done", arguments: [true, false])
    func commandUnderWay(done: Bool) async throws {
        try await Scene.play([backend], ill: [backend], prepare: { $0.answers = [.hold(done: done)] }) { scene in
            try await scene.wait(for: "HOST-DOWN") { !$0.commands.isEmpty }
            await scene.director.stop()
            try await scene.wait(forLine: "director=lost")
            #expect(scene.entries.lines(with: "state=") == [])
            try await scene.director.start()
            try await scene.wait(forLine: "state=down")
            #expect(scene.entries.commands.count { $0.hasPrefix("HOST-DOWN") } == (done ? 1 : 2))
        }
    }

    @Test("A whole ring that restarts has every backend up: those that are ill are taken down again")
    func forgetful() async throws {
        try await Scene.play([backend], ill: [backend]) { scene in
            try await scene.wait(forLine: "move=done")
            await scene.director.stop()
            try await scene.wait(forLine: "director=lost")
            scene.director.change { $0.set(backend, isUp: true) }
            try await scene.director.start()
            try await scene.wait(forLine: "by=others")
            try await scene.wait(forLine: "state=down", count: 2)
            #expect(scene.entries.lines(with: "by=others").first?.contains("state=up") == true)
        }
    }

    @Test("Rows that are none are passed over, and told once each")
    func garbageRows() async throws {
        let rows = [
            "", "not-an-address\t100\t0\t\tU\t0", "127.0.1.7", "127.0.1.8\tmany\t0\t\tU\t0", "127.0.1.5\t-1\t0\t\tU\t0",
            "127.0.1.6\0\t100\t0\t\tU\t0", "127.0.1.9\t100\t0", "\t\t\t\t\t",
        ].dropFirst()
        try await Scene.play([backend], prepare: { $0.extraRows = Array(rows) }) { scene in
            try await scene.wait(forMoreLists: 3)
            try await scene.wait(forLine: "poll=ok")
            let told = scene.entries.lines(with: "director=unreadable")
            #expect(told.count == rows.count)
            #expect(told.contains { $0.contains(#"text=127.0.1.6\x00\t100\t0\t\tU\t0 "#) })
            #expect(scene.entries.lines(with: "listed=").count == 1)
        }
    }
}
