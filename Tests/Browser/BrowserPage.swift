import Foundation
import Synchronization

/// A page in the browser.
package final class BrowserPage: Sendable {
    /// Something that the browser or the page's script has complained about.
    package struct Complaint: Hashable, Sendable, CustomStringConvertible {
        /// `exception`, `console`, `csp`, or the browser's own name of who complains (`network`, `security`, …).
        package let source: String
        /// What it says.
        package let text: String

        package var description: String { "\(source): \(text)" }
    }

    private let tools: DevTools
    private let session: String
    private let record = Mutex<[Complaint]>([])

    init(_ tools: DevTools, session: String) {
        self.tools = tools
        self.session = session
    }

    func prepare(width: Int, height: Int) async throws {
        tools.listen(to: session) { [weak self] event in self?.take(event) }
        for domain in ["Page", "Runtime", "Log", "Audits"] { try await send("\(domain).enable") }
        try await setSize(width: width, height: height)
    }

    /// What was complained about so far: errors and warnings on the console, exceptions nobody caught, and what the
    /// Content-Security-Policy has held back.
    package var complaints: [Complaint] { record.withLock { $0 } }

    /// Opens an address and waits until the page is loaded.
    package func open(_ url: String) async throws {
        let answer = try await send("Page.navigate", ["url": .string(url)])
        if let failure = answer["errorText"].string { throw BrowserError.refused(command: url, message: failure) }
        try await wait(for: "document.readyState === 'complete' && location.href !== 'about:blank'")
    }

    /// Loads the page again and waits until it is there.
    package func reload() async throws {
        let isNew = "!window.isBeforeReload && document.readyState === 'complete'"
        try await evaluate("window.isBeforeReload = true")
        try await send("Page.reload")
        do {
            try await wait(for: isNew)
        } catch BrowserError.refused {
            // The old page went away while it was looked at.
            try await wait(for: isNew)
        }
    }

    /// The value of an expression, or what the promise that it is comes to. It has to be JSON.
    @discardableResult
    package func evaluate(_ expression: String, within limit: Duration = .seconds(30)) async throws -> JSONValue {
        let answer = try await send(
            "Runtime.evaluate",
            [
                "expression": .string(expression), "awaitPromise": true, "returnByValue": true, "userGesture": true,
            ], within: limit)
        let details = answer["exceptionDetails"]
        if details != .null {
            let exception = details["exception"]
            throw BrowserError.script(
                exception["description"].string ?? exception["value"].string ?? details["text"].string ?? "")
        }
        return answer["result"]["value"]
    }

    /// Waits until an expression is true: it is looked at whenever the page changes, is scrolled, or the focus moves.
    /// - Throws: `BrowserError.script` with the expression when it is not true within `limit`.
    package func wait(for condition: String, within limit: Duration = .seconds(10)) async throws {
        let milliseconds = Int(limit.inSeconds * 1_000)
        let quoted = String(decoding: try JSONEncoder().encode(condition), as: UTF8.self)
        try await evaluate(
            """
            new Promise((resolve, reject) => {
                const holds = () => { try { return Boolean(\(condition)) } catch { return false } };
                if (holds()) return resolve(true);
                const events = ["scroll", "focusin", "focusout", "load", "readystatechange", "hashchange"];
                const end = () => {
                    observer.disconnect();
                    clearTimeout(timer);
                    for (const name of events) removeEventListener(name, look, true);
                };
                const look = () => { if (holds()) { end(); resolve(true); } };
                const observer = new MutationObserver(look);
                observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
                for (const name of events) addEventListener(name, look, true);
                const timer = setTimeout(() => { end(); reject("still not so: " + \(quoted)); }, \(milliseconds));
            })
            """, within: limit + .seconds(10))
    }

    /// The size of the screen, in CSS pixels.
    package func setSize(width: Int, height: Int) async throws {
        try await send(
            "Emulation.setDeviceMetricsOverride",
            [
                "width": .number(Double(width)), "height": .number(Double(height)), "deviceScaleFactor": 1,
                "mobile": false,
            ])
    }

    /// What the reader's system prefers: `light` or `dark`.
    package func setColorScheme(_ scheme: String) async throws {
        try await send(
            "Emulation.setEmulatedMedia",
            ["features": [["name": "prefers-color-scheme", "value": .string(scheme)]]])
    }

    /// Writes what is to be seen to a PNG file, whose folder is made if need be.
    package func screenshot(to path: String) async throws {
        let answer = try await send("Page.captureScreenshot", ["format": "png"])
        guard let data = Data(base64Encoded: answer["data"].string ?? "") else {
            throw BrowserError.refused(command: "Page.captureScreenshot", message: "no picture")
        }
        let file = URL(filePath: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: file)
    }

    // MARK: - What a reader does

    /// Presses a key by its name in `KeyboardEvent.key`: a character, or `Enter`, `Escape`, `Tab`, `ArrowDown`, …
    package func press(_ key: String) async throws {
        let codes: [String: Double] = [
            "Enter": 13, "Escape": 27, "Tab": 9, "ArrowUp": 38, "ArrowDown": 40, "ArrowLeft": 37, "ArrowRight": 39,
            "Home": 36, "End": 35, "PageUp": 33, "PageDown": 34, "/": 191, " ": 32,
        ]
        var parameters: [String: JSONValue] = [
            "type": "keyDown", "key": .string(key), "windowsVirtualKeyCode": .number(codes[key] ?? 0),
        ]
        if key == "Enter" { parameters["text"] = "\r" }
        if key.count == 1 { parameters["text"] = .string(key) }
        try await send("Input.dispatchKeyEvent", .object(parameters))
        parameters["type"] = "keyUp"
        parameters["text"] = nil
        try await send("Input.dispatchKeyEvent", .object(parameters))
    }

    /// Types a text where the focus is.
    package func type(_ text: String) async throws { try await send("Input.insertText", ["text": .string(text)]) }

    /// Moves the mouse to the middle of the first element that a selector finds.
    package func point(at selector: String) async throws {
        try await mouse("mouseMoved", at: try await middle(of: selector))
    }

    /// Clicks at the middle of the first element that a selector finds.
    package func click(_ selector: String) async throws {
        let place = try await middle(of: selector)
        try await mouse("mousePressed", at: place)
        try await mouse("mouseReleased", at: place)
    }

    private func middle(of selector: String) async throws -> [JSONValue] {
        let quoted = String(decoding: try JSONEncoder().encode(selector), as: UTF8.self)
        let place = try await evaluate(
            """
            (() => {
                const box = document.querySelector(\(quoted)).getBoundingClientRect();
                return [box.left + box.width / 2, box.top + box.height / 2];
            })()
            """)
        return place.array ?? []
    }

    private func mouse(_ type: String, at place: [JSONValue]) async throws {
        guard place.count == 2 else { throw BrowserError.script("no place") }
        try await send(
            "Input.dispatchMouseEvent",
            [
                "type": .string(type), "x": place[0], "y": place[1],
                "button": type == "mouseMoved" ? "none" : "left", "clickCount": 1,
            ])
    }

    // MARK: - The protocol

    @discardableResult
    private func send(
        _ command: String, _ parameters: JSONValue = [:], within limit: Duration = .seconds(30)
    ) async throws -> JSONValue {
        try await tools.send(command, parameters, session: session, within: limit)
    }

    private func take(_ event: DevTools.Event) {
        guard let complaint = Self.complaint(in: event) else { return }
        record.withLock { $0.append(complaint) }
    }

    private static func complaint(in event: DevTools.Event) -> Complaint? {
        let parameters = event.parameters
        switch event.method {
        case "Runtime.exceptionThrown":
            let details = parameters["exceptionDetails"]
            return Complaint(
                source: "exception", text: details["exception"]["description"].string ?? details["text"].string ?? "")
        case "Runtime.consoleAPICalled":
            guard ["error", "warning", "assert"].contains(parameters["type"].string) else { return nil }
            let words = (parameters["args"].array ?? []).map { $0["value"].string ?? $0["description"].string ?? "?" }
            return Complaint(source: "console", text: words.joined(separator: " "))
        case "Log.entryAdded":
            let entry = parameters["entry"]
            guard ["error", "warning"].contains(entry["level"].string) else { return nil }
            return Complaint(source: entry["source"].string ?? "log", text: entry["text"].string ?? "")
        case "Audits.issueAdded":
            let issue = parameters["issue"]
            guard issue["code"] == "ContentSecurityPolicyIssue" else { return nil }
            let details = issue["details"]["contentSecurityPolicyIssueDetails"]
            return Complaint(
                source: "csp",
                text: "\(details["violatedDirective"].string ?? "") \(details["blockedURL"].string ?? "inline")")
        default: return nil
        }
    }
}
