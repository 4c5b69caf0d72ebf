internal import Browser
internal import Testing

extension WebPage {
    /// The list of backends can be found in, sorted and gone through, also when it is long, and stays where it is.
    @Suite struct List {
        private static let shown = "[...document.querySelectorAll('.row .address')].map((e) => e.textContent)"
        private static let focused = "document.activeElement.textContent"

        /// Says which rows stand where on the screen.
        private static let places =
            """
            Object.fromEntries([...document.querySelectorAll('.row')].map((row) =>
                [row.dataset.key, Math.round(row.getBoundingClientRect().top)]))
            """

        @Test(
            "10,000 backends scroll: few rows are drawn, the last one is reached, and histories are asked for in bounds"
        )
        func scrolls() async throws {
            try await withPage(of: .large(10_000)) { page, daemon in
                #expect(
                    try await page.evaluate("document.querySelector('#table').getAttribute('aria-rowcount')") == "10001"
                )
                #expect(try await page.evaluate("document.querySelectorAll('.row').length").number ?? 0 < 60)
                for part in [0.3, 0.6, 1] {
                    try await page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight * \(part))")
                    try await page.wait(
                        for:
                            "(() => { const middle = document.elementFromPoint(640, 400); return middle.closest('.row') !== null; })()"
                    )
                    #expect(try await page.evaluate("document.querySelectorAll('.row').length").number ?? 0 < 60)
                }
                try await page.wait(
                    for: "[...document.querySelectorAll('.row')].at(-1).getAttribute('aria-rowindex') === '10001'")
                try await page.wait(for: "[...document.querySelectorAll('.row')].at(-1).querySelector('.bar')")
                let histories = daemon.requests.filter { $0.hasPrefix("/api/v1/history") }
                #expect(histories.count < 12)
                #expect(histories.allSatisfy { $0.utf8.count < 4_000 })
                try await page.screenshot(to: screenshotPath("page-10000-end"))
            }
        }

        @Test("What does not change is asked for without being sent again")
        func asksCheaply() async throws {
            try await withPage(of: .large(3)) { page, daemon in
                try await page.evaluate("window.marked = document.querySelector('.row')")
                daemon.change { $0.change("10.0.0.2") { $0.users = 4_242 } }
                try await page.wait(
                    for: "document.querySelector('[data-key=\"10.0.0.2\"] .of-users').textContent === '4,242'")
                #expect(try await page.evaluate("window.marked.isConnected") == true)
                #expect(daemon.requests.filter { $0 == "/api/v1/status" }.count <= 4)
            }
        }

        @Test("Search, state and tag filter the list, the address bar keeps the choice, and Escape gives it up")
        func filters() async throws {
            var site = MockSite.large(300)
            site.change("10.0.0.7") { $0.goDown(because: "imap:143 login timeout: no answer") }
            site.change("10.0.0.250") { $0.goDown(because: "pop3:110 connect refused: Connection refused") }
            try await withPage(of: site) { page, _ in
                try await page.press("/")
                try await page.wait(for: "document.activeElement.id === 'search'")
                try await page.type("REFUSED t2")
                #expect(try await page.evaluate(Self.shown) == ["10.0.0.250"])
                #expect(try await page.evaluate("document.querySelector('#found').textContent") == "1 of 300")
                #expect(try await page.evaluate("location.hash") == "#/?q=REFUSED+t2")
                try await page.type("x")
                #expect(
                    try await page.evaluate("document.querySelector('.empty h2').textContent") == "No backend matches")
                try await page.press("Escape")
                #expect(try await page.evaluate("document.querySelector('#found').textContent") == "300 backends")
                try await page.click(".tile[data-state=down]")
                #expect(try await page.evaluate(Self.shown) == ["10.0.0.7", "10.0.0.250"])
                #expect(
                    try await page.evaluate(
                        "document.querySelector('.tile[data-state=down]').getAttribute('aria-pressed')") == "true")
                try await page.click(".tag-tile[data-tag=t0]")
                #expect(try await page.evaluate(Self.shown) == ["10.0.0.7"])
                try await page.reload()
                try await page.wait(for: "document.querySelector('#about').textContent !== ''")
                #expect(try await page.evaluate(Self.shown) == ["10.0.0.7"], "an address that can be passed on")
                try await page.click("#clear")
                #expect(try await page.evaluate("location.hash") == "#/")
            }
        }

        @Test("A head sorts, says so to a screen reader, and sorts the other way at the next click")
        func sorts() async throws {
            try await withPage(of: .large(30)) { page, _ in
                let sort = { (id: String) in
                    try await page.evaluate(
                        "document.querySelector('[role=columnheader].of-\(id)').getAttribute('aria-sort')")
                }
                #expect(try await sort("state") == "ascending")
                try await page.click("[data-sort=users]")
                #expect(try await sort("users") == "descending")
                #expect(try await sort("state") == "none")
                #expect(try await page.evaluate("\(Self.shown)[0]") == "10.0.0.29")
                try await page.click("[data-sort=users]")
                #expect(try await sort("users") == "ascending")
                try await page.click("[data-sort=address]")
                #expect(try await page.evaluate("\(Self.shown).slice(0, 12)").array?.last == "10.0.0.11", "as numbers")
            }
        }

        @Test("Arrows and End go through the rows, Enter opens one, Escape comes back to it")
        func takesKeys() async throws {
            try await withPage(of: .large(1_000)) { page, _ in
                try await page.press("/")
                try await page.wait(for: "document.activeElement.id === 'search'")
                try await page.press("ArrowDown")
                #expect(try await page.evaluate(Self.focused) == "10.0.0.0")
                try await page.press("ArrowDown")
                try await page.press("ArrowDown")
                try await page.press("ArrowUp")
                #expect(try await page.evaluate(Self.focused) == "10.0.0.1")
                #expect(try await page.evaluate("document.querySelectorAll('.row a[tabindex=\"0\"]').length") == 1)
                try await page.press("End")
                #expect(try await page.evaluate(Self.focused) == "10.0.3.231")
                let box = "document.activeElement.closest('.row').getBoundingClientRect()"
                #expect(try await page.evaluate("\(box).top > 0 && \(box).bottom <= innerHeight") == true)
                let scrolled = try await page.evaluate("scrollY")
                try await page.press("Enter")
                try await page.wait(
                    for: "location.hash === '#/backend/10.0.3.231' && document.activeElement.id === 'subject'")
                try await page.press("Escape")
                try await page.wait(for: "!document.querySelector('#list-view').hidden")
                #expect(try await page.evaluate(Self.focused) == "10.0.3.231")
                #expect(try await page.evaluate("scrollY") == scrolled)
                // Past its row, the head is still what lies above: the focus is never hidden under it.
                for _ in 1...30 { try await page.press("ArrowUp") }
                #expect(
                    try await page.evaluate(
                        "\(box).top >= document.querySelector('#head').getBoundingClientRect().bottom - 1") == true)
            }
        }

        @Test("What the reader looks at stays where it is, whatever comes in above it")
        func staysInPlace() async throws {
            try await withPage(of: .large(2_000)) { page, daemon in
                try await page.evaluate("window.scrollTo(0, 20000)")
                try await page.wait(for: "document.elementFromPoint(640, 400).closest('.row')")
                let before = try await page.evaluate(Self.places)
                daemon.change { site in
                    for number in 0..<20 { site.change("10.0.7.\(number)") { $0.goDown(because: "refused") } }
                    site.guards = [
                        [
                            "tag": "t1", "withheld": 2, "healthy": 1, "needed": 2, "pool": 4,
                            "since": MockSite.time(minutesAgo: 30),
                        ]
                    ]
                }
                try await page.wait(for: "document.title.startsWith('(20 down)')")
                let after = try await page.evaluate(Self.places)
                guard case .object(let old) = before, case .object(let new) = after else { return }
                let common = Set(old.keys).intersection(new.keys)
                #expect(common.count > 20)
                #expect(common.filter { abs((old[$0]?.number ?? 0) - (new[$0]?.number ?? 0)) > 1 } == [])
            }
        }

        @Test("So does what is read in the events")
        func staysInEvents() async throws {
            var site = MockSite.large(3)
            site.events = (0..<150).map { number in
                [
                    "time": MockSite.time(minutesAgo: Double(200 - number)), "level": "info", "event": "other",
                    "text": .string("number \(number)"),
                ]
            }
            try await withPage(of: site, at: "#/events") { page, daemon in
                let event = "[...document.querySelectorAll('.event')].find((e) => e.textContent.includes('number 90'))"
                try await page.wait(for: "\(event) !== undefined")
                try await page.evaluate("void \(event).scrollIntoView({ block: 'center' })")
                let before = try await page.evaluate("\(event).getBoundingClientRect().top").number ?? 0
                daemon.change { site in
                    for number in 150..<160 {
                        site.events.append([
                            "time": MockSite.time(minutesAgo: 0), "level": "error", "text": .string("number \(number)"),
                        ])
                    }
                }
                try await page.wait(for: "document.querySelectorAll('.event').length === 160")
                let after = try await page.evaluate(
                    "new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(\(event).getBoundingClientRect().top))))"
                )
                #expect(abs((after.number ?? 0) - before) <= 1)
            }
        }

        @Test("Rows keep their order under the mouse and under the focus, until they are left")
        func keepsOrder() async throws {
            try await withPage(of: .large(10)) { page, daemon in
                try await page.point(at: "[data-key=\"10.0.0.4\"] .of-reason")
                daemon.change { $0.change("10.0.0.8") { $0.goDown(because: "refused") } }
                try await page.wait(for: "document.querySelector('[data-key=\"10.0.0.8\"].is-down')")
                #expect(try await page.evaluate("\(Self.shown)[8]") == "10.0.0.8")
                #expect(try await page.evaluate("document.querySelector('#resort').hidden") == false)
                // A mouse that was left there a minute ago holds nothing.
                try await page.evaluate("void (Date.now = ((now) => () => now() + 61000)(Date.now))")
                daemon.change { $0.change("10.0.0.7") { $0.goDown(because: "refused") } }
                try await page.wait(for: "\(Self.shown)[0] === '10.0.0.7' && \(Self.shown)[1] === '10.0.0.8'")
                try await page.evaluate("document.querySelector('[data-key=\"10.0.0.4\"] a').focus()")
                try await page.point(at: "h1")
                daemon.change { $0.change("10.0.0.9") { $0.goDown(because: "refused") } }
                try await page.wait(for: "document.querySelector('[data-key=\"10.0.0.9\"].is-down')")
                #expect(try await page.evaluate("\(Self.shown)[9]") == "10.0.0.9")
                #expect(try await page.evaluate(Self.focused) == "10.0.0.4")
                try await page.click("#resort")
                #expect(
                    try await page.evaluate("\(Self.shown).slice(0, 4)") == [
                        "10.0.0.7", "10.0.0.8", "10.0.0.9", "10.0.0.0",
                    ])
            }
        }
    }
}
