import COpenSSL
import Glibc
import Testing
import Transport

/// How a process ends that has used TLS.
@Suite struct TLSExitTests {
    /// It would be torn down under the event loops that still use it.
    @Test func `OpenSSL is left as it is at the exit`() async {
        await #expect(processExitsWith: .exitCode(7)) {
            _ = try TLSContext()
            OPENSSL_atexit { _exit(1) }
            exit(7)
        }
    }
}
