import Glibc
internal import NIOCore

extension Interruption {
    /// Why a connection could not be made, or was lost, by what the system said.
    init(_ error: any Error) {
        switch error {
        case let error as IOError: self.init(errno: error.errnoCode)
        case let error as TLSError: self.init(error)
        case ChannelError.connectTimeout: self = .deadline
        case let error as ChannelError: self = .closed(String(describing: error))
        // A name that is no address, an event loop that ends …
        default: self = .local(String(describing: error))
        }
    }

    /// What OpenSSL said, once there is a peer.
    init(_ error: TLSError) {
        self = error.stage == .certificate ? .certificate(error.description) : .tls(error.description)
    }

    /// Tells the peer's faults from the own machine's: only the former may count against a backend.
    init(errno code: CInt) {
        let text = String(cString: strerror(code))
        switch code {
        case ECONNREFUSED, ENOENT: self = .refused(text)
        case EHOSTUNREACH, EHOSTDOWN, ETIMEDOUT: self = .unreachable(text)
        case ECONNRESET, EPIPE, ECONNABORTED, ENOTCONN, ESHUTDOWN: self = .closed(text)
        // What is left are the own machine's troubles: EMFILE, ENFILE, ENOBUFS, ENOMEM, ENETUNREACH, ENETDOWN,
        // EADDRNOTAVAIL, EACCES, EPERM … An unknown one must not cost a backend its users.
        default: self = .local(text)
        }
    }
}
