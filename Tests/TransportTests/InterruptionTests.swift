import Glibc
import Testing

@testable import Transport

/// Whose trouble an error of the system is.
@Suite struct InterruptionTests {
    @Test(arguments: [
        // No descriptors, no memory, no ports.
        EMFILE, ENFILE, ENOMEM, ENOBUFS, EADDRNOTAVAIL, EADDRINUSE, EAGAIN,
        // The own interface or route is gone.
        ENETUNREACH, ENETDOWN, ENETRESET, ENODEV, ENONET,
        // Not allowed here.
        EACCES, EPERM, EAFNOSUPPORT, EINVAL, EBADF, EIO,
        // None that anybody knows.
        4_711,
    ])
    func `what is wrong with this machine is never a backend's fault`(code: CInt) {
        guard case .local(let text) = Interruption(SystemError(code)) else {
            Issue.record("\(Interruption(errno: code))")
            return
        }
        #expect(text == String(cString: strerror(code)))
    }

    @Test(arguments: [
        (ECONNREFUSED, Interruption.refused("Connection refused")),
        (EHOSTUNREACH, .unreachable("No route to host")), (EHOSTDOWN, .unreachable("Host is down")),
        (ETIMEDOUT, .unreachable("Connection timed out")), (ECONNRESET, .closed("Connection reset by peer")),
        (EPIPE, .closed("Broken pipe")), (ECONNABORTED, .closed("Software caused connection abort")),
    ])
    func `what the peer or the way to it does counts`(code: CInt, interruption: Interruption) {
        #expect(Interruption(SystemError(code)) == interruption)
    }
}
