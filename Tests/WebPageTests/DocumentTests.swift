internal import Browser
internal import Control
internal import Foundation
internal import Site
internal import Testing

/// The mock daemon answers as the daemon does: what the page is tried with is what it will be given.
@Suite struct DocumentTests {
    private var site: MockSite {
        var site = MockSite((1...2).map { MockBackend("10.0.0.\($0)") })
        site.change("10.0.0.1") { $0.goDown(because: "refused") }
        site.change("10.0.0.2") { backend in
            backend.maintenance = [
                "kind": "ordered", "by": "root", "reason": nil, "since": MockSite.time(minutesAgo: 1), "until": nil,
                "drain": true, "kept": true,
            ]
            backend.hold = ["kind": "war", "seconds": 60]
        }
        site.guards = [
            [
                "tag": "", "withheld": 1, "healthy": 1, "needed": 2, "pool": 3, "since": MockSite.time(minutesAgo: 3),
            ]
        ]
        site.events = [
            ["time": MockSite.time(minutesAgo: 1), "level": "info", "event": "other", "backend": "10.0.0.1"]
        ]
        return site
    }

    /// Nothing is missing, and nothing is there that the daemon does not tell.
    private func expect<Document: Codable>(_ type: Document.Type, at target: String) throws {
        let answer = try #require(site.answer(target))
        let document = try JSONDecoder().decode(type, from: JSONEncoder().encode(answer))
        let told = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(document))
        #expect(told == answer, "\(target)")
    }

    @Test("Each answer of the mock daemon is one of the daemon's own documents")
    func documents() throws {
        try expect(StatusDocument.self, at: "/api/v1/status")
        try expect(DetailDocument.self, at: "/api/v1/backends/10.0.0.1")
        try expect(DetailDocument.self, at: "/api/v1/backends/10.0.0.2")
        try expect(HistoriesDocument.self, at: "/api/v1/history?backend=10.0.0.1&backend=10.0.0.9")
        try expect(EventsDocument.self, at: "/api/v1/events?limit=200")
    }

    @Test("The page has a word for each kind of encryption, and a place for each phase")
    func words() throws {
        let script = try PageSource().script
        let names = try #require(script.firstMatch(of: /const TLS_NAMES = \{ (.*) \};/)).output.1
        #expect(
            Set(names.split(separator: ", ").compactMap { $0.split(separator: ":").first.map(String.init) })
                == Set([TLSMode.none, .implicit, .starttls].map(\.rawValue)))
        let phases = try #require(script.firstMatch(of: /const PHASES = \[(.*)\];/)).output.1
        #expect(phases == Phase.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", "))
    }
}

extension WebPage {
    /// Where the page lies, and how it is left.
    @Suite struct Ways {
        @Test("It may lie anywhere behind a proxy")
        func proxied() async throws {
            try await withPage(of: MockSite([MockBackend("10.0.0.1")]), at: "behind/") { page, daemon in
                for hash in ["#/", "#/events", "#/backend/10.0.0.1"] {
                    try await page.evaluate("void (location.hash = '\(hash)')")
                }
                try await page.wait(for: "document.querySelector('#moment')")
                #expect(daemon.requests.allSatisfy { $0.hasPrefix("/behind/api/v1/") }, "\(daemon.requests)")
            }
        }

        @Test("Escape clears the events' search first, and a state that there is none of is none")
        func smallThings() async throws {
            var site = MockSite([MockBackend("10.0.0.1")])
            site.events = [["time": MockSite.time(minutesAgo: 1), "level": "info", "event": "other"]]
            try await withPage(of: site, at: "#/?state=constructor") { page, _ in
                #expect(try await page.evaluate("document.querySelectorAll('.row').length") == 1)
                try await page.evaluate("void (location.hash = '#/events')")
                try await page.wait(for: "document.querySelectorAll('.event').length === 1")
                try await page.evaluate(
                    """
                    void (document.querySelector('#event-search').focus(), document.querySelector('#event-search').value = 'x',
                        document.querySelector('#event-search').dispatchEvent(new Event('input', { bubbles: true })))
                    """)
                try await page.wait(for: "document.querySelectorAll('.event').length === 0")
                try await page.press("Escape")
                try await page.wait(for: "document.querySelectorAll('.event').length === 1")
                #expect(try await page.evaluate("document.querySelector('#event-search').value") == "")
                #expect(try await page.evaluate("location.hash") == "#/events")
                try await page.press("Escape")
                try await page.wait(for: "!document.querySelector('#list-view').hidden")
            }
        }
    }
}
