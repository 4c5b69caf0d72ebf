import Glibc
import Site
import Testing

@testable import Transport

/// A process whose descriptors run out.
@Suite struct DescriptorTests {
    /// Notes how a connection ends, of which nothing is heard where it cannot be begun.
    private final class Client: StreamSocket.Client {
        func connected() {}
        func received(_ bytes: UnsafeRawBufferPointer) {}
        func ended() {}
        func failed(_ error: SystemError) {}
    }

    /// The error with which a connection cannot be begun; 0 where it can be.
    private static func code(of endpoint: Endpoint, on reactor: Reactor) -> CInt {
        let socket = StreamSocket(on: reactor, for: Client())
        defer { socket.close() }
        do throws(SystemError) { try socket.connect(to: endpoint) } catch { return error.code }
        return 0
    }

    @Test func `the last descriptors are the director's, not the backends'`() async {
        await #expect(processExitsWith: .success) {
            let limit = 256
            var resource = rlimit(rlim_cur: rlim_t(limit), rlim_max: rlim_t(limit))
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &resource)
            let reactor = try Reactor()
            let backend = Endpoint.tcp(try #require(IPAddress("127.0.0.1")), port: 1)
            let director = Endpoint.unix(path: "/nonexistent/director-admin")
            let codes = try await reactor.submit {
                let before = Self.code(of: backend, on: reactor)
                let last = CInt(limit - Reactor.spareDescriptors - 1)
                var taken: [CInt] = []
                while taken.last != last, case let next = open("/dev/null", O_RDONLY), next >= 0 { taken.append(next) }
                // A sanitizer needs some at the exit.
                defer { for descriptor in taken { close(descriptor) } }
                let within = [backend, director].map { Self.code(of: $0, on: reactor) }
                if let freed = taken.popLast() { close(freed) }
                return [before] + within + [Self.code(of: backend, on: reactor)]
            }.get()
            guard [0, ECONNREFUSED].contains(codes[0]), codes[1...2] == [EMFILE, ENOENT],
                [0, ECONNREFUSED].contains(codes[3])
            else {
                print(codes)
                exit(1)
            }
            exit(0)
        }
    }
}
