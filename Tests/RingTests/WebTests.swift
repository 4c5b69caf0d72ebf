import Glibc
import RingLab
import Testing

extension RealRing {
    /// What is served by HTTP, as those who ask see it.
    @Suite final class WebTests {
        private let ring: Ring
        private let victim: Backend
        private let port: Int
        private let dovemon: DovemonProcess

        init() async throws {
            ring = try await Ring.start(directors: 1, backends: 3)
            victim = ring.backends[2]
            port = try freePort()
            dovemon = try DovemonProcess(ring: ring, settings: [("http_listen", "127.0.0.1:\(port)")])
            _ = try await dovemon.waitForLine(containing: "http=listening", within: .seconds(10))
        }

        deinit { ring.stop() }

        @Test(
            "a real Prometheus scrapes each backend, its death and its commands, and raises the alert",
            .enabled(if: PrometheusProcess.binary != nil, "Prometheus is not installed"))
        func prometheus() async throws {
            let rules = String(#filePath.dropLast("/Tests/RingTests/WebTests.swift".count)) + "/monitoring/alerts.yml"
            let prometheus = try PrometheusProcess(ring: ring, scraping: port, rules: rules)
            try await prometheus.waitFor("\"health\":\"up\"", "\"lastError\":\"\"", at: "targets")
            for backend in ring.backends {
                for metric in ["up", "healthy"] {
                    try await prometheus.waitFor(
                        "\"backend\":\"\(backend.address)\"", ",\"1\"]",
                        at: "query?query=dovemon_backend_\(metric)%7Bbackend=%22\(backend.address)%22%7D")
                }
            }
            try await prometheus.waitFor(",\"1\"]", at: "query?query=dovemon_director_connected")
            try await prometheus.waitFor(",\"1\"]", at: "query?query=dovemon_ring_synced")
            try await prometheus.waitFor(
                "\"phase\":\"login\"", at: "query?query=dovemon_poll_duration_seconds_count%7Bprotocol=%22imap%22%7D")

            try await victim.stop()
            try await prometheus.waitFor(
                ",\"0\"]", at: "query?query=dovemon_backend_up%7Bbackend=%22\(victim.address)%22%7D")
            try await prometheus.waitFor(
                ",\"1\"]",
                at: "query?query=dovemon_commands_total%7Bcommand=%22HOST-DOWN%22,reply=%22ok%22%7D")
            try await prometheus.waitFor("\"result\":\"refused\"", at: "query?query=dovemon_polls_total%3E0")
            try await prometheus.waitFor("DovemonBackendDown", "\"\(victim.address)\"", "pending", at: "alerts")
            // OpenMetrics is what it asked for, and could read to its end.
            let warnings = try await prometheus.api("targets")
            #expect(!warnings.contains("\"health\":\"down\""))
        }

        @Test func `healthz is well only while the director is seen, and both status and metrics are there`()
            async throws
        {
            try await dovemon.expectAllPolled(ring)
            #expect(try await httpGet(port: port, "/healthz").status == 200)
            let status = try await httpGet(port: port, "/api/v1/status")
            #expect(status.status == 200 && status.body.contains("\"address\":\"\(victim.address)\""), "\(status.body)")
            #expect(try await httpGet(port: port, "/").body.contains("<!DOCTYPE html>"))
            let metrics = try await httpGet(port: port, "/metrics").body
            #expect(metrics.contains("dovemon_backend_up{backend=\"\(victim.address)\",tag=\"\"} 1\n"), "\(metrics)")
            // A process that stands still is ill, and whoever asks hears nothing: a director that does, is told.
            try ring.directors[0].freezeDirectorProcess()
            try await waitUntil("healthz to be ill", within: .seconds(40)) {
                try await httpGet(port: port, "/healthz").status == 503
            }
            try ring.directors[0].thawDirectorProcess()
            try await waitUntil("healthz to be well", within: .seconds(20)) {
                try await httpGet(port: port, "/healthz").status == 200
            }
        }

        @Test func `SIGHUP moves it, and a port that is taken keeps the monitor from nothing`() async throws {
            let other = try freePort()
            try dovemon.write(settings: [("http_listen", "[127.0.0.1:\(other)]")])
            dovemon.reload()
            _ = try await dovemon.waitForLine(
                containing: "http=listening address=127.0.0.1:\(other)", within: .seconds(10))
            _ = try await dovemon.waitForLine(containing: "http=closed address=127.0.0.1:\(port)", within: .seconds(10))
            #expect(try await httpGet(port: other, "/metrics").status == 200)

            let second = try DovemonProcess(ring: ring, settings: [("http_listen", "127.0.0.1:\(other)")])
            _ = try await second.waitForLine(
                containing: " err: http=failed address=127.0.0.1:\(other) text=\"Address already in use\"",
                within: .seconds(10))
            try await second.expectAllPolled(ring)
        }
    }
}
