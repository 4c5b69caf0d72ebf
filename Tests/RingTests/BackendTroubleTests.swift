import RingLab
import Testing

extension RealRing {
    /// What befalls a backend's machine while its ports stay open.
    @Suite final class BackendTroubleTests {
        private let ring: Ring
        private let victim: Backend

        init() async throws {
            ring = try await Ring.start(directors: 1, backends: 2)
            victim = ring.backends[1]
        }

        deinit { ring.stop() }

        private func polls(_ dovemon: DovemonProcess, _ count: Int) async throws {
            for _ in 1...count {
                _ = try await dovemon.waitForLine(
                    containing: "backend=\(victim.address)", "poll=ok", from: dovemon.lines.count, within: .seconds(5))
            }
        }

        @Test(.enabled(if: SmallDisk.unavailableReason == nil, "\(SmallDisk.unavailableReason ?? "")"))
        func `A full disk is seen by those who write to it, and by them alone`() async throws {
            let disk = try victim.putMailOnSmallDisk(kilobytes: 1024)
            let plain = [("interval", "0.4"), ("timeout", "10")]
            let writing = plain + ["append", "select", "expunge"].map { ("poll_imap_\($0)", "yes") }
            let dovemon = try DovemonProcess(ring: ring, settings: writing)
            try await dovemon.expectAllPolled(ring)
            try dovemon.write(settings: plain)
            dovemon.reload()
            _ = try await dovemon.waitForLine(containing: "settings=reloaded", within: .seconds(5))
            try disk.fill()
            try await polls(dovemon, 4)
            #expect(try await ring.directors[0].host(victim.address)?.state == .up)

            try dovemon.write(settings: writing)
            dovemon.reload()
            let down = try await dovemon.waitForLine(
                containing: "backend=\(victim.address)", "state=down", "by=dovemon", within: .seconds(15))
            #expect(down.text.contains("phase=command kind=rejected"), "\(down)")
            try await ring.waitUntil(victim, is: .down, within: .seconds(5))
            disk.empty()
            try await ring.waitUntil(victim, is: .up, within: .seconds(15))
            #expect(try await dovemon.terminate().status == .exited(0))
        }

        @Test func `A stopped auth process is a timeout that counts, and takes the backend down until it goes on`()
            async throws
        {
            let dovemon = try DovemonProcess(ring: ring, settings: [("interval", "0.4"), ("timeout", "0.5")])
            try await dovemon.expectAllPolled(ring)
            try await victim.freezeAuth()
            // A login process that is new does not even greet without it.
            for number in 1...2 {
                _ = try await dovemon.waitForLine(within: .seconds(10)) { line in
                    line.contains("backend=\(victim.address)")
                        && line.contains(/failed="\d of 2" phase=(greeting|login) kind=timeout/)
                        && line.contains("\(number) of 2")
                }
            }
            try await ring.waitUntil(victim, is: .down, within: .seconds(10))
            try victim.thawAuth()
            try await ring.waitUntil(victim, is: .up, within: .seconds(10))
            #expect(try await dovemon.terminate().status == .exited(0))
        }
    }
}
