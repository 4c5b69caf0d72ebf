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
        /// What is told: the last name there was, even where a later lookup has failed.
        var result: Result<String, PointerFailure>
        /// When it is asked for again.
        var until: Instant
        /// When it was last wanted.
        var wanted: Instant

        var isName: Bool { if case .success = result { true } else { false } }
    }

    private let loop: any EventLoop
    private let lifetime: Duration
    private let lookUp: LookUp
    private var known: [IPAddress: Known] = [:]
    /// Who waits for each lookup that is going on; there is one for an address at most.
    private var waiting: [IPAddress: [PendingName]] = [:]

    /// A failure is forgotten sooner than a name.
    private static let failureLifetime = Duration.seconds(5)
    /// Backends that are gone are forgotten after this time.
    private static let memory = Duration.seconds(86_400)

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
    /// A name that has become old is told all the same, and asked for again meanwhile: nobody waits for a resolver, or is
    /// without a name for its failure, where there was one once.
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
        if let known = known[address] {
            self.known[address]?.wanted = now
            let isOld = now >= known.until
            if !isOld || known.isName {
                if isOld { begin(address) }
                completion(known.result)
                return RunningConversation {}
            }
        }
        let pending = PendingName(completion)
        pending.deadline = loop.assumeIsolated().scheduleTask(in: .nanoseconds(time.nanoseconds)) {
            pending.end(.failure(PointerFailure("no answer from the resolver in time")))
        }
        begin(address)
        waiting[address, default: []].append(pending)
        return RunningConversation { pending.end(.failure(PointerFailure("the poll was given up"))) }
    }

    /// Begins a lookup, where none is going on.
    private func begin(_ address: IPAddress) {
        guard waiting[address] == nil else { return }
        waiting[address] = []
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
        known = known.filter { now - $0.value.wanted < Self.memory }
        var entry = Known(result: result, until: now + lifetime, wanted: known[address]?.wanted ?? now)
        if !entry.isName {
            entry.until = now + min(lifetime, Self.failureLifetime)
            if let last = known[address], last.isName { entry.result = last.result }
        }
        known[address] = entry
        for pending in waiting.removeValue(forKey: address) ?? [] { pending.end(result) }
    }

    /// Asks the system's resolver.
    package static func ofSystem(_ address: IPAddress) -> Result<String, PointerFailure> {
        var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let code = address.withSocketAddress(port: 0) { place, size in
            getnameinfo(place, size, &name, socklen_t(name.count), nil, 0, NI_NAMEREQD)
        }
        guard code == 0 else { return .failure(PointerFailure(code, of: address, errno: errno)) }
        return .success(String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
    }
}

/// Why an address has no name: it says nothing about the host.
package struct PointerFailure: Error, Hashable, Sendable {
    /// The system's words.
    package let text: String

    /// Makes a failure.
    package init(_ text: String) { self.text = text }

    /// By what getnameinfo(3) returned, and errno: a name that is not there wants to be entered in the DNS, a resolver that
    /// fails wants to be mended.
    package init(_ code: Int32, of address: IPAddress, errno: Int32 = 0) {
        let words: UnsafePointer<CChar>? = code == EAI_SYSTEM ? UnsafePointer(strerror(errno)) : gai_strerror(code)
        let reason = words.map { String(cString: $0) } ?? ""
        text =
            code == EAI_NONAME
            ? "no name for \(address): \(reason): a PTR record is missing"
            : "the resolver failed for \(address): \(reason)"
    }
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
