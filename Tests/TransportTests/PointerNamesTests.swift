import NIOCore
import NIOPosix
import Site
import Synchronization
import Testing
import Transport

@Suite(.timeLimit(.minutes(1))) struct PointerNamesTests {
    private final class Count: Sendable {
        let value = Mutex(0)
    }

    private let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()

    /// Finds a name so often, one after the other or all at once, and gives the results.
    private func find(
        times: Int, lifetime: Duration, atOnce: Bool = false, _ lookUp: @escaping PointerNames.LookUp
    ) async throws -> [Result<String, PointerFailure>] {
        let address = try #require(IPAddress("127.0.0.1"))
        let names = try await loop.submit { [loop] in
            NIOLoopBound(PointerNames(loop: loop, lifetime: lifetime, lookUp: lookUp), eventLoop: loop)
        }.get()
        let ask: @Sendable () -> EventLoopFuture<Result<String, PointerFailure>> = { [loop] in
            loop.flatSubmit {
                let done = loop.makePromise(of: Result<String, PointerFailure>.self)
                names.value.find(address, within: .seconds(40)) { done.succeed($0) }
                return done.futureResult
            }
        }
        if atOnce { return try await EventLoopFuture.whenAllSucceed((0..<times).map { _ in ask() }, on: loop).get() }
        var results: [Result<String, PointerFailure>] = []
        for _ in 0..<times { results.append(try await ask().get()) }
        return results
    }

    @Test("A name is looked up once in its lifetime, a failure too")
    func cache() async throws {
        for result in [Result.success("mail.example"), .failure(PointerFailure("no"))] {
            let count = Count()
            let found = try await find(times: 3, lifetime: .seconds(600)) { _ in
                count.value.withLock { $0 += 1 }
                return result
            }
            #expect(found == [result, result, result])
            #expect(count.value.withLock { $0 } == 1)
        }
    }

    @Test("A name whose lifetime has passed is looked up again")
    func lifetime() async throws {
        let count = Count()
        let found = try await find(times: 3, lifetime: .zero) { _ in
            .success("name\(count.value.withLock { value in defer { value += 1 }; return value })")
        }
        #expect(found == [.success("name0"), .success("name1"), .success("name2")])
    }

    @Test("Those who ask at once share a lookup")
    func sharing() async throws {
        let count = Count()
        let found = try await find(times: 20, lifetime: .seconds(600), atOnce: true) { _ in
            count.value.withLock { $0 += 1 }
            return .success("mail.example")
        }
        #expect(found.count == 20)
        #expect(count.value.withLock { $0 } == 1)
    }

    @Test("The system's resolver knows this machine, by both kinds of addresses")
    func system() throws {
        let address = try #require(IPAddress("127.0.0.1"))
        #expect(PointerNames.ofSystem(address) == .success("localhost"))
    }
}
