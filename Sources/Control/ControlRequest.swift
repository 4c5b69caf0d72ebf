internal import FoundationEssentials
internal import Glibc
internal import Monitor
internal import NIOCore
internal import Site

/// One line that a client sends.
package struct ControlRequest: Codable, Hashable, Sendable {
    /// What is asked for, or ordered.
    package enum Command: String, Codable, Hashable, Sendable, CaseIterable {
        case status, backend, events
        case startMaintenance = "maintenance_start"
        case endMaintenance = "maintenance_end"
        case maintenances = "maintenance_list"
    }

    package var command: Command
    package var backend: String?
    package var backends: [String]?
    package var limit: Int?
    package var seconds: Double?
    package var reason: String?
    package var drain: Bool?

    /// Makes a request.
    package init(
        _ command: Command, backend: String? = nil, backends: [String]? = nil, limit: Int? = nil,
        seconds: Double? = nil, reason: String? = nil, drain: Bool? = nil
    ) {
        self.command = command
        self.backend = backend
        self.backends = backends
        self.limit = limit
        self.seconds = seconds
        self.reason = reason
        self.drain = drain
    }
}

/// One line that is answered.
package struct ControlReply<Result: Codable & Sendable>: Codable, Sendable {
    /// Whether it could be answered.
    package var ok: Bool
    /// The answer.
    package var result: Result?
    /// Why there is none, in one line for people.
    package var error: String?
}

/// What is answered to an order that has nothing to tell.
package struct Nothing: Codable, Hashable, Sendable {}

/// A document as JSON, its keys sorted.
package func jsonText(_ document: some Encodable, isPretty: Bool = false) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting =
        isPretty ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : [.sortedKeys, .withoutEscapingSlashes]
    // Only a number that is none could fail, and every number in a document is finite.
    guard let data = try? encoder.encode(document) else { return "{}" }
    return String(decoding: data, as: UTF8.self)
}

/// Answers requests, on behalf of a person.
struct ControlHandler: Sendable {
    private static let eventLimit = 1...10_000
    private static let lengths =
        Maintenance.lengths.lowerBound.inSeconds...Maintenance.lengths.upperBound.inSeconds
    let desk: StatusDesk
    let users: UserNames
    /// Whose time limits a look-up.
    let loop: any EventLoop

    /// The line for a line; this user has sent it.
    func answer(_ line: [UInt8], from user: uid_t) async -> String {
        let request: ControlRequest
        do {
            request = try JSONDecoder().decode(ControlRequest.self, from: Data(line))
        } catch {
            return refusal("this is no request: see docs/control.md")
        }
        do {
            return try await answer(request, from: user)
        } catch let error as Refusal {
            return refusal(error.description)
        } catch {
            return refusal("the monitor does not run any more, or not yet")
        }
    }

    private func answer(_ request: ControlRequest, from user: uid_t) async throws -> String {
        switch request.command {
        case .status: return told(try await desk.status(of: request.backends ?? []))
        case .backend: return told(try await desk.detail(of: try backend(request)))
        case .events:
            let limit = request.limit ?? 200
            guard Self.eventLimit.contains(limit) else { throw Refusal("limit: give it from 1 to 10000") }
            return told(try await desk.events(of: request.backend, limit: limit))
        case .startMaintenance:
            guard let seconds = request.seconds, Self.lengths.contains(seconds) else {
                throw Refusal(
                    "seconds: say how long the maintenance lasts, from 1 to \(Int(Self.lengths.upperBound)); vhosts 0 keeps "
                        + "a backend out for longer")
            }
            let backend = try backend(request)
            return told(
                try await desk.startMaintenance(
                    of: backend, by: await users.name(of: user, on: loop), reason: request.reason ?? "",
                    lasting: .seconds(seconds), drains: request.drain ?? false))
        case .endMaintenance:
            let backend = try backend(request)
            try await desk.endMaintenance(of: backend, by: await users.name(of: user, on: loop))
            return told(Nothing())
        case .maintenances: return told(try await desk.maintenances())
        }
    }

    private func backend(_ request: ControlRequest) throws -> String {
        guard let backend = request.backend else { throw Refusal("backend: say which one") }
        return backend
    }

    private func told(_ result: some Codable & Sendable) -> String {
        jsonText(ControlReply(ok: true, result: result, error: nil))
    }

    private func refusal(_ text: String) -> String {
        jsonText(ControlReply<Nothing>(ok: false, result: nil, error: text))
    }
}
