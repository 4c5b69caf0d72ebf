/// A ring that is laid out and not yet started.
struct RingPlan: Sendable {
    let directory: String
    let reaper: Reaper
    let account = LabAccount(username: "probe", password: "secret")
    let directors: [Director]
    let backends: [Backend]

    init(
        network: Loopback, directory: String, reaper: Reaper, directors: Int, backends: Int, further: FurtherServices?
    ) throws {
        self.directory = directory
        self.reaper = reaper
        let directorAddresses = (0..<directors).map(network.director)
        let backendAddresses = (0..<backends).map(network.backend)
        self.directors = try directorAddresses.enumerated().map { index, address in
            let instance = try Instance(name: "d\(index + 1)", address: address, in: directory, reaper: reaper)
            try instance.configure(
                directorConfiguration(
                    directors: directorAddresses, backends: backendAddresses, ports: network.ports))
            return Director(address: address, imapPort: network.ports.imap, instance: instance)
        }
        let account = account
        self.backends = try (0..<backends).map {
            try makeBackend(
                $0, network: network, directory: directory, reaper: reaper, account: account, further: further)
        }
    }

    /// Starts everything at once.
    func start() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for backend in backends { group.addTask { try await backend.start() } }
            group.addTask { try await directors.startTogether() }
            try await group.waitForAll()
        }
    }
}

/// Lays out the backend of this number.
func makeBackend(
    _ index: Int, network: Loopback, directory: String, reaper: Reaper, account: LabAccount,
    further: FurtherServices?
) throws -> Backend {
    let address = network.backend(index)
    let instance = try Instance(name: "b\(index + 1)", address: address, in: directory, reaper: reaper)
    return try Backend(
        address: address, account: account, ports: network.ports, further: further, instance: instance)
}

extension [Director] {
    /// Starts directors so that the ring is synced at once.
    ///
    /// A director connects to its neighbour when its process starts, which is when somebody first asks it something, and
    /// a neighbour that does not listen yet costs seconds. So all masters listen before any director is asked.
    func startTogether() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for director in self { group.addTask { try await director.start() } }
            try await group.waitForAll()
        }
        try await waitUntilSynced(within: .seconds(30))
    }

    /// Waits until every one says `ring synced`.
    @discardableResult
    func waitUntilSynced(within limit: Duration) async throws -> Duration {
        try await waitUntil("the ring to be synced", within: limit) {
            var synced = true
            // Each is asked every time, for asking is what starts it.
            for director in self where try await director.ringStatus() != "ring synced" { synced = false }
            return synced
        }
    }
}
