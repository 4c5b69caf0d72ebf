import Testing

private let backend = "127.0.1.1"

/// A director that answers HOST-DOWN and HOST-UP in each way, and does it or not.
@Suite(.timeLimit(.minutes(2))) struct ReplyTests {
    @Test("A backend that falls ill is taken down, emptied, and up again when it is well")
    func downAndUp() async throws {
        try await Scene.play([backend, "127.0.1.2"]) { scene in
            try await scene.wait(for: "good polls") { $0.lines(with: "poll=ok").count >= 2 }
            #expect(scene.entries.commands == [])
            scene.backends.fall(backend)
            try await scene.wait(forLine: "move=done")
            scene.backends.recover(backend)
            try await scene.wait(forLine: "state=up")
            try await scene.wait(forMoreLists: 2)
            let entries = scene.entries
            #expect(
                entries.commands == ["HOST-DOWN 127.0.1.1", "HOST-RESET-USERS 127.0.1.1", "HOST-UP 127.0.1.1"])
            let failure =
                #"phase=login kind=rejected code=UNAVAILABLE text="No: d1 LOGIN \\"probe\\" \\"\[password\]\\"""#
            let start = "backend=127.0.1.1 protocol=imap port=\(scene.backends.port)"
            let end = #"failed=\d+ over=\d+\.\ds by=dovemon reply=OK confirmed=\d+\.\ds"#
            let down = try Regex("\(start) state=down \(failure) \(end)")
            let up = try Regex("\(start) state=up \(failure) \(end)")
            let lines = entries.lines.filter { $0.text.contains("state=") }
            #expect(lines.count == 2)
            #expect(try lines.first.map { try down.wholeMatch(in: $0.text) != nil } == true, "\(lines)")
            #expect(try lines.last.map { try up.wholeMatch(in: $0.text) != nil } == true, "\(lines)")
            #expect(lines.map(\.level) == [.error, .notice])
            #expect(lines.allSatisfy { $0.isChange })
            #expect(entries.lines(with: "poll=failed failed=\"2 of 2\"").count == 1)
        }
    }

    static let replies = [
        "host is already being updated - try again later", "Ring sync timed out", "NOTFOUND", "Internal \"error\"\t[1]",
        "",
        "OK",
    ]
    private static let told = [
        "\"try again later\"", "\"Ring sync timed out\"", "NOTFOUND", #""Internal \"error\"\t[1]""#, "\"\"", "OK",
    ]

    @Test("A reply settles nothing: what had no effect is told so, and tried again", arguments: zip(replies, told))
    func withoutEffect(reply: String, told: String) async throws {
        try await Scene.play([backend], ill: [backend], prepare: { $0.answers = [.text(reply, done: false)] }) {
            scene in
            try await scene.wait(forLine: "move=done")
            let entries = scene.entries
            #expect(entries.commands == ["HOST-DOWN 127.0.1.1", "HOST-DOWN 127.0.1.1", "HOST-RESET-USERS 127.0.1.1"])
            #expect(
                entries.lines(with: "no effect")
                    == ["backend=127.0.1.1 command=HOST-DOWN reply=\(told) listed=up note=\"no effect yet\""])
            #expect(entries.lines(with: "state=down").count == 1)
        }
    }

    @Test("A reply settles nothing: what had an effect is told so", arguments: zip(replies, told))
    func withEffect(reply: String, told: String) async throws {
        try await Scene.play([backend], ill: [backend], prepare: { $0.answers = [.text(reply, done: true)] }) { scene in
            try await scene.wait(forLine: "move=done")
            let entries = scene.entries
            #expect(entries.commands == ["HOST-DOWN 127.0.1.1", "HOST-RESET-USERS 127.0.1.1"])
            #expect(entries.lines(with: "no effect") == [])
            #expect(entries.lines(with: " reply=\(told) confirmed=").count == 1)
        }
    }

    @Test("Nor does a closed connection settle anything", arguments: [true, false])
    func closed(done: Bool) async throws {
        try await Scene.play([backend], ill: [backend], prepare: { $0.answers = [.close(done: done)] }) { scene in
            try await scene.wait(forLine: "move=done")
            let entries = scene.entries
            #expect(entries.commands.count { $0.hasPrefix("HOST-DOWN") } == (done ? 1 : 2))
            #expect(entries.lines(with: "no effect").count == (done ? 0 : 1))
            #expect(entries.lines(with: "state=down").count == 1)
            #expect(entries.lines(with: #"reply="connection closed""#).count == 1)
        }
    }

    @Test("HOST-UP is confirmed likewise", arguments: replies, [true, false])
    func up(reply: String, done: Bool) async throws {
        let prepare: @Sendable (inout DirectorModel) -> Void = { model in
            model.set(backend, isUp: false)
            model.answers = [.text(reply, done: done)]
        }
        try await Scene.play([backend], prepare: prepare) { scene in
            try await scene.wait(forLine: "state=up")
            let entries = scene.entries
            #expect(entries.commands == [String](repeating: "HOST-UP 127.0.1.1", count: done ? 1 : 2))
            #expect(entries.lines(with: "no effect").count == (done ? 0 : 1))
        }
    }

    @Test("A backend that is removed while it is being taken down is dropped, and left alone")
    func removed() async throws {
        try await Scene.play([backend, "127.0.1.2"], ill: [backend], prepare: { $0.answers = [.hold(done: false)] }) {
            scene in
            try await scene.wait(for: "HOST-DOWN") { !$0.commands.isEmpty }
            scene.director.change { $0.backends.removeFirst() }
            try await scene.wait(forLine: "listed=no")
            scene.director.release()
            try await scene.wait(forMoreLists: 3)
            #expect(scene.entries.commands == ["HOST-DOWN 127.0.1.1"])
            #expect(scene.entries.lines(with: "state=") == [])
        }
    }

    @Test("A change that lists show while its command is unanswered is not told before the answer")
    func effectBeforeReply() async throws {
        try await Scene.play([backend], ill: [backend], prepare: { $0.answers = [.hold(done: true)] }) { scene in
            try await scene.wait(for: "HOST-DOWN") { !$0.commands.isEmpty }
            try await scene.wait(forMoreLists: 3)
            #expect(scene.entries.lines(with: "state=") == [])
            scene.director.release()
            try await scene.wait(forLine: "state=down")
            #expect(scene.entries.commands.first == "HOST-DOWN 127.0.1.1")
        }
    }

    @Test("No HOST-UP goes out over a HOST-DOWN that is unanswered; the answer's effect is undone afterwards")
    func heldDown() async throws {
        try await Scene.play([backend], ill: [backend], prepare: { $0.answers = [.hold(done: true)] }) { scene in
            try await scene.wait(for: "HOST-DOWN") { !$0.commands.isEmpty }
            scene.backends.recover(backend)
            try await scene.wait(for: "good polls") { $0.lines(with: "poll=ok").count >= 2 }
            try await scene.wait(forMoreLists: 3)
            #expect(scene.entries.commands == ["HOST-DOWN 127.0.1.1"])
            scene.director.release()
            try await scene.wait(forLine: "state=up")
            #expect(scene.entries.commands == ["HOST-DOWN 127.0.1.1", "HOST-UP 127.0.1.1"])
        }
    }
}
