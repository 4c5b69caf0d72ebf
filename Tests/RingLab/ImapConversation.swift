/// Logs in over plain IMAP, sends `commands`, and returns what the server says to each: its tagged line without the tag,
/// the login's first.
///
/// - Throws: `LabError.refused`, `.timedOut` and `.closed` for what the server does; `.failed` with the server's line when
///   it does not take the login, for then the rest is not sent.
package func imapConversation(
    address: String, port: Int, username: String, password: String, commands: [String], within limit: Duration
) async throws -> [String] {
    try await offPool {
        let conversation = try Conversation(address: address, port: port, within: limit)
        let greeting = try conversation.readLine()
        guard greeting.hasPrefix("* OK") else { throw LabError.failed(greeting) }
        var answers: [String] = []
        for (number, command) in (["LOGIN \(username) \(password)"] + commands + ["LOGOUT"]).enumerated() {
            let tag = "t\(number) "
            try conversation.send("\(tag)\(command)\r\n")
            var line = try conversation.readLine()
            while !line.hasPrefix(tag) { line = try conversation.readLine() }
            answers.append(String(line.dropFirst(tag.count)))
            guard number > 0 || answers[0].hasPrefix("OK") else { throw LabError.failed(answers[0]) }
        }
        return answers.dropLast()
    }
}
