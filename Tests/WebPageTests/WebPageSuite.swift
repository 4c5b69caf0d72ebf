internal import Browser
internal import Foundation
package import Testing

/// All tests of the page share one browser, and each has a page in a profile of its own.
///
/// They need Chromium (Debian: `apt-get install --no-install-recommends chromium fonts-dejavu-core`), and are skipped where
/// there is none.
@Suite(.serialized, .enabled(if: Browser.unavailableReason == nil, "\(Browser.unavailableReason ?? "")"), .browser)
enum WebPage {
    @TaskLocal static var browser: Browser?
}

/// Has a browser for as long as the suite is run.
package struct BrowserTrait: SuiteTrait, TestScoping {
    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await Browser.run { browser in
            try await WebPage.$browser.withValue(browser) { try await function() }
        }
    }
}

extension Trait where Self == BrowserTrait {
    package static var browser: Self { Self() }
}

/// The page of a mock daemon, loaded and fed once. A complaint of the browser is a failure, unless it was to be expected.
func withPage(
    of site: MockSite, at hash: String = "", width: Int = 1_280, height: Int = 800,
    expecting isExpected: (BrowserPage.Complaint) -> Bool = { _ in false },
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (BrowserPage, MockDaemon) async throws -> Void
) async throws {
    let daemon = try await MockDaemon.start(site)
    let browser = try #require(WebPage.browser)
    try await browser.withPage(width: width, height: height) { page in
        try await page.open(daemon.url + hash)
        try await page.wait(for: "document.querySelector('#about').textContent !== ''")
        try await body(page, daemon)
        let unexpected = page.complaints.filter { !isExpected($0) }
        #expect(unexpected.isEmpty, sourceLocation: sourceLocation)
    }
    try await daemon.stop()
}

/// Where screenshots go: they are looked at by people, and kept as build artifacts.
func screenshotPath(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: ".build/screenshots/\(name).png").path
}
