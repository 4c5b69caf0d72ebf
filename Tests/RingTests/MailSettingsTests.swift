import Glibc
import RingLab
import ScriptedPeers
import Testing

extension RealRing {
    /// The program with all deep polls on, as its settings file says, beside real directors: what it does to a mailbox, by
    /// Dovecot's own account of it.
    @Suite final class MailSettingsTests {
        private let relay: ScriptedPeer
        private let ring: Ring
        private let backend: Backend

        init() async throws {
            relay = try await ScriptedPeer.start { connection in
                try await connection.write("220 relay\r\n")
                try await connection.answer("EHLO", "250-relay\r\n250 8BITMIME\r\n")
                try await connection.answer("QUIT", "221 bye\r\n")
            }
            let certificate = try TestCertificate(names: ["mail.example"])
            ring = try await Ring.start(
                directors: 2, backends: 1,
                further: FurtherServices(certificate: certificate.pem, key: certificate.keyPEM, relay: relay.port))
            backend = ring.backends[0]
        }

        deinit { ring.stop() }

        private static let protocols = ["imap", "pop3", "lmtp", "sieve", "submission"]

        /// All protocols by STARTTLS, and what is the same in all of a test's settings.
        private var settings: [(String, String)] {
            let ports = [("sieve", FurtherServices.Listener.sieve), ("submission", .submission)]
            return Self.protocols.flatMap { [("poll_\($0)", "yes"), ("\($0)_ssl", "starttls")] }
                + ports.map { ("\($0)_port", String(ring.port($1))) }
                + [("auth", "sasl"), ("interval", "0.5"), ("timeout", "10"), ("ssl_expiry_warning", "0")]
        }

        /// The password is the master user's: with it the account itself is turned away.
        private var accounts: String {
            let master = FurtherServices.master
            return """
                default:
                  username: \(backend.account.username)
                  masteruser: \(master.username)
                  password: \(master.password)
                  lmtp_address: \(backend.account.username)+dovemon

                """
        }

        private func dovemon(_ further: [(String, String)], director: Int = 0) throws -> DovemonProcess {
            try DovemonProcess(ring: ring, settings: settings + further, accounts: accounts, director: director)
        }

        private func change(_ dovemon: DovemonProcess, to further: [(String, String)]) async throws {
            let start = dovemon.lines.count
            try dovemon.write(settings: settings + further)
            dovemon.reload()
            _ = try await dovemon.waitForLine(containing: "settings=reloaded", from: start, within: .seconds(5))
            try await dovemon.expectRounds(Self.protocols)
        }

        @Test func `Two monitors on one account write, find and remove their messages, and leave strangers' alone`()
            async throws
        {
            try await backend.saveStrangersMail()
            try await backend.save(subject: "left", header: "X-Dovemon-Test: other/b/1000000000/0000000000000002\n")
            let before = try await backend.messages().filter { $0.subject != "left" }
            #expect(before.count == 6)
            let deep = [
                ("poll_imap_select", "yes"), ("poll_imap_append", "yes"), ("poll_imap_expunge", "yes"),
                ("poll_pop3_stat", "yes"), ("poll_pop3_delete", "yes"), ("poll_lmtp_rcpt", "yes"),
                ("poll_lmtp_deliver", "yes"), ("poll_lmtp_from", "dovemon@monitor.example"),
            ]
            let monitors = [try dovemon(deep), try dovemon(deep, director: 1)]
            for monitor in monitors { try await monitor.expectRounds(Self.protocols) }
            try await waitUntil("all test messages to be gone", within: .seconds(10)) {
                try await backend.messages() == before
            }
            for monitor in monitors {
                #expect(try await monitor.terminate().status == .exited(0))
                let troubles = monitor.lines.filter { $0.text.contains("poll=failed") || $0.text.contains("warning=") }
                #expect(troubles.isEmpty, "\(troubles)")
            }

            let said = backend.said
            var name = [CChar](repeating: 0, count: 256)
            #expect(gethostname(&name, name.count - 1) == 0)
            #expect(said.contains("LHLO \(String(decoding: name.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self))"))
            for words in ["LIST \"\" \"%\"", "SELECT INBOX", "APPEND INBOX", "UID EXPUNGE"] {
                #expect(said.contains { $0.contains(words) }, "\(words)")
            }
            // What others have flagged goes by EXPUNGE and CLOSE.
            #expect(!said.contains { $0.hasSuffix(" EXPUNGE") || $0.hasSuffix(" CLOSE") })
            #expect(said.contains("STAT"))
            for words in [
                "RCPT TO:<probe+dovemon>", "RSET", "MAIL FROM:<dovemon@monitor.example>", "DATA",
            ] {
                #expect(said.contains { $0.contains(words) }, "\(words)")
            }
            #expect(said.contains("CAPABILITY"), "ManageSieve's, behind its login")
            let log = readFile(backend.logFile) ?? ""
            #expect(log.contains("ID sent: name=dovemon, version="))
            for service in ["imap", "pop3", "managesieve", "submission"] {
                #expect(log.contains(try Regex("\(service)-login: Info: Login: user=<probe>, .* TLS,")), "\(service)")
            }
        }

        @Test func `Messages stay without the settings that remove them, are proper, and go with them`() async throws {
            try await backend.saveStrangersMail()
            let before = try await backend.messages()
            let writing = [
                ("poll_imap_append", "yes"), ("poll_lmtp_deliver", "yes"), ("poll_lmtp_from", "a@b.example"),
            ]
            let dovemon = try dovemon(writing)
            try await dovemon.expectRounds(Self.protocols)
            #expect(dovemon.lines.contains { $0.text.contains("test messages are written and never removed") })
            let headers = try await backend.headers().filter { $0.contains("Subject: dovemon test message") }
            let delivered = headers.filter { $0.contains("Return-Path: <a@b.example>") }
            #expect(!delivered.isEmpty && delivered.count < headers.count, "\(headers)")
            #expect(delivered.allSatisfy { $0.contains("Delivered-To: probe+dovemon") && $0.contains("with LMTPS") })
            for field in ["Date: ", "From: ", "Message-ID: <", "Subject: "] {
                #expect(headers.allSatisfy { "\n\($0)".contains("\n\(field)") }, "\(field)")
            }
            #expect(!backend.said.contains { $0.contains("SELECT") || $0.contains("EXPUNGE") || $0.hasPrefix("DELE") })

            // Nothing that is written, nothing that is looked for: only what is left of old is to be removed.
            try await change(dovemon, to: [])
            try await backend.removeTestMessages()
            try await backend.save(subject: "left", header: "X-Dovemon-Test: other/b/1000000000/0000000000000002\n")
            try await change(dovemon, to: [("poll_pop3_delete", "yes")])
            try await waitUntil("POP3 to remove them", within: .seconds(10)) { try await backend.messages() == before }
            #expect(backend.said.contains { $0.hasPrefix("DELE ") })

            try await change(
                dovemon, to: [("poll_lmtp_rcpt", "yes"), ("poll_pop3_stat", "yes"), ("poll_imap_list", "no")])
            backend.forgetWhatWasSaid()
            try await dovemon.expectRounds(Self.protocols)
            let said = backend.said
            #expect(said.contains("MAIL FROM:<>") && said.contains("RCPT TO:<probe+dovemon>") && !said.contains("DATA"))
            #expect(said.contains("STAT") && !said.contains { $0.contains("LIST") })
            #expect(try await backend.messages() == before)

            for setting in ["poll_imap_expunge", "poll_pop3_delete"] {
                let start = dovemon.lines.count
                try await change(dovemon, to: [(setting, "all")])
                #expect(
                    dovemon.lines.dropFirst(start).contains {
                        $0.text.contains(": advice: \(setting): each poll removes all mail")
                    })
                try await backend.saveStrangersMail()
                try await waitUntil("\(setting) to empty INBOX", within: .seconds(10)) {
                    try await backend.messages().isEmpty
                }
            }
            #expect(try await dovemon.terminate().status == .exited(0))
            let failures = dovemon.lines.filter { $0.text.contains("poll=failed") }
            #expect(failures.isEmpty, "\(failures)")
        }

        @Test func `A Sieve rule that files the message elsewhere makes it a lost one, and an exemption mends that`()
            async throws
        {
            let rule = "fileinto :create \"Archive\";\n"
            try backend.sort(by: "require [\"fileinto\", \"mailbox\"];\n" + rule)
            let deep = [("poll_imap_select", "yes"), ("poll_imap_expunge", "yes"), ("poll_lmtp_deliver", "yes")]
            let dovemon = try dovemon(deep + [("dry_run", "yes")])
            let lost = try await dovemon.waitForLine(
                containing: "protocol=imap", "poll=failed", "kind=message_lost", within: .seconds(10))
            #expect(lost.text.contains("phase=command"))
            _ = try await dovemon.waitForLine(
                containing: "command=HOST-DOWN note=\"dry run: not sent\"", within: .seconds(10))
            // As the manual has it.
            try backend.sort(
                by: "require [\"fileinto\", \"mailbox\"];\nif exists \"X-Dovemon-Test\" { keep; stop; }\n" + rule)
            try await change(dovemon, to: deep)
            try await waitUntil("the messages to be found and removed", within: .seconds(10)) {
                try await backend.messages().isEmpty
            }
            #expect(try await dovemon.terminate().status == .exited(0))
        }
    }
}

extension DovemonProcess {
    /// Waits until two more polls of each of these protocols have gone well: the first may be of a round that was going on.
    func expectRounds(_ protocols: [String], from start: Int? = nil) async throws {
        let start = start ?? lines.count
        try await waitUntil("two good rounds of \(protocols)", within: .seconds(20), every: .milliseconds(10)) {
            let new = lines.dropFirst(start)
            return protocols.allSatisfy { name in
                new.count { $0.text.contains(" protocol=\(name) ") && $0.text.contains("poll=ok") } >= 2
            }
        }
    }
}
