import Testing

/// Many backends at once.
@Suite(.timeLimit(.minutes(2))) struct CrowdTests {
    @Test("At most eight command connections; the others wait, and go when there is room")
    func eightCommands() async throws {
        let addresses = (1...12).map { "127.0.2.\($0)" }
        let holds = [DirectorModel.Answer](repeating: .hold(done: false), count: 8)
        try await Scene.play(addresses, ill: addresses, prepare: { $0.answers = holds }) { scene in
            try await scene.wait(for: "eight commands") { $0.commands.count >= 8 }
            try await scene.wait(for: "all to be ill") { $0.lines(with: "health=faulty").count == 12 }
            try await scene.wait(forMoreLists: 3)
            #expect(scene.entries.commands.count == 8)
            #expect(scene.director.mostCommandConnections == 8)
            scene.director.release()
            try await scene.wait(forLine: "state=down", count: 12)
            try await scene.wait(forLine: "move=done", count: 12)
            for verb in ["HOST-DOWN", "HOST-RESET-USERS"] {
                let commands = scene.entries.commands.filter { $0.hasPrefix(verb) }
                #expect(commands.sorted() == addresses.map { "\(verb) \($0)" }.sorted())
            }
            #expect(scene.director.mostCommandConnections == 8)
        }
    }

    @Test("Slow moves hold up no HOST-DOWN, and are given up when their backend is well again")
    func slowMoves() async throws {
        let addresses = (1...9).map { "127.0.2.\($0)" }
        let ill = Array(addresses.dropLast())
        try await Scene.play(addresses, ill: ill, prepare: { $0.moveAnswer = .hold(done: false) }) { scene in
            try await scene.wait(forLine: "state=down", count: 8)
            try await scene.wait(for: "moves") { $0.commands.count { $0.hasPrefix("HOST-RESET") } == 4 }
            try await scene.wait(forMoreLists: 3)
            #expect(scene.entries.commands.count { $0.hasPrefix("HOST-RESET") } == 4)
            scene.backends.fall("127.0.2.9")
            try await scene.wait(forLine: "state=down", count: 9)
            let moved = try #require(
                scene.entries.commands.first { $0.hasPrefix("HOST-RESET") }?.split(separator: " ").last)
            scene.backends.recover(String(moved))
            try await scene.wait(forLine: "backend=\(moved) move=given-up")
            try await scene.wait(forLine: "state=up")
            // Its place is taken by the next one.
            try await scene.wait(for: "another move") { $0.commands.count { $0.hasPrefix("HOST-RESET") } == 5 }
        }
    }

    @Test("Ten thousand backends are listed, and dropped when the list is empty")
    func tenThousand() async throws {
        let addresses = (0..<10_000).map { "127.3.\($0 / 250).\($0 % 250 + 1)" }
        // Before the interval is over the first of them are not polled, nor is the director read again.
        try await Scene.play(addresses, interval: .seconds(3_600)) { scene in
            try await scene.wait(for: "the first list") { $0.lists == 1 }
            try await scene.wait(for: "all of them") { $0.count > 10_000 && $0.told.count > 10_000 }
            #expect(scene.entries.lines(with: " listed=up vhosts=100 users=30").count == 10_000)
            #expect(scene.entries.commands == [])
        }
    }
}
