import RingLab
import Testing

extension RealRing {
    /// dovemon beside the first of three real directors, a new ring for each test: what befalls backends.
    @Suite final class MonitoringTests {
        private let ring: Ring
        private let victim: Backend

        init() async throws {
            ring = try await Ring.start(directors: 3, backends: 4)
            victim = ring.backends[1]
        }

        deinit { ring.stop() }

        @Test func `A stopped backend is down on all directors, its users move, and it is up when it is back`()
            async throws
        {
            let dovemon = try DovemonProcess(ring: ring, settings: [("poll_pop3", "yes"), ("poll_lmtp", "yes")])
            try await dovemon.expectAllPolled(ring)
            try await ring.logIn(users: (1...40).map { "user\($0)" })
            let before = try #require(try await ring.directors[0].host(victim.address))
            #expect(before.users > 0)

            try await victim.stop()
            try await ring.waitUntil(victim, is: .down, within: .seconds(10))
            let line = try await dovemon.waitForLine(
                containing: " err: ", "backend=\(victim.address)", "state=down", within: .seconds(5))
            #expect(line.text.contains("phase=connect kind=refused text=\"Connection refused\" failed=2 over="))
            #expect(line.text.contains("by=dovemon reply=OK"))
            let others = ring.backends.filter { $0.address != victim.address }
            for backend in others {
                #expect(
                    !dovemon.lines.contains { $0.text.contains("backend=\(backend.address) protocol=imap poll=failed") }
                )
            }
            try await RingLab.waitUntil("the users to be moved", within: .seconds(20)) {
                try await ring.directors[0].host(victim.address)?.users == 0
            }

            try await victim.start()
            try await ring.waitUntil(victim, is: .up, within: .seconds(10))
            let up = try await dovemon.waitForLine(
                containing: " notice: ", "backend=\(victim.address)", "state=up", within: .seconds(5))
            #expect(up.text.contains("kind=refused"))
            let end = try await dovemon.terminate()
            #expect(end.status == .exited(0))
            #expect(end.duration < .seconds(1))
        }

        @Test func `A backend that accepts and says nothing is down by its timeouts`() async throws {
            let dovemon = try DovemonProcess(ring: ring, settings: [("timeout", "0.5")])
            try await dovemon.expectAllPolled(ring)
            try victim.freeze()
            let line = try await dovemon.waitForLine(
                containing: "backend=\(victim.address)", "state=down", "kind=timeout", within: .seconds(10))
            #expect(line.text.contains("phase=greeting"))
            try victim.thaw()
            try await ring.waitUntil(victim, is: .up, within: .seconds(10))
            _ = try await dovemon.terminate()
        }

        @Test func `A wrong password is a rejection, told with the server's code, and without the password`()
            async throws
        {
            let dovemon = try DovemonProcess(ring: ring, settings: [("timeout", "20"), ("interval", "3")])
            try await dovemon.expectAllPolled(ring)
            try await victim.changePassword()
            let line = try await dovemon.waitForLine(
                containing: "backend=\(victim.address)", "state=down", within: .seconds(60))
            #expect(line.text.contains("phase=login kind=rejected code=AUTHENTICATIONFAILED"))
            try await victim.restorePassword()
            try await ring.waitUntil(victim, is: .up, within: .seconds(60))
            _ = try await dovemon.terminate()
            #expect(!dovemon.lines.contains { $0.text.contains(ring.account.password) })
        }

        @Test func `A mailbox that cannot be read is a failure of the command or the login`() async throws {
            let dovemon = try DovemonProcess(ring: ring)
            try await dovemon.expectAllPolled(ring)
            try victim.makeMailboxUnreadable()
            let line = try await dovemon.waitForLine(
                containing: "backend=\(victim.address)", "state=down", within: .seconds(10))
            #expect(line.text.contains("phase=login") || line.text.contains("phase=command"))
            try victim.makeMailboxReadable()
            try await ring.waitUntil(victim, is: .up, within: .seconds(10))
            _ = try await dovemon.terminate()
        }

        @Test func `A backend that stays down over a restart of dovemon is up when it is back`() async throws {
            let first = try DovemonProcess(ring: ring)
            try await first.expectAllPolled(ring)
            try await victim.stop()
            try await ring.waitUntil(victim, is: .down, within: .seconds(10))
            let end = try await first.terminate()
            #expect(end.status == .exited(0))
            #expect(try await ring.directors[0].host(victim.address)?.state == .down)

            let second = try DovemonProcess(ring: ring)
            _ = try await second.waitForLine(
                containing: "backend=\(victim.address)", "health=faulty", "down already", within: .seconds(10))
            #expect(try await ring.directors[0].host(victim.address)?.state == .down)
            try await victim.start()
            try await ring.waitUntil(victim, is: .up, within: .seconds(10))
            _ = try await second.terminate()
        }

        @Test func `A backend that is added is polled, and one that is removed is not any more`() async throws {
            let dovemon = try DovemonProcess(ring: ring)
            try await dovemon.expectAllPolled(ring)
            let added = try await ring.addBackend()
            _ = try await dovemon.waitForLine(
                containing: "backend=\(added.address) protocol=imap", "poll=ok", within: .seconds(10))
            try await ring.removeBackend(added)
            let gone = try await dovemon.waitForLine(
                containing: "backend=\(added.address) listed=no", within: .seconds(10))
            // Two rounds of the others later nothing more was heard of it.
            let start = dovemon.lines.count
            for _ in 1...2 {
                _ = try await dovemon.waitForLine(
                    containing: "backend=\(victim.address) protocol=imap", "poll=ok", from: start, within: .seconds(5))
            }
            let later = dovemon.lines.filter { $0.arrival > gone.arrival && $0.text.contains(added.address) }
            #expect(later.isEmpty)
            _ = try await dovemon.terminate()
        }

        @Test func `An administrator's own down is raised again, as the seed says`() async throws {
            let dovemon = try DovemonProcess(ring: ring)
            try await dovemon.expectAllPolled(ring)
            _ = try await ring.directors[1].doveadm("director", "down", victim.address)
            try await ring.waitUntil(victim, is: .up, within: .seconds(10))
            _ = try await dovemon.waitForLine(
                containing: "backend=\(victim.address) state=up by=dovemon", within: .seconds(5))
            _ = try await dovemon.terminate()
        }

        @Test func `A backend under maintenance is polled, and never commanded`() async throws {
            _ = try await ring.directors[0].doveadm("director", "update", victim.address, "0")
            let dovemon = try DovemonProcess(ring: ring)
            try await dovemon.expectAllPolled(ring)
            try await victim.stop()
            _ = try await dovemon.waitForLine(
                containing: "backend=\(victim.address)", "poll=failed failed=4 ", within: .seconds(15))
            #expect(try await ring.directors[0].host(victim.address)?.state == .up)
            try await victim.start()
            _ = try await ring.directors[0].doveadm("director", "update", victim.address, "100")
            _ = try await dovemon.terminate()
        }
    }
}

extension DovemonProcess {
    /// Waits until each backend has been polled well once.
    func expectAllPolled(_ ring: Ring) async throws {
        for backend in ring.backends where try await ring.directors[0].host(backend.address) != nil {
            _ = try await waitForLine(
                containing: "backend=\(backend.address) protocol=imap", "poll=ok", within: .seconds(15))
        }
    }
}
