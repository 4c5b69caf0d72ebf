internal import Glibc
internal import Transport

/// What became of a message.
enum Delivery {
    case taken
    /// Nobody takes it now.
    case later
    /// Nobody ever will.
    case never
}

/// A connection to syslog's local socket that never waits: syslog(3) stops its caller when the daemon is busy.
struct SyslogSocket: Sendable {
    let path: String
    private var descriptor: CInt = -1
    private var isStream = false

    /// A connection that is made when it is first used. It stays open for the life of the process.
    init(path: String) { self.path = path }

    /// Hands over one message.
    mutating func send(_ message: String) -> Delivery {
        if descriptor >= 0 {
            switch attempt(message) {
            case 0: return .taken
            case EAGAIN, ENOBUFS: return .later
            case EMSGSIZE: return .never
            // The daemon was restarted: its new socket is tried at once.
            default: disconnect()
            }
        }
        guard connect() else { return .later }
        switch attempt(message) {
        case 0: return .taken
        case EMSGSIZE: return .never
        default:
            disconnect()
            return .later
        }
    }

    /// Gives 0, or the error's number.
    private func attempt(_ message: String) -> CInt {
        // On a stream, messages end with NUL.
        let bytes = Array(message.utf8) + (isStream ? [0] : [])
        let sent = Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL))
        guard sent >= 0 else { return errno }
        // The rest of half a message on a stream would be taken for the next one.
        return sent == bytes.count ? 0 : EPIPE
    }

    private mutating func connect() -> Bool {
        for type in [SOCK_DGRAM, SOCK_STREAM] {
            descriptor = socket(AF_UNIX, CInt(type.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
            guard descriptor >= 0 else { return false }
            let error = connectOnce()
            if error == 0 {
                isStream = type == SOCK_STREAM
                return true
            }
            disconnect()
            guard error == EPROTOTYPE else { return false }
        }
        return false
    }

    private func connectOnce() -> CInt {
        do throws(SystemError) {
            return try Endpoint.unix(path: path).withSocketAddress {
                Glibc.connect(descriptor, $0, $1) == 0 ? 0 : errno
            }
        } catch {
            return error.code
        }
    }

    /// Closes the connection; the next message makes it again.
    mutating func disconnect() {
        guard descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
    }
}
