internal import Glibc

/// What systemd is told of the daemon, by sd_notify(3)'s protocol: datagrams to the socket that `NOTIFY_SOCKET` names.
///
/// Does nothing where no service manager asks for it.
package final class ServiceManager: Sendable {
    /// A message, and how it is written.
    package enum Message: Hashable, Sendable {
        /// The daemon monitors, or the settings that it was told to read again are in force.
        case ready
        /// The settings are being read again.
        case reloading
        /// The daemon ends.
        case stopping
        /// What it does, in one line for people.
        case status(String)
        /// It lives.
        case watchdog
    }

    /// How long the sending of a message may wait where waiting is allowed, in microseconds.
    private static let patience = 200_000

    /// Open from the start: a daemon that runs out of descriptors must not be taken for one that hangs.
    private let descriptor: CInt
    private let address: [UInt8]
    /// Within what time systemd wants to hear `watchdog`; nil when it does not.
    package let watchdogTimeout: Duration?

    /// What the environment asks for; nil where it asks for nothing.
    package init?(environment: (String) -> String? = environment) {
        guard let name = environment("NOTIFY_SOCKET"), let address = Self.address(name) else { return nil }
        descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var time = timeval(tv_sec: 0, tv_usec: Self.patience)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        self.address = address
        watchdogTimeout = Self.watchdogTimeout(environment)
    }

    deinit { close(descriptor) }

    /// Sends messages; false when it could not be.
    ///
    /// - Parameter waits: whether it may wait for a busy systemd, up to 200 ms. On the event loop it must not.
    @discardableResult
    package func send(_ messages: Message..., waits: Bool = false) -> Bool {
        let text = messages.map(\.text).joined(separator: "\n")
        let bytes = Array(text.utf8)
        let flags = CInt(MSG_NOSIGNAL) | (waits ? 0 : CInt(MSG_DONTWAIT))
        return address.withUnsafeBytes { address in
            guard let base = address.bindMemory(to: sockaddr.self).baseAddress else { return false }
            while true {
                let sent = sendto(descriptor, bytes, bytes.count, flags, base, socklen_t(address.count))
                if sent >= 0 || errno != EINTR { return sent == bytes.count }
            }
        }
    }

    /// The bytes of a `sockaddr_un`; nil for a name that is none. A `@` at the start stands for the NUL of an abstract
    /// socket, whose name ends with the address and not with a NUL.
    private static func address(_ name: String) -> [UInt8]? {
        let isAbstract = name.utf8.first == UInt8(ascii: "@")
        guard isAbstract || name.utf8.first == UInt8(ascii: "/") else { return nil }
        var path = Array(name.utf8)
        if isAbstract { path[0] = 0 } else { path.append(0) }
        guard path.count > 1, path.count <= MemoryLayout.size(ofValue: sockaddr_un().sun_path) else { return nil }
        return withUnsafeBytes(of: sa_family_t(AF_UNIX)) { Array($0) } + path
    }

    private static func watchdogTimeout(_ environment: (String) -> String?) -> Duration? {
        guard let microseconds = environment("WATCHDOG_USEC").flatMap(Int64.init), microseconds > 0 else { return nil }
        // The variables may have been meant for the process that started this one.
        if let pid = environment("WATCHDOG_PID"), Int32(pid) != getpid() { return nil }
        return .microseconds(microseconds)
    }
}

extension ServiceManager.Message {
    fileprivate var text: String {
        switch self {
        case .ready: "READY=1"
        // systemd tells by the time which reload a later READY belongs to.
        case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(Self.monotonicMicroseconds)"
        case .stopping: "STOPPING=1"
        // A line break would begin another message.
        case .status(let text): "STATUS=" + text.split(whereSeparator: \.isNewline).joined(separator: " ")
        case .watchdog: "WATCHDOG=1"
        }
    }

    private static var monotonicMicroseconds: Int {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return now.tv_sec * 1_000_000 + now.tv_nsec / 1000
    }
}
