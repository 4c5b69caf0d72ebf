import Glibc

/// A backend without a ring, that serves all that one may be polled with: IMAP, POP3 and LMTP in clear, with STARTTLS and
/// with TLS from the first byte, ManageSieve and submission with STARTTLS, IMAP behind a PROXY header, a master user.
package final class LoneBackend: Sendable {
    /// Where a service listens.
    package enum Listener: Int, Sendable, CaseIterable {
        case imap = 1
        case pop3, lmtp, imaps, pop3s, lmtps, proxiedIMAP, sieve, submission
    }

    package let address: String
    package let account = LabAccount(username: "probe", password: "secret")
    /// May log in as anybody, by SASL PLAIN's authorization identity.
    package let master = LabAccount(username: "admin", password: "m4ster")
    private let firstPort: Int
    private let instance: Instance
    private let reaper: Reaper

    private init(network: Loopback, directory: String, reaper: Reaper) throws {
        address = network.backend(0)
        firstPort = network.ports.ring
        self.reaper = reaper
        instance = try Instance(name: "b1", address: address, in: directory, reaper: reaper)
    }

    /// Starts one; returns when it listens.
    ///
    /// - Parameters:
    ///   - certificate: its certificate for all services, and the key, in PEM.
    ///   - relay: the port at 127.0.0.1 at which submission finds its relay; nil for none.
    package static func start(certificate: String, key: String, relay: Int? = nil) async throws -> LoneBackend {
        if let reason = Ring.unavailableReason { throw LabError.failed(reason) }
        let directory = try temporaryDirectory()
        let reaper = try Reaper(directory: directory)
        do {
            let network = try Loopback.choose(directors: 0, backends: 1)
            let backend = try LoneBackend(network: network, directory: directory, reaper: reaper)
            try backend.configure(network.ports, certificate: certificate, key: key, relay: relay)
            try await backend.instance.start()
            return backend
        } catch {
            reaper.reap([])
            throw error
        }
    }

    /// Kills everything and removes the directory.
    package func stop() { reaper.reap([instance].compactMap { $0.child() }) }

    /// The port of a service.
    package func port(_ listener: Listener) -> Int { firstPort + listener.rawValue }

    /// Stops its authentication, which has to have served once.
    package func freezeAuth() throws { try instance.signal(service: "auth", SIGSTOP) }

    package func thawAuth() throws { try instance.signal(service: "auth", SIGCONT) }

    /// Dovecot's own log.
    package var log: String { readFile("\(instance.directory)/log") ?? "" }

    private func configure(_ ports: Ports, certificate: String, key: String, relay: Int?) throws {
        let directory = instance.directory
        try makeDirectory("\(directory)/mail")
        guard chown("\(directory)/mail", Identity.current.mailUser, Identity.current.mailGroup) == 0 else {
            throw LabError.failed("\(directory)/mail: cannot give it to the mail user")
        }
        try writeFile("\(directory)/cert.pem", certificate)
        try writeFile("\(directory)/key.pem", key, mode: 0o600)
        try writeFile("\(directory)/master-users", "\(master.username):{PLAIN}\(master.password)\n", mode: 0o644)
        try instance.configure(
            backendConfiguration(directory: directory, password: account.password, ports: ports) + "\n"
                + special(directory, relay: relay))
    }

    private func special(_ directory: String, relay: Int?) -> String {
        func listener(_ name: String, _ listener: Listener, _ settings: String...) -> String {
            let lines = ["port = \(port(listener))"] + settings
            return "  inet_listener \(name) {\n\(lines.map { "    \($0)\n" }.joined())  }\n"
        }
        return """
            protocols = imap pop3 lmtp sieve submission
            ssl = yes
            ssl_cert = <\(directory)/cert.pem
            ssl_key = <\(directory)/key.pem
            haproxy_trusted_networks = 127.0.0.0/8
            imap_id_log = *
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
}
