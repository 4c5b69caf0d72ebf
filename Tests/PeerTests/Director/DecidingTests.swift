import Monitor
import Testing

private let backend = "127.0.1.1"

/// How backends are emptied, and a run that empties none, over real sockets.
@Suite(.timeLimit(.minutes(2))) struct DecidingTests {
    @Test("Users are flushed where that is wanted, once the down is confirmed")
    func flush() async throws {
        try await Scene.play([backend], ill: [backend], policy: { $0.deciding.flushes = true }) { scene in
            try await scene.wait(forLine: "move=done")
            #expect(scene.entries.commands == ["HOST-DOWN 127.0.1.1", "HOST-FLUSH 127.0.1.1"])
        }
    }

    @Test("A flush that is answered with a timeout and leaves users behind is repeated")
    func flushWithoutEffect() async throws {
        try await Scene.play(
            [backend], ill: [backend], prepare: { $0.moveAnswer = .text("Ring sync timed out", done: false) },
            policy: { $0.deciding.flushes = true }
        ) { scene in
            try await scene.wait(forLine: "command=HOST-FLUSH reply=\"Ring sync timed out\"")
            scene.director.change { $0.moveAnswer = .ok }
            try await scene.wait(forLine: "move=done")
            #expect(scene.entries.commands.first == "HOST-DOWN 127.0.1.1")
            #expect(scene.entries.commands.dropFirst().allSatisfy { $0 == "HOST-FLUSH 127.0.1.1" })
        }
    }

    @Test("The number of parallel moves goes to the director")
    func parallelMoves() async throws {
        try await Scene.play([backend], ill: [backend], policy: { $0.deciding.parallelMoves = 7 }) { scene in
            try await scene.wait(forLine: "move=done")
            #expect(scene.entries.commands == ["HOST-DOWN 127.0.1.1", "HOST-RESET-USERS 127.0.1.1 7"])
        }
    }

    @Test("Users that are still there after a lost reply are moved again")
    func lostReply() async throws {
        try await Scene.play([backend], ill: [backend], prepare: { $0.moveAnswer = .close(done: false) }) { scene in
            try await scene.wait(forLine: "move=failed")
            scene.director.change { $0.moveAnswer = .ok }
            try await scene.wait(forLine: "move=done")
            #expect(scene.entries.commands.first == "HOST-DOWN 127.0.1.1")
            #expect(scene.entries.commands.count { $0 == "HOST-RESET-USERS 127.0.1.1" } >= 2)
        }
    }

    @Test("A dry run tells what it would send, and sends nothing")
    func dryRun() async throws {
        try await Scene.play([backend], ill: [backend], policy: { $0.isDryRun = true }) { scene in
            try await scene.wait(forLine: "command=HOST-RESET-USERS note=\"dry run: not sent\"")
            try await scene.wait(forMoreLists: 3)
            #expect(scene.entries.commands == [])
            #expect(scene.entries.lines(with: "command=HOST-DOWN").count == 1)
        }
    }
}
