import Glibc
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

    /// A resolver's answers, one after the other, the last one over and over.
    private static func answering(
        _ answers: Result<String, PointerFailure>..., count: Count
    ) -> PointerNames.LookUp {
        { _ in
            answers[
                min(
                    answers.count - 1,
                    count.value.withLock { value in
                        defer { value += 1 }; return value
                    })]
        }
    }

    /// Finds a name until it is this one, or was looked up so often, and gives all that was found, each once in a row.
    private func findings(
        until last: Result<String, PointerFailure>? = nil, _ lookUp: @escaping PointerNames.LookUp, lookups: Int = 0,
        count: Count = Count()
    ) async throws -> [Result<String, PointerFailure>] {
        let address = try #require(IPAddress("127.0.0.1"))
        let names = try await loop.submit { [loop] in
            NIOLoopBound(PointerNames(loop: loop, lifetime: .zero, lookUp: lookUp), eventLoop: loop)
        }.get()
        var results: [Result<String, PointerFailure>] = []
        while last != nil && results.last != last || count.value.withLock({ $0 }) < lookups {
            try Task.checkCancellation()
            let result = try await loop.flatSubmit { [loop] in
                let done = loop.makePromise(of: Result<String, PointerFailure>.self)
                names.value.find(address, within: .seconds(40)) { done.succeed($0) }
                return done.futureResult
            }.get()
            if results.last != result { results.append(result) }
        }
        return results
    }

    @Test("A name whose lifetime has passed is looked up again, and told meanwhile")
    func lifetime() async throws {
        let answers = Self.answering(.success("old"), .success("new"), count: Count())
        #expect(try await findings(until: .success("new"), answers) == [.success("old"), .success("new")])
    }

    @Test("The last name is told while the resolver fails")
    func lastName() async throws {
        let count = Count()
        let answers = Self.answering(.success("old"), .failure(PointerFailure("no")), count: count)
        #expect(try await findings(answers, lookups: 4, count: count) == [.success("old")])
    }

    @Test("A failure is followed by a name")
    func recovery() async throws {
        let answers = Self.answering(.failure(PointerFailure("no")), .success("new"), count: Count())
        #expect(
            try await findings(until: .success("new"), answers) == [.failure(PointerFailure("no")), .success("new")])
    }

    @Test("A name that is not there is told apart from a resolver that fails")
    func reasons() throws {
        let address = try #require(IPAddress("192.0.2.1"))
        #expect(
            PointerFailure(EAI_NONAME, of: address).text
                == "no name for 192.0.2.1: Name or service not known: a PTR record is missing")
        #expect(
            PointerFailure(EAI_AGAIN, of: address).text
                == "the resolver failed for 192.0.2.1: Temporary failure in name resolution")
        #expect(
            PointerFailure(EAI_SYSTEM, of: address, errno: EMFILE).text
                == "the resolver failed for 192.0.2.1: Too many open files")
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
