import Glibc

/// What a backend can serve besides IMAP, POP3 and LMTP in clear: the same with STARTTLS and with TLS from the first byte,
/// ManageSieve and submission with STARTTLS, IMAP behind a PROXY header, a master user.
///
/// Whatever is said behind the login, and over LMTP, is written down by Dovecot itself.
package struct FurtherServices: Sendable {
    /// Where a service listens: so far behind the first of the ports.
    package enum Listener: Int, Sendable, CaseIterable {
        case imap = 1
        case pop3, lmtp, imaps, pop3s, lmtps, proxiedIMAP, sieve, submission
    }

    /// May log in as anybody, by SASL PLAIN's authorization identity.
    package static let master = LabAccount(username: "admin", password: "m4ster")

    private let certificate: String
    private let key: String
    private let relay: Int?

    /// - Parameters:
    ///   - certificate: the certificate of all services, and the key, in PEM.
    ///   - relay: the port at 127.0.0.1 at which submission finds its relay; nil for none.
    package init(certificate: String, key: String, relay: Int? = nil) {
        self.certificate = certificate
        self.key = key
        self.relay = relay
    }

    /// Writes the files that the configuration names.
    func write(to directory: String) throws {
        try writeFile("\(directory)/cert.pem", certificate)
        try writeFile("\(directory)/key.pem", key, mode: 0o600)
        try writeFile("\(directory)/master-users", "\(Self.master.username):{PLAIN}\(Self.master.password)\n")
        try makeDirectory(conversations(directory))
        // LMTP's processes write as root, those behind a login as the mail user.
        guard chown(conversations(directory), Identity.current.mailUser, Identity.current.mailGroup) == 0 else {
            throw LabError.failed("\(directory): cannot give a directory to the mail user")
        }
    }

    /// What comes behind the configuration of a plain backend.
    func configuration(_ directory: String, _ ports: Ports) -> String {
        func listener(_ name: String, _ listener: Listener, _ settings: String...) -> String {
            let lines = ["port = \(ports.port(listener))"] + settings
            return "  inet_listener \(name) {\n\(lines.map { "    \($0)\n" }.joined())  }\n"
        }
        return """
            protocols = imap pop3 lmtp sieve submission
            ssl = yes
            ssl_cert = <\(directory)/cert.pem
            ssl_key = <\(directory)/key.pem
            haproxy_trusted_networks = 127.0.0.0/8
            imap_id_log = *
            protocol lmtp {
              mail_plugins = sieve
            }
            plugin {
              sieve_before = \(rules(directory))
            }
            rawlog_dir = \(conversations(directory))
            lmtp_rawlog_dir = \(conversations(directory))
            passdb {
              driver = passwd-file
              args = \(directory)/master-users
              master = yes
            }
            \(relay.map { "submission_relay_host = 127.0.0.1\nsubmission_relay_port = \($0)" } ?? "")
            service imap-login {
            \(listener("imaps", .imaps, "ssl = yes"))
            \(listener("imap-proxied", .proxiedIMAP, "haproxy = yes"))
            }
            service pop3-login {
            \(listener("pop3s", .pop3s, "ssl = yes"))
            }
            service lmtp {
            \(listener("lmtps", .lmtps, "ssl = yes"))
            }
            service managesieve-login {
            \(listener("sieve", .sieve))
            }
            service submission-login {
            \(listener("submission", .submission))
            }
            \(Identity.current.configuration(confined: ["managesieve-login", "submission-login"]))
            """
    }

    /// A Sieve script for all mail that comes in over LMTP, where there is one.
    func rules(_ directory: String) -> String { "\(directory)/rules.sieve" }

    /// Where Dovecot writes down what is said.
    func conversations(_ directory: String) -> String { "\(directory)/conversations" }

    /// The lines that clients have said so far behind the login and over LMTP.
    func said(_ directory: String) -> [String] {
        files(directory).filter { $0.hasSuffix(".in") }.compactMap { readFile($0) }.flatMap { text in
            // Each line comes behind the time.
            text.split(whereSeparator: \.isNewline).map { line in
                String(line.drop { $0 != " " }.dropFirst())
            }
        }
    }

    /// Forgets what was said.
    func forget(_ directory: String) { for file in files(directory) { unlink(file) } }

    private func files(_ directory: String) -> [String] {
        let directory = conversations(directory)
        return (listDirectory(directory) ?? []).map { "\(directory)/\($0)" }
    }
}

extension Ports {
    func port(_ listener: FurtherServices.Listener) -> Int { ring + listener.rawValue }
}
