internal import Glibc
internal import Logging
package import Monitor
package import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Site

/// Serves HTTP on one event loop, at as many addresses as the settings name.
///
/// An address that cannot be bound is an error in the log, is tried again every half minute, and keeps nothing else from
/// working: monitoring must not fail because of a port. Where the settings name other addresses than before, the old ones stay
/// until one of the new ones is bound; with an address go those who came in by it.
package actor HTTPServer {
    private let loop: any EventLoop
    private let limits: HTTPLimits
    private let visitors: NIOLoopBoundBox<Visitors>
    private let router: Router
    private let tell: @Sendable (LogLine) -> Void
    private var wanted: [ListenAddress] = []
    private var listeners: [ListenAddress: any Channel] = [:]
    /// What has been told, so that it is not told again at each attempt.
    private var troubles: [ListenAddress: String] = [:]
    private var isBusy = false
    private var isStale = false
    private var retry: Scheduled<Void>?

    /// A server that does nothing yet; the router is called on `loop`, and `tell` with what is to be logged.
    package init(
        on loop: any EventLoop, limits: HTTPLimits = HTTPLimits(), tell: @escaping @Sendable (LogLine) -> Void,
        router: @escaping Router
    ) {
        self.loop = loop
        self.limits = limits
        self.tell = tell
        self.router = router
        visitors = .makeBoxSendingValue(Visitors(limits), eventLoop: loop)
    }

    /// Serves as these settings say, as far as that can be done; returns when it was tried.
    package func change(to configuration: HTTPConfiguration) async {
        try? await loop.submit { [visitors] in visitors.value.configuration = configuration }.get()
        wanted = configuration.addresses
        await listen()
    }

    /// Closes all.
    package func stop() async {
        await change(to: HTTPConfiguration())
        try? await loop.submit { [visitors] in visitors.value.sendAllAway() }.get()
    }

    /// The ports that are listened at, in the settings' order of addresses.
    package var ports: [Int] { wanted.compactMap { listeners[$0]?.localAddress?.port } }

    /// How many connections are served.
    package var connectionCount: Int {
        get async { (try? await loop.submit { [visitors] in visitors.value.count }.get()) ?? 0 }
    }

    private func listen() async {
        isStale = true
        guard !isBusy else { return }
        isBusy = true
        while isStale {
            isStale = false
            await bindAll()
        }
        isBusy = false
    }

    private func bindAll() async {
        retry?.cancel()
        retry = nil
        let addresses = wanted
        var failures: [(address: ListenAddress, error: any Error)] = []
        for address in addresses where listeners[address] == nil {
            do {
                listeners[address] = try await bind(address)
                troubles[address] = nil
                tell(.http("listening", address))
            } catch {
                failures.append((address, error))
            }
        }
        // As long as none of them is served, what is served is better than nothing.
        if failures.count < addresses.count || addresses.isEmpty {
            for (address, channel) in listeners where !addresses.contains(address) {
                try? await channel.close().get()
                await closed(address)
            }
        }
        troubles = troubles.filter { addresses.contains($0.key) }
        for failure in failures { report(failure.error, at: failure.address) }
        if !failures.isEmpty {
            retry = loop.scheduleTask(in: limits.retryTime) { Task { await self.listen() } }
        }
    }

    /// An address is not listened at any more.
    private func closed(_ address: ListenAddress) async {
        listeners[address] = nil
        try? await loop.submit { [visitors] in visitors.value.close(address) }.get()
        tell(.http("closed", address))
    }

    private func report(_ error: any Error, at address: ListenAddress) {
        let text = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
        guard troubles[address] != text else { return }
        troubles[address] = text
        let kept = listeners.keys.filter { !wanted.contains($0) }.map(\.description).sorted()
        let note = kept.isEmpty ? "" : "until then it is served at \(kept.joined(separator: ", ")), "
        tell(
            .http(
                "failed", address, level: .error, text: printable(text),
                note: note + "backends are monitored all the same; it is tried again every 30 seconds"))
    }

    /// Binds an address, if need be in the place of one that is not wanted any more: `127.0.0.1` and `0.0.0.0` cannot have
    /// the same port together.
    private func bind(_ address: ListenAddress) async throws -> any Channel {
        do {
            return try await bootstrap(address)
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            let rivals = listeners.filter { $0.key.port == address.port && !wanted.contains($0.key) }
            guard !rivals.isEmpty else { throw error }
            for rival in rivals { try? await rival.value.close().get() }
            do {
                let channel = try await bootstrap(address)
                for rival in rivals.keys { await closed(rival) }
                return channel
            } catch {
                for rival in rivals.keys {
                    listeners[rival] = try? await bootstrap(rival)
                    if listeners[rival] == nil { await closed(rival) }
                }
                throw error
            }
        }
    }

    private func bootstrap(_ address: ListenAddress) async throws -> any Channel {
        let (visitors, limits, router) = (visitors, limits, router)
        try await loop.submit { visitors.value.open(address) }.get()
        var bootstrap = ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: 64)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // A client that has said all it has to say may still listen.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // As much as is read is decoded at once: small reads bound how far a client gets ahead of its answers.
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 4_096))
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTP(visitors.value, limits, at: address, router)
                }
            }
        if address.address.isIPv6 {
            // Else `[::]` would be the IPv4 addresses, too.
            bootstrap = bootstrap.serverChannelOption(
                ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only), value: 1)
        }
        return try await bootstrap.bind(host: address.address.description, port: address.port).get()
    }
}

extension ChannelPipeline.SynchronousOperations {
    /// Makes of a connection one that is served; it came in by `door`.
    func addHTTP(_ visitors: Visitors, _ limits: HTTPLimits, at door: ListenAddress? = nil, _ router: @escaping Router)
        throws
    {
        let watch = ConnectionWatch(visitors, limits, at: door)
        var decoderLimits = NIOHTTPDecoderLimitConfiguration()
        decoderLimits.maxHeaderFieldSize = limits.requestBytes
        decoderLimits.maxHeaderListSize = limits.requestBytes
        decoderLimits.maxHeaderFieldCount = HTTPLimits.headers
        try addHandlers([
            watch, HTTPResponseEncoder(),
            ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: decoderLimits)), HTTPServerPipelineHandler(),
            RequestHandler(watch, visitors, limits, router),
        ])
    }
}

extension LogLine {
    /// Says what has become of an address: the word stays the same from version to version.
    fileprivate static func http(
        _ word: String, _ address: ListenAddress, level: Logger.Level = .notice, text: String? = nil,
        note: String? = nil
    ) -> LogLine {
        var fields = LogFields()
        fields.add("http", word)
        fields.add("address", "\(address)")
        fields.add("text", text)
        fields.add("note", note)
        return LogLine(level, "http_\(word)", fields)
    }
}
