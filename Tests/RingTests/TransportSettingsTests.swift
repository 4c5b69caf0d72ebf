import RingLab
import ScriptedPeers
import TemporaryFiles
import Testing

extension RealRing {
    /// The program with the settings of transports and ports, beside a real director: each changes what Dovecot sees.
    @Suite final class TransportSettingsTests {
        private let authority: TemporaryDirectory
        private let ring: Ring
        private let backend: Backend

        init() async throws {
            let issuer = try TestCertificate(names: ["Test Authority"], isAuthority: true)
            let certificate = try TestCertificate(names: ["mail.example"], issuer: issuer)
            authority = try TemporaryDirectory()
            try authority.write(issuer.pem, to: "ca.pem")
            ring = try await Ring.start(
                directors: 1, backends: 1,
                further: FurtherServices(certificate: certificate.pem, key: certificate.keyPEM))
            backend = ring.backends[0]
        }

        deinit { ring.stop() }

        private func port(_ listener: FurtherServices.Listener) -> String { String(ring.port(listener)) }

        private var verifying: [(String, String)] {
            [("ssl_verify", "yes"), ("ssl_ca_file", "\(authority.path)/ca.pem"), ("ssl_server_name", "mail.example")]
        }

        @Test func `TLS from the first byte, verified, at all ports that are named, and a relay that is missing`()
            async throws
        {
            let dovemon = try DovemonProcess(
                ring: ring,
                settings: verifying + [
                    ("imap_ssl", "yes"), ("imaps_port", port(.imaps)), ("poll_pop3", "yes"), ("pop3_ssl", "yes"),
                    ("pop3s_port", port(.pop3s)), ("poll_lmtp", "yes"), ("lmtp_ssl", "yes"),
                    ("lmtp_port", port(.lmtps)), ("poll_submission", "yes"), ("submission_port", port(.submission)),
                    (
                        "poll_ports",
                        "[imap:\(port(.imap)), pop3:\(port(.pop3s))/ssl, \(port(.sieve)), \(port(.lmtps))/ssl]"
                    ),
                    ("timeout", "10"), ("interval", "0.5"),
                ])
            let services = [
                "imap port=\(port(.imaps))", "pop3 port=\(port(.pop3s))", "lmtp port=\(port(.lmtps))",
                "imap port=\(port(.imap))", "banner port=\(port(.sieve))", "banner port=\(port(.lmtps))",
            ]
            for service in services {
                _ = try await dovemon.waitForLine(
                    containing: "backend=\(backend.address) protocol=\(service) ", "poll=ok", within: .seconds(10))
            }
            let log = readFile(backend.logFile) ?? ""
            #expect(log.contains(try Regex("imap-login: Info: Login: user=<probe>, .* TLS,")))
            #expect(log.contains(try Regex("pop3-login: Info: Login: user=<probe>, .* TLS,")))
            // Valid for less than the 14 days of the default.
            _ = try await dovemon.waitForLine(
                containing: "protocol=lmtp", "warning=certificate_expires", within: .seconds(5))
            // Told once, and not counted.
            let relay = try await dovemon.waitForLine(
                containing: "protocol=submission", "kind=relay", within: .seconds(5))
            #expect(
                relay.text.contains(" err: ") && relay.text.contains("poll=warning") && relay.text.contains("451"))
            let start = dovemon.lines.count
            try await waitUntil("retry_count rounds", within: .seconds(10)) {
                dovemon.lines.dropFirst(start).count { $0.text.contains("kind=relay") } >= 3
            }
            #expect(try await ring.directors[0].host(backend.address)?.state == .up)
            #expect(!dovemon.lines.contains { $0.text.contains("poll=failed") || $0.text.contains("health=faulty") })

            // The same with another name, which the certificate does not bear.
            try dovemon.write(
                settings: Array(verifying.prefix(2)) + [
                    ("imap_ssl", "yes"), ("imaps_port", port(.imaps)), ("ssl_server_name", "other.example"),
                ])
            dovemon.reload()
            _ = try await dovemon.waitForLine(
                containing: "state=down phase=tls kind=certificate",
                "name mismatch: wanted other.example, offered mail.example", within: .seconds(10))
            #expect(try await dovemon.terminate().status == .exited(0))
        }

        @Test func `haproxy puts a PROXY header first, and only where it is asked for`() async throws {
            func settings(_ haproxy: String, pop3: FurtherServices.Listener = .pop3) -> [(String, String)] {
                [
                    ("imap_port", port(.proxiedIMAP)), ("poll_pop3", "yes"), ("pop3_port", port(pop3)),
                    ("imap_ssl", "starttls"), ("ssl_expiry_warning", "0"), ("haproxy", haproxy), ("interval", "0.3"),
                ]
            }
            let dovemon = try DovemonProcess(ring: ring, settings: settings("[imap]"))
            try await dovemon.expectRounds(["imap", "pop3"])
            #expect(!dovemon.lines.contains { $0.text.contains("poll=failed") })
            // A listener that wants no header takes it for a command.
            try dovemon.write(settings: settings("yes"))
            dovemon.reload()
            _ = try await dovemon.waitForLine(containing: "protocol=pop3", "poll=failed", within: .seconds(10))
            #expect(!dovemon.lines.contains { $0.text.contains("protocol=imap") && $0.text.contains("poll=failed") })
            try dovemon.write(settings: settings("no"))
            dovemon.reload()
            _ = try await dovemon.waitForLine(
                containing: "protocol=imap", "poll=failed", "phase=greeting", within: .seconds(10))
            #expect(try await dovemon.terminate().status == .exited(0))
        }
    }
}
