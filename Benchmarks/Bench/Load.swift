import RingLab

/// What one poll asks of a backend.
struct Load {
    let stage: Stage

    func measure() async throws -> String {
        var table = Table(
            "poll", "connections", "bytes to the backend", "bytes from it", "packets to it", "packets from it")
        let polls: [(String, [(String, String)])] = [
            ("IMAP", []),
            ("POP3", [("poll_imap", "no"), ("poll_pop3", "yes"), ("pop3_port", "\(stage.peers.port("pop3"))")]),
            ("LMTP", [("poll_imap", "no"), ("poll_lmtp", "yes")]),
            ("IMAP, TLS, full handshake", [("imap_ssl", "yes"), ("ssl_resume", "no")]),
        ]
        for (number, (name, settings)) in polls.enumerated() {
            try await stage.peers.ask("reset")
            try await stage.peers.ask("count on")
            let process = try await Dovemon(settings: settings).start(
                Work(backends: 20, interval: 1), stage, "load-\(number)")
            try await pause(stage.isBrief ? 1 : 3)
            try await stop(process)
            let counts = try await stage.peers.counts()
            try await stage.peers.ask("count off")
            guard counts.finished > 0 else { throw LabError.failed("no \(name) poll: \(process.output.suffix(500))") }
            func mean(_ count: Int) -> String { text(Double(count) / Double(counts.finished), 1) }
            table.add(
                name, mean(counts.accepted), mean(counts.bytes.received), mean(counts.bytes.sent),
                mean(counts.packets.received), mean(counts.packets.sent))
        }
        return """
            ### Load on a backend

            Of one poll, counted by the backends' TCP (TCP_INFO at the close; the last acknowledgements are not in it).

            \(table.markdown)
            """
    }
}
