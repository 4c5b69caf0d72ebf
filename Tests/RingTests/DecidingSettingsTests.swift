import RingLab
import Testing

extension RealRing {
    /// The program with the settings of deciding, beside a real director: when backends go down and up.
    @Suite final class DecidingSettingsTests {
        private let ring: Ring
        private let victim: Backend

        init() async throws {
            ring = try await Ring.start(directors: 1, backends: 2)
            victim = ring.backends[1]
        }

        deinit { ring.stop() }

        private func isUp() async throws -> Bool { try await ring.directors[0].host(victim.address)?.state == .up }

        @Test func `retry_interval makes a verdict quick, and up_count a return slow`() async throws {
            let dovemon = try DovemonProcess(
                ring: ring,
                settings: [("interval", "1"), ("retry_count", "4"), ("retry_interval", "0.1"), ("up_count", "2")])
            try await dovemon.expectAllPolled(ring)
            try await victim.stop()
            let down = try await dovemon.waitForLine(
                containing: "backend=\(victim.address)", "state=down", "failed=4 ", within: .seconds(10))
            // By the interval it would be three seconds.
            let over = try #require(down.text.firstMatch(of: /\ over=(\d+\.\d)s/)?.1)
            #expect(try #require(Double(over)) < 2, "\(down)")
            try await victim.start()
            let up = try await dovemon.waitForLine(
                containing: "backend=\(victim.address)", "state=up", within: .seconds(20))
            let good = dovemon.lines.filter {
                $0.arrival > down.arrival && $0.arrival < up.arrival && $0.text.contains("poll=ok")
                    && $0.text.contains("backend=\(victim.address) ")
            }
            #expect(good.count == 2)
            #expect(try await dovemon.terminate().status == .exited(0))
        }

        @Test func `Rapid polls bear a fault out, and use_delayed_down takes down as many as its limit`() async throws {
            let settings = [
                ("interval", "0.5"), ("retry_count", "1"), ("rapid_rounds", "5"), ("rapid_fails_needed", "3"),
                ("use_delayed_down", "yes"), ("delayed_down_delay", "0.5"),
            ]
            let dovemon = try DovemonProcess(ring: ring, settings: settings + [("delayed_down_limit", "0")])
            try await dovemon.expectAllPolled(ring)
            try await victim.stop()
            for number in 1...3 {
                _ = try await dovemon.waitForLine(
                    containing: "backend=\(victim.address)", "rapid=\"\(number) of 3\"", within: .seconds(10))
            }
            _ = try await dovemon.waitForLine(
                containing: "downs=withheld waiting=1 down=0 limit=0", within: .seconds(10))
            #expect(try await isUp())
            try dovemon.write(settings: settings + [("delayed_down_limit", "1")])
            dovemon.reload()
            try await ring.waitUntil(victim, is: .down, within: .seconds(10))
            #expect(try await dovemon.terminate().status == .exited(0))
        }

        @Test func `timeout_growth gives each poll after one that timed out more time`() async throws {
            let dovemon = try DovemonProcess(
                ring: ring, settings: [("timeout", "0.3"), ("timeout_growth", "yes"), ("retry_count", "3")])
            try await dovemon.expectAllPolled(ring)
            try victim.freeze()
            for (number, least) in [(1, 300.0), (2, 600), (3, 900)] {
                let line = try await dovemon.waitForLine(
                    containing: "backend=\(victim.address)", "poll=failed failed=\"\(number) of 3\"", "kind=timeout",
                    within: .seconds(10))
                let time = try #require(line.text.firstMatch(of: /\ took=(\d+\.\d)ms/)?.1)
                #expect(try #require(Double(time)) >= least, "\(line)")
            }
            try victim.thaw()
            #expect(try await dovemon.terminate().status == .exited(0))
        }

        @Test func `A backend without an account is left alone, and an account without a backend told once`()
            async throws
        {
            let account = "username: \(ring.account.username)\n  password: \(ring.account.password)\n"
            let dovemon = try DovemonProcess(
                ring: ring, settings: [("interval", "0.3"), ("poll_unknown_backends", "no")],
                accounts: "\(ring.backends[0].address):\n  \(account)192.0.2.1:\n  \(account)")
            try await victim.stop()
            try await dovemon.expectRounds(["imap"])
            #expect(!dovemon.lines.contains { $0.text.contains("backend=\(victim.address) protocol=") })
            #expect(try await isUp())
            let check = try await ring.run(
                [
                    DovemonProcess.binary, "check", "--config", dovemon.configurationFile, "--accounts",
                    dovemon.accountsFile,
                ], within: .seconds(20))
            #expect(check.status == .exited(0) && check.output.contains("not polled: no account"))
            #expect(dovemon.lines.count { $0.text.contains("backend=192.0.2.1 account=unused") } == 1)
            #expect(try await dovemon.terminate().status == .exited(0))
        }
    }
}
