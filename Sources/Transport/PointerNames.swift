internal import Glibc
package import NIOCore
internal import NIOPosix
package import Site

/// The names that the DNS, or whatever nsswitch.conf(5) says, has for addresses. Confined to one event loop, which no lookup
/// holds up: the system's resolver may take many seconds, on a thread of its own.
package final class PointerNames {
    /// Looks an address up, now and here; it may take its time.
    package typealias LookUp = @Sendable (IPAddress) -> Result<String, PointerFailure>

    private struct Known {
        let result: Result<String, PointerFailure>
        let until: Instant
    }

    private let loop: any EventLoop
    private let lifetime: Duration
    private let lookUp: LookUp
    private var known: [IPAddress: Known] = [:]
    /// Who waits for each lookup that is going on; there is one for an address at most.
    private var waiting: [IPAddress: [PendingName]] = [:]

    /// A failure is forgotten sooner than a name.
    private static let failureLifetime = Duration.seconds(5)

    /// Knows no names yet; each is asked for again when it is `lifetime` old.
    package init(
        loop: any EventLoop, lifetime: Duration = .seconds(600), lookUp: @escaping LookUp = PointerNames.ofSystem
    ) {
        self.loop = loop
        self.lifetime = lifetime
        self.lookUp = lookUp
    }

    /// Finds an address's name. Must be called on the loop.
    ///
    /// - Parameters:
    ///   - time: how long it may take.
    ///   - completion: called exactly once, on the loop, at once when the name is known.
    /// - Returns: the means to wait no longer.
    @discardableResult
    package func find(
        _ address: IPAddress, within time: Duration,
        completion: @escaping (Result<String, PointerFailure>) -> Void
    ) -> RunningConversation {
        let now = Instant.now()
        if let known = known[address], now < known.until {
            completion(known.result)
            return RunningConversation {}
        }
        let pending = PendingName(completion)
        pending.deadline = loop.assumeIsolated().scheduleTask(in: .nanoseconds(time.nanoseconds)) {
            pending.end(.failure(PointerFailure("no answer from the resolver in time")))
        }
        let isFirst = waiting[address] == nil
        waiting[address, default: []].append(pending)
        if isFirst { begin(address) }
        return RunningConversation { pending.end(.failure(PointerFailure("the poll was given up"))) }
    }

    private func begin(_ address: IPAddress) {
        NIOThreadPool.singleton.runIfActive(eventLoop: loop) { [lookUp] in lookUp(address) }
            .assumeIsolated().whenComplete { outcome in
                switch outcome {
                case .success(let result): self.ended(address, result)
                case .failure(let error): self.ended(address, .failure(PointerFailure("\(error)")))
                }
            }
    }

    private func ended(_ address: IPAddress, _ result: Result<String, PointerFailure>) {
        let now = Instant.now()
        // Backends that are gone are not asked for again.
        known = known.filter { now < $0.value.until }
        let isName = if case .success = result { true } else { false }
        known[address] = Known(result: result, until: now + (isName ? lifetime : min(lifetime, Self.failureLifetime)))
        for pending in waiting.removeValue(forKey: address) ?? [] { pending.end(result) }
    }

    /// Asks the system's resolver.
    package static func ofSystem(_ address: IPAddress) -> Result<String, PointerFailure> {
        var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let code: Int32
        do {
            code = try Endpoint.tcp(address, port: 0).socketAddress.withSockAddr { place, size in
                getnameinfo(place, socklen_t(size), &name, socklen_t(name.count), nil, 0, NI_NAMEREQD)
            }
        } catch {
            return .failure(PointerFailure("\(error)"))
        }
        guard code == 0 else {
            let reason = code == EAI_SYSTEM ? strerror(errno) : UnsafeMutablePointer(mutating: gai_strerror(code))
            return .failure(PointerFailure("no name for \(address): \(reason.map { String(cString: $0) } ?? "")"))
        }
        return .success(String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
    }
}

/// Why an address has no name: it says nothing about the host.
package struct PointerFailure: Error, Hashable, Sendable {
    /// The system's words.
    package let text: String

    /// Makes a failure.
    package init(_ text: String) { self.text = text }
}

/// Somebody who waits for a name.
private final class PendingName {
    var deadline: Scheduled<Void>?
    private var completion: ((Result<String, PointerFailure>) -> Void)?

    init(_ completion: @escaping (Result<String, PointerFailure>) -> Void) { self.completion = completion }

    func end(_ result: Result<String, PointerFailure>) {
        guard let completion else { return }
        self.completion = nil
        deadline?.cancel()
        deadline = nil
        completion(result)
    }
}
