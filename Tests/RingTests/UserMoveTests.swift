import RingLab
import Testing

extension RealRing {
    /// What becomes of a backend's users, as a real director tells it.
    @Suite final class UserMoveTests {
        private let ring: Ring
        private let victim: Backend
        private let other: Backend

        init() async throws {
            ring = try await Ring.start(directors: 1, backends: 2)
            victim = ring.backends[1]
            other = ring.backends[0]
        }

        deinit { ring.stop() }

        private func users(_ backend: Backend) async throws -> Int {
            try #require(try await ring.directors[0].host(backend.address)).users
        }

        /// Logs users in until so many belong to the victim.
        private func logIn(_ count: Int) async throws {
            var number = 0
            while try await users(victim) < count {
                number += 1
                try await ring.logIn(users: ["user\(number)"])
            }
        }

        @Test func `use_host_flush forgets the users of a backend, and moves none`() async throws {
            let dovemon = try DovemonProcess(ring: ring, settings: [("use_host_flush", "yes"), ("interval", "0.5")])
            try await dovemon.expectAllPolled(ring)
            try await logIn(3)
            let kept = try await users(other)
            try await victim.stop()
            try await waitUntil("the users to be forgotten", within: .seconds(10)) { try await users(victim) == 0 }
            #expect(try await users(other) == kept)
            #expect(try await ring.directors[0].host(victim.address)?.state == .down)
            #expect(try await dovemon.terminate().status == .exited(0))
        }

        @Test func `host_move_parallel moves so many users at once`() async throws {
            let dovemon = try DovemonProcess(ring: ring, settings: [("host_move_parallel", "1"), ("interval", "0.5")])
            try await dovemon.expectAllPolled(ring)
            try await logIn(3)
            let all = try await users(victim) + users(other)
            try await victim.stop()
            // The director takes two seconds for each, so that each number can be seen.
            for left in [2, 1, 0] {
                try await waitUntil("\(left) users", within: .seconds(15)) { try await users(victim) == left }
            }
            #expect(try await users(other) == all)
            #expect(try await dovemon.terminate().status == .exited(0))
        }

        @Test func `Without host_move_parallel the director's own number moves at once`() async throws {
            let dovemon = try DovemonProcess(ring: ring, settings: [("interval", "0.5")])
            try await dovemon.expectAllPolled(ring)
            try await logIn(3)
            let all = try await users(victim) + users(other)
            try await victim.stop()
            var seen: Set<Int> = []
            try await waitUntil("the users to be moved", within: .seconds(15)) {
                try await seen.insert(users(victim)).memberAfterInsert == 0
            }
            // One by one would take two seconds each, and be seen. That there were three may be over when it is looked.
            #expect(seen.isSubset(of: [3, 0]))
            #expect(try await users(other) == all)
            #expect(try await dovemon.terminate().status == .exited(0))
        }
    }
}
