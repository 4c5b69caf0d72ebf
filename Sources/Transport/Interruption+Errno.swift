import Glibc

extension Interruption {
    /// Why a connection could not be made, or was lost.
    init(_ error: SystemError) { self.init(errno: error.code) }

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
