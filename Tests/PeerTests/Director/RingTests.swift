import Testing

private let backend = "127.0.1.1"

/// A director whose ring is not in order, or that does not tell.
@Suite(.timeLimit(.minutes(2))) struct RingTests {
    @Test("While the ring is syncing commands wait, while polls go on; they go when it is synced")
    func syncing() async throws {
        let words = "ring syncing - last sync 30 secs ago"
        try await Scene.play([backend, "127.0.1.2"], ill: [backend], prepare: { $0.ring = words }) { scene in
            try await scene.wait(forLine: "health=faulty")
            try await scene.wait(forMoreLists: 3)
            #expect(scene.entries.commands == [])
            #expect(
                scene.entries.lines(with: "ring=").map { $0 } == [
                    #"ring=syncing note="commands wait until it is synced""#
                ])
            scene.director.change { $0.ring = "ring synced" }
            try await scene.wait(forLine: "state=down")
            #expect(scene.entries.lines(with: "ring=").last == "ring=synced")
        }
    }

    @Test("Words that are not known count as not synced")
    func unknownWords() async throws {
        try await Scene.play([backend], ill: [backend], prepare: { $0.ring = "ring on fire" }) { scene in
            try await scene.wait(forLine: "health=faulty")
            try await scene.wait(forMoreLists: 3)
            #expect(scene.entries.commands == [])
        }
    }

    @Test("What a director lists while it is handshaking changes nothing")
    func handshaking() async throws {
        try await Scene.play([backend, "127.0.1.2", "127.0.1.3"]) { scene in
            try await scene.wait(for: "good polls") { $0.lines(with: "poll=ok").count >= 3 }
            scene.director.change { $0.ring = "ring handshaking" }
            try await scene.wait(forLine: "ring=handshaking")
            scene.director.change { model in
                model.backends.removeLast()
                model.backends.append(DirectorModel.Backend("127.0.1.9"))
                model.set("127.0.1.2", isUp: false)
            }
            scene.backends.fall(backend)
            try await scene.wait(forLine: "backend=127.0.1.1 protocol=imap port=\(scene.backends.port) health=faulty")
            let polls = scene.entries.lines(with: "backend=127.0.1.3 ").count
            try await scene.wait(for: "polls of a backend that is not listed") {
                $0.lines(with: "backend=127.0.1.3 ").count >= polls + 2
            }
            #expect(scene.entries.lines(with: "127.0.1.9") == [])
            #expect(scene.entries.lines(with: "state=") == [])
            #expect(scene.entries.lines(with: "listed=no") == [])
            #expect(scene.entries.commands == [])
            scene.director.change { $0.ring = "ring synced" }
            try await scene.wait(forLine: "backend=127.0.1.3 listed=no")
            try await scene.wait(forLine: "backend=127.0.1.9 listed=up")
            try await scene.wait(forLine: "backend=127.0.1.2 state=down by=others")
            try await scene.wait(forLine: "backend=127.0.1.2 state=up")
            try await scene.wait(forLine: "state=down phase=login")
        }
    }

    @Test(
        "A director that knows only HOST-LIST, HOST-DOWN and HOST-UP is used without the rest",
        arguments: [DirectorModel.Ignorance.closes, .isSilent])
    func oldDirector(ignorance: DirectorModel.Ignorance) async throws {
        let addresses = ["127.0.1.1", "127.0.1.2", "127.0.1.3"]
        try await Scene.play(addresses, ill: addresses, prepare: { $0.ignorance = ignorance }) { scene in
            try await scene.wait(forLine: "state=down", count: 3)
            try await scene.wait(for: "three moves") { $0.commands.count { $0.hasPrefix("HOST-RESET-USERS") } == 3 }
            if ignorance == .closes { try await scene.wait(forLine: "HOST-RESET-USERS") }
            for address in addresses { scene.backends.recover(address) }
            try await scene.wait(forLine: "state=up", count: 3)
            let entries = scene.entries
            // Where it is silent, only time tells: see StallTests.
            #expect(entries.lines(with: "HOST-RESET-USERS").count == (ignorance == .closes ? 1 : 0))
            if ignorance == .isSilent { #expect(entries.lines(with: "move=given-up").count == 3) }
            #expect(
                entries.lines(with: "ring=") == [
                    #"ring=unknown note="this director does not answer DIRECTOR-LIST""#
                ])
            let ringLists = entries.count { if case .heard(_, "DIRECTOR-LIST") = $0 { true } else { false } }
            #expect(ringLists == 2)
            #expect(entries.lines(with: "director=") == [])
            #expect(entries.commands.count == 9)
        }
    }
}
