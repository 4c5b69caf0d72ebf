import Browser
import Foundation
import RingLab
import ScriptedPeers
import Testing

extension RealRing {
    /// The page that the daemon serves, in headless Chromium, on a real ring.
    @Suite(.enabled(if: Browser.unavailableReason == nil, "\(Browser.unavailableReason ?? "")"))
    final class PageTests {
        private let ring: Ring
        private let victim: Backend

        init() async throws {
            ring = try await Ring.start(directors: 2, backends: 4)
            victim = ring.backends[1]
        }

        deinit { ring.stop() }

        private func row(_ address: String) -> String { "document.querySelector('[data-key=\"\(address)\"].row')" }

        @Test func `A backend that is killed turns red with its reason, within two seconds of its HOST-DOWN`()
            async throws
        {
            let port = try freePort()
            let dovemon = try DovemonProcess(ring: ring, settings: [("http_listen", "127.0.0.1:\(port)")])
            _ = try await dovemon.waitForLine(containing: victim.address, "poll=ok", within: .seconds(20))
            try await Browser.run { browser in
                try await browser.withPage { page in
                    try await page.open("http://127.0.0.1:\(port)/")
                    try await page.wait(for: "\(self.row(self.victim.address))?.classList.contains('is-up') === true")
                    try await self.victim.kill()
                    let down = try await dovemon.waitForLine(
                        containing: self.victim.address, " state=down ", "by=dovemon", within: .seconds(20))
                    try await page.wait(
                        for: "\(self.row(self.victim.address))?.classList.contains('is-down') === true",
                        within: .seconds(5))
                    let shownAfter = ContinuousClock.now - down.arrival
                    #expect(shownAfter < .seconds(2), "\(shownAfter)")
                    let text = try await page.evaluate("\(self.row(self.victim.address)).innerText").string ?? ""
                    #expect(text.contains("connect refused"), "\(text)")
                    try await page.screenshot(to: self.artifact("ring"))
                    try await page.evaluate("void (location.hash = '#/backend/\(self.victim.address)')")
                    try await page.wait(
                        for:
                            "document.body.innerText.includes('state_changed') || document.body.innerText.includes('HOST-DOWN')"
                    )
                    try await page.screenshot(to: self.artifact("ring-backend"))
                    #expect(page.complaints.isEmpty, "\(page.complaints)")
                }
            }
            #expect(try await dovemon.terminate().status == .exited(0))
        }

        @Test func `What a backend's banner says is text, whatever it says`() async throws {
            let markup = "<script>document.title='owned'</script><img src=x onerror=document.title='owned'>"
            let port = try freePort()
            // The banner of a service that refuses: the page shows it as the reason.
            let peer = try await ScriptedPeer.start(on: victim.address) { connection in
                try await connection.write("* BYE \(markup)\r\n")
            }
            let dovemon = try DovemonProcess(
                ring: ring,
                settings: [
                    ("http_listen", "127.0.0.1:\(port)"), ("poll_ports", "[imap:\(peer.port)]"), ("dry_run", "yes"),
                ])
            _ = try await dovemon.waitForLine(
                containing: victim.address, "health=faulty", "<script>", within: .seconds(20))
            try await Browser.run { browser in
                try await browser.withPage { page in
                    try await page.open("http://127.0.0.1:\(port)/")
                    try await page.wait(for: "(\(self.row(self.victim.address))?.innerText ?? '').includes('<script>')")
                    #expect(try await page.evaluate("document.querySelectorAll('main script, main img').length") == 0)
                    #expect(try await page.evaluate("document.title").string?.contains("owned") == false)
                    #expect(page.complaints.isEmpty, "\(page.complaints)")
                }
            }
            #expect(try await dovemon.terminate().status == .exited(0))
        }

        private func artifact(_ name: String) -> String {
            URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: ".build/screenshots/\(name).png").path
        }
    }
}
