import Glibc
import RingLab

/// The same work for each that is measured: so many backends, each polled by IMAP every interval.
struct Work: Sendable {
    var backends: Int
    /// Seconds.
    var interval: Double
    var encryption = Encryption.none

    enum Encryption: String, Sendable { case none, full, resumed }

    var pollsPerSecond: Double { Double(backends) / interval }
}

/// A program that polls.
protocol Contender {
    var name: String { get }
    /// Starts it, `label` being no other process's in the workshop.
    func start(_ work: Work, _ stage: Stage, _ label: String) async throws -> Running
}

/// All that a run needs: peers, certificates, a place for files.
struct Stage {
    let workshop: Workshop
    let certificate: Certificate
    /// Peers that never resume a TLS session, and such that do.
    let peers: Peers
    let resumingPeers: Peers
    let director: Director
    /// Only to see whether it all works: next to nothing is measured.
    let isBrief: Bool

    func peers(_ work: Work) -> Peers { work.encryption == .resumed ? resumingPeers : peers }
}

struct Floor: Contender {
    let name = "floor"

    func start(_ work: Work, _ stage: Stage, _ label: String) async throws -> Running {
        let isEncrypted = work.encryption != .none
        var arguments = [
            builtProgram("bench-floor"), "--protocol", "imap", "--port",
            "\(stage.peers(work).port(isEncrypted ? "imaps" : "imap"))", "--first", Peers.firstAddress, "--count",
            "\(work.backends)", "--interval-ms", "\(Int(work.interval * 1000))", "--seconds", "3600",
        ]
        if isEncrypted { arguments += ["--tls", "--ca", stage.certificate.authority, "--name", Certificate.name] }
        if work.encryption == .resumed { arguments.append("--resume") }
        return Running(name: name, process: try stage.workshop.start(label, arguments))
    }
}

/// HAProxy's health checks: `option tcp-check`, on one thread.
struct HAProxy: Contender {
    let name = "HAProxy"

    static let binary = "/usr/sbin/haproxy"
    static var isInstalled: Bool { access(binary, X_OK) == 0 }

    func start(_ work: Work, _ stage: Stage, _ label: String) async throws -> Running {
        let port = stage.peers(work).port("imap")
        let interval = "\(Int(work.interval * 1000))ms"
        let servers = Peers.addresses(work.backends).enumerated()
            .map { "    server s\($0) \($1):\(port) check" }.joined(separator: "\n")
        let file = try stage.workshop.write(
            """
            global
                nbthread 1
                maxconn 100
            defaults
                mode tcp
                timeout connect 3s
                timeout client 3s
                timeout server 3s
                timeout check 3s
            listen backends
                bind unix@\(stage.workshop.directory)/haproxy.sock
                option tcp-check
                tcp-check connect
                tcp-check expect rstring "^\\* OK"
                tcp-check send "a LOGIN probe secret\\r\\n"
                tcp-check expect rstring "^a OK"
                tcp-check send "b LIST \\"\\" \\"%\\"\\r\\n"
                tcp-check expect rstring "b OK"
                tcp-check send "c LOGOUT\\r\\n"
                tcp-check expect rstring "c OK"
                default-server inter \(interval) fall 1 rise 1
            \(servers)

            """, to: "haproxy.cfg")
        let process = try stage.workshop.start(label, [Self.binary, "-db", "-f", file])
        return Running(name: name, process: process)
    }
}

struct Dovemon: Contender {
    let name = "dovemon"
    /// What differs from the settings that all measurements have.
    var settings: [(String, String)] = []
    /// Whether it serves its metrics from the start, as nobody does by default.
    var servesMetrics = true

    func start(_ work: Work, _ stage: Stage, _ label: String) async throws -> Running {
        try await stage.director.list(work.backends)
        let (peers, workshop) = (stage.peers(work), stage.workshop)
        let (directory, port) = (workshop.directory, try freePort())
        var all: [(String, String)] = [
            ("director_admin_socket", stage.director.path), ("lockfile", "\(directory)/\(label).pid"),
            ("state_file", "\(directory)/\(label).json"), ("control_socket", "\(directory)/\(label).sock"),
            ("imap_port", "\(peers.port("imap"))"),
            ("imaps_port", "\(peers.port("imaps"))"), ("pop3s_port", "\(peers.port("pop3s"))"),
            ("lmtp_port", "\(peers.port("lmtp"))"), ("poll_imap_list", "yes"), ("interval", "\(work.interval)"),
            ("timeout", "3"), ("min_healthy", "1"), ("loglevel", "2"),
        ]
        if work.encryption != .none {
            all += [
                ("imap_ssl", "yes"), ("ssl_verify", "yes"), ("ssl_ca_file", stage.certificate.authority),
                ("ssl_server_name", Certificate.name), ("ssl_resume", work.encryption == .resumed ? "yes" : "no"),
            ]
        }
        all.removeAll { (name, _) in settings.contains { $0.0 == name } }
        let text = (all + settings).map { "\($0): \($1)\n" }.joined()
        let serving = text + "http_listen: 127.0.0.1:\(port)\n"
        let config = try workshop.write(servesMetrics ? serving : text, to: "\(label).yml")
        let accounts = try workshop.write("default:\n  username: probe\n  password: secret\n", to: "accounts.yml")
        let process = try workshop.start(
            label, [DovemonProcess.binary, "run", "--foreground", "--config", config, "--accounts", accounts])
        var running = Running(name: name, process: process, metricsPort: port)
        if !servesMetrics {
            running.serveMetrics = {
                try workshop.write(serving, to: "\(label).yml")
                process.signal(SIGHUP)
            }
        }
        return running
    }
}
