import RingLab

/// What one poll asks of a backend.
struct Load {
    let stage: Stage

    func measure() async throws -> Section {
        var table = Table(
            "poll", "connections", "round trips", "bytes to the backend", "bytes from it", "packets to it",
            "packets from it")
        let lmtp = [("poll_imap", "no"), ("poll_lmtp", "yes")]
        let verified = [
            ("ssl_resume", "no"), ("ssl_verify", "yes"), ("ssl_ca_file", stage.certificate.authority),
            ("ssl_server_name", Certificate.name),
        ]
        let polls: [(String, [(String, String)])] = [
            ("IMAP", []),
            ("POP3", [("poll_imap", "no"), ("poll_pop3", "yes"), ("pop3_port", "\(stage.peers.port("pop3"))")]),
            ("LMTP", lmtp),
            ("IMAP, TLS, full handshake", [("imap_ssl", "yes")] + verified),
            ("LMTP, STARTTLS, full handshake", lmtp + [("lmtp_ssl", "starttls")] + verified),
        ]
        for (number, (name, settings)) in polls.enumerated() {
            try await stage.peers.ask("reset")
            try await stage.peers.ask("count on")
            let running = try await Dovemon(settings: settings).start(
                Work(backends: 20, interval: stage.isBrief ? 0.5 : 1), stage, "load-\(number)")
            try await pause(stage.isBrief ? 1 : 3)
            try await running.endUnfailing()
            let counts = try await stage.peers.counts()
            try await stage.peers.ask("count off")
            guard counts.finished > 0 else { throw LabError.failed("\(name): no poll") }
            func mean(_ count: Int) -> String { text(Double(count) / Double(counts.finished), 1) }
            table.add(
                name, mean(counts.accepted), mean(counts.turns + counts.accepted), mean(counts.bytes.received),
                mean(counts.bytes.sent), mean(counts.packets.received), mean(counts.packets.sent))
        }
        return Section(
            text: """
                ### Load on a backend

                Of one poll, bytes and packets counted by the backends' TCP (TCP_INFO at the close; the last acknowledgements
                are not in it). Round trips are those that a poll waits for: that of the connection, and one for each time that
                the backend has to speak, the greeting and TLS included.

                \(table.markdown)
                """)
    }
}
