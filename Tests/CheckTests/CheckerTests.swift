import Check
import Glibc
import NIOCore
import NIOPosix
import Probes
import Site
import Testing
import Transport

@Suite struct CheckerTests {
    /// Without descriptors each poll ends before its start returns: the stack must not grow with the backends.
    @Test func aMachineWithoutDescriptorsIsTold() async {
        await #expect(processExitsWith: .success) {
            let limit = 256
            var resource = rlimit(rlim_cur: rlim_t(limit), rlim_max: rlim_t(limit))
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &resource)
            let loop = try Reactor()
            let tls = TLSContexts()
            let target = Checker.Target(
                spelling: "127.0.0.1", address: try #require(IPAddress("127.0.0.1")), listed: nil,
                plans: [PollPlan(service: Service(.imap, port: 1), account: nil)])
            let results = try await loop.flatSubmit {
                // Leaves nothing for the polls, and to the runtime what is spared for it.
                let last = CInt(limit - Reactor.spareDescriptors - 1)
                while case let next = open("/dev/null", O_RDONLY), next >= 0, next < last {}
                let done = loop.makePromise(of: [CheckResult.Backend].self)
                Checker(
                    Array(repeating: target, count: 20_000), timeout: .seconds(5),
                    prober: Prober(connector: Connector(loop: loop), tls: tls), progress: { _, _ in },
                    completion: { done.succeed($0) }
                ).start()
                return done.futureResult
            }.get()
            guard results.count == 20_000, results.allSatisfy({ $0.isHealthy == nil }) else { exit(1) }
            exit(0)
        }
    }
}
