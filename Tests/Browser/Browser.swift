import Foundation

/// A headless Chromium, for tests of what is made to be looked at.
package final class Browser: Sendable {
    private static let programs = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
    private static var program: String? {
        ([ProcessInfo.processInfo.environment["CHROMIUM"]].compactMap(\.self) + programs)
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Why there is none on this machine; nil when there is one.
    package static var unavailableReason: String? {
        program == nil ? "no Chromium on this machine: apt-get install chromium" : nil
    }

    private let process: ChromiumProcess
    private let tools: DevTools

    private init(_ process: ChromiumProcess) {
        self.process = process
        tools = DevTools(commands: process.commands, answers: process.answers)
    }

    /// Has a browser for as long as `body` takes.
    package static func run<Value>(_ body: (Browser) async throws -> Value) async throws -> Value {
        guard let program else { throw BrowserError.gone(unavailableReason ?? "") }
        // Writing to a browser that has ended is an error here, and not the end of the test's process.
        signal(SIGPIPE, SIG_IGN)
        let browser = Browser(try ChromiumProcess(program))
        defer { browser.process.end() }
        return try await body(browser)
    }

    /// Has an empty page in a profile of its own for as long as `body` takes, with a screen of `width` × `height`.
    package func withPage<Value>(
        width: Int = 1_280, height: Int = 800, _ body: (BrowserPage) async throws -> Value
    ) async throws -> Value {
        let context = try await tools.send("Target.createBrowserContext")["browserContextId"]
        let target = try await tools.send(
            "Target.createTarget", ["url": "about:blank", "browserContextId": context])["targetId"]
        let session = try await tools.send("Target.attachToTarget", ["targetId": target, "flatten": true])["sessionId"]
        let page = BrowserPage(tools, session: session.string ?? "")
        try await page.prepare(width: width, height: height)
        do {
            let value = try await body(page)
            try await tools.send("Target.disposeBrowserContext", ["browserContextId": context])
            return value
        } catch {
            _ = try? await tools.send("Target.disposeBrowserContext", ["browserContextId": context])
            throw error
        }
    }
}
