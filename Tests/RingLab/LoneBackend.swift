import Glibc

/// A backend without a ring, that serves all that one may be polled with.
package final class LoneBackend: Sendable {
    /// Where a service listens.
    package typealias Listener = FurtherServices.Listener

    package let address: String
    package let account = LabAccount(username: "probe", password: "secret")
    /// May log in as anybody, by SASL PLAIN's authorization identity.
    package let master = FurtherServices.master
    private let ports: Ports
    private let instance: Instance
    private let reaper: Reaper

    private init(network: Loopback, directory: String, reaper: Reaper) throws {
        address = network.backend(0)
        ports = network.ports
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
            try backend.configure(FurtherServices(certificate: certificate, key: key, relay: relay))
            try await backend.instance.start()
            return backend
        } catch {
            reaper.reap()
            throw error
        }
    }

    /// Kills everything and removes the directory.
    package func stop() { reaper.reap() }

    /// The port of a service.
    package func port(_ listener: Listener) -> Int { ports.port(listener) }

    /// Stops its authentication, which has to have served once.
    package func freezeAuth() throws { try instance.signal(service: "auth", SIGSTOP) }

    package func thawAuth() throws { try instance.signal(service: "auth", SIGCONT) }

    /// Dovecot's own log.
    package var log: String { readFile("\(instance.directory)/log") ?? "" }

    private func configure(_ further: FurtherServices) throws {
        let directory = instance.directory
        try makeDirectory("\(directory)/mail")
        guard chown("\(directory)/mail", Identity.current.mailUser, Identity.current.mailGroup) == 0 else {
            throw LabError.failed("\(directory)/mail: cannot give it to the mail user")
        }
        try further.write(to: directory)
        try instance.configure(
            backendConfiguration(directory: directory, password: account.password, ports: ports) + "\n"
                + further.configuration(directory, ports))
    }
}
