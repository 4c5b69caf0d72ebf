package import Monitor
package import NIOCore
internal import Site

/// How the monitor is reached: it lives on an event loop of its own.
package protocol MonitorAccess: Sendable {
    /// Asks it something there; fails while it does not run.
    func asked<Answer: Sendable>(_ question: @escaping @Sendable (MonitorDriver) -> Answer) -> EventLoopFuture<Answer>
}

/// Why there is no answer, or an order was not carried out.
package struct Refusal: Error, Hashable, CustomStringConvertible {
    /// In one line, for people.
    package let description: String

    /// Makes one.
    package init(_ description: String) { self.description = description }
}

/// Answers questions about the monitor, and takes orders for it.
///
/// What takes long is made here, apart from the monitor's loop, which is asked for a few backends at a time. Many who ask at
/// once share what is made.
package actor StatusDesk {
    /// So many backends are asked for in one turn of the loop.
    private static let portion = 250
    /// So many events of one backend are told.
    package static let eventsOfBackend = 60

    private let monitor: any MonitorAccess
    private let shared: SharedSnapshot

    /// A desk for this monitor.
    package init(_ monitor: any MonitorAccess) {
        self.monitor = monitor
        shared = SharedSnapshot { try await Self.take(from: monitor) }
    }

    // MARK: - Questions

    /// Another one with each visible change, and in each run.
    package func tag() async throws -> String { try await monitor.asked(\.statusTag).get() }

    /// What is made of all that the monitor knows, for everybody who asks for it by this name, and the tag of that.
    package func text(
        _ name: String, _ make: @escaping @Sendable (Snapshot) async throws -> ByteBuffer
    ) async throws -> (text: ByteBuffer, tag: String) { try await shared.text(name, make) }

    /// How everything stands, as JSON, and the tag of that.
    package func statusText() async throws -> (text: ByteBuffer, tag: String) {
        try await text("status") { ByteBuffer(string: jsonText($0.document)) }
    }

    /// How everything stands, with these backends alone where some are named.
    package func status(of names: [String]) async throws -> StatusDocument {
        let wanted = try Set(names.map(Self.address))
        let snapshot = try await shared.snapshot()
        let known = Set(snapshot.backends.map(\.status.host.address))
        if let unknown = wanted.subtracting(known).min() { throw Self.unlisted(unknown) }
        let chosen =
            wanted.isEmpty
            ? snapshot.backends : snapshot.backends.filter { wanted.contains($0.status.host.address) }
        return Snapshot(status: snapshot.status, backends: chosen, moment: snapshot.moment).document
    }

    /// All that is known of one backend.
    package func detail(of name: String) async throws -> DetailDocument {
        let address = try Self.address(name)
        typealias Found = (Snapshot.Backend, MonitorStatus, [FailedPoll], [Chronicle.Entry], Moment)
        let found = try await monitor.asked { driver -> Found? in
            guard let (status, record) = driver.status(of: address) else { return nil }
            return (
                Snapshot.Backend(status: status, record: record), driver.status, driver.failedPolls(of: address),
                driver.events(of: status.host.spelling, atMost: Self.eventsOfBackend), .now()
            )
        }.get()
        guard let (backend, monitor, failed, events, moment) = found else { throw Self.unlisted(address) }
        return backend.detail(of: monitor, failed: failed, events, at: moment)
    }

    /// How these backends were; those that are not listed are left out.
    package func histories(of names: [String]) async throws -> HistoriesDocument {
        let addresses = try names.map(Self.address)
        let (found, moment) = try await monitor.asked { driver in
            (
                addresses.compactMap { driver.status(of: $0) }.map {
                    Snapshot.Backend(status: $0.status, record: $0.record)
                },
                Moment.now()
            )
        }.get()
        let pairs = found.map { ($0.status.host.spelling, $0.history(at: moment)) }
        return HistoriesDocument(histories: Dictionary(pairs) { first, _ in first })
    }

    /// The latest events, so many at most; of one backend where it is named, listed or not.
    package func events(of name: String? = nil, limit: Int) async throws -> EventsDocument {
        let address = try name.map(Self.address)
        let entries = try await monitor.asked { driver in
            let spelling = address.map { driver.status(of: $0)?.status.host.spelling ?? $0.description }
            return driver.events(of: spelling, atMost: limit)
        }.get()
        return EventsDocument(events: entries.map { $0.line.values(at: $0.time) })
    }

    // MARK: - Orders

    /// Leaves a backend to a person.
    package func startMaintenance(
        of name: String, by who: String, reason: String, lasting time: Duration, drains: Bool
    ) async throws -> MaintenanceDocument {
        let address = try Self.address(name)
        let begun = try await monitor.asked { driver -> Result<MaintenanceDocument, Refusal> in
            do throws(MaintenanceRefusal) {
                let window = try driver.startMaintenance(
                    of: address, by: who, reason: reason, lasting: time, drains: drains)
                return .success(MaintenanceDocument(window, at: .now()))
            } catch {
                return .failure(Refusal("\(error)"))
            }
        }.get()
        await shared.forget()
        return try begun.get()
    }

    /// Ends that before its time.
    package func endMaintenance(of name: String, by who: String) async throws {
        let address = try Self.address(name)
        let refusal = try await monitor.asked { driver -> Refusal? in
            do throws(MaintenanceRefusal) {
                try driver.endMaintenance(of: address, by: who)
                return nil
            } catch {
                return Refusal("\(error)")
            }
        }.get()
        await shared.forget()
        if let refusal { throw refusal }
    }

    /// The windows that go on.
    package func maintenances() async throws -> MaintenancesDocument {
        try await monitor.asked { driver in
            let isKept = driver.keepsWindows
            return MaintenancesDocument(
                maintenance: driver.maintenances.map {
                    .init(
                        backend: $0.address.description,
                        maintenance: MaintenanceDocument(.ordered($0.maintenance, isKept: isKept), at: .now()))
                })
        }.get()
    }

    // MARK: - How

    /// A few backends at a time, so that no poll is held up by ten thousand.
    private static func take(from monitor: any MonitorAccess) async throws -> Snapshot {
        let (status, moment) = try await monitor.asked { ($0.status, Moment.now()) }.get()
        var backends: [Snapshot.Backend] = []
        backends.reserveCapacity(status.hosts.count)
        for start in stride(from: 0, to: status.hosts.count, by: portion) {
            let hosts = status.hosts[start..<min(start + portion, status.hosts.count)]
            backends += try await monitor.asked { driver in
                hosts.compactMap { driver.status(of: $0.address) }.map {
                    Snapshot.Backend(status: $0.status, record: $0.record)
                }
            }.get()
        }
        return Snapshot(status: status, backends: backends, moment: moment)
    }

    private static func address(_ name: String) throws(Refusal) -> IPAddress {
        guard let address = IPAddress(name) else {
            throw Refusal(
                "\(printable(name, limit: 64)): no IP address; the backends are named as the director lists them")
        }
        return address
    }

    private static func unlisted(_ address: IPAddress) -> Refusal {
        Refusal("\(address): the director does not list it")
    }
}

extension Moment {
    /// The moment that is now.
    package static func now() -> Moment { Moment(.now(), .now()) }
}
