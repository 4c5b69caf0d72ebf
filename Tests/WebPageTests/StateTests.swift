internal import Browser
internal import Testing

extension WebPage {
    /// What is known is shown, and kept up to date.
    @Suite struct States {
        private var mixed: MockSite {
            var site = MockSite((1...6).map { MockBackend("10.0.0.\($0)", tag: $0 > 4 ? "archive" : "") })
            site.change("10.0.0.2") { $0.goDown(because: "imap:143 connect refused: Connection refused") }
            site.change("10.0.0.3") { $0.fail(1, because: "lmtp:24 greeting timeout: no answer within 5.0 s") }
            site.change("10.0.0.5") {
                $0.maintenance = [
                    "kind": "ordered", "by": "root", "reason": "kernel update", "since": MockSite.time(minutesAgo: 30),
                    "until": nil, "drain": false, "kept": true,
                ]
            }
            site.change("10.0.0.6") { backend in
                backend.state = nil
                backend.healthy = nil
            }
            return site
        }

        @Test("The counts, and each backend's state in words with its reason")
        func showsStates() async throws {
            try await withPage(of: mixed) { page, _ in
                let counts = try await page.evaluate(
                    "Object.fromEntries([...document.querySelectorAll('.tile')].map((e) => [e.dataset.state, e.querySelector('.number').textContent]))"
                )
                #expect(counts == ["down": "1", "failing": "1", "unknown": "1", "maintenance": "1", "up": "2"])
                let rows = try await page.evaluate(
                    """
                    [...document.querySelectorAll('.row')].map((row) =>
                        ['.of-address', '.of-state', '.of-reason'].map((cell) => row.querySelector(cell).textContent.trim()))
                    """)
                #expect(
                    rows == [
                        ["10.0.0.2", "Down", "imap:143 connect refused: Connection refused"],
                        ["10.0.0.3", "Failing 1 of 3", "lmtp:24 greeting timeout: no answer within 5.0 s"],
                        ["10.0.0.6", "Not known", ""], ["10.0.0.5", "Maintenance", "kernel update, by root"],
                        ["10.0.0.1", "Up", ""], ["10.0.0.4", "Up", ""],
                    ])
                #expect(try await page.evaluate("document.title").string?.hasPrefix("(1 down) dovemon") == true)
                try await page.wait(for: "document.querySelectorAll('.row .bar').length === 6")
                #expect(
                    try await page.evaluate("document.querySelector('.bar').getAttribute('aria-label')")
                        == "Last 24 h: down 20 min, failing 10 min, up 23 h 27 min")
            }
        }

        @Test("A backend that goes down turns red with its reason at the next update, and is told")
        func turnsRed() async throws {
            try await withPage(of: MockSite((1...3).map { MockBackend("10.0.0.\($0)") })) { page, daemon in
                let colour = "getComputedStyle(document.querySelector('[data-key=\"10.0.0.3\"] .of-state .word')).color"
                let before = try await page.evaluate(colour)
                #expect(try await page.evaluate("document.querySelector('h1').textContent") == "All 3 backends are up")
                daemon.change {
                    $0.change("10.0.0.3") { $0.goDown(because: "pop3:110 connect refused: Connection refused") }
                }
                try await page.wait(
                    for:
                        "document.querySelector('[data-key=\"10.0.0.3\"].is-down .of-reason').textContent.includes('refused')"
                )
                let after = try await page.evaluate(colour)
                #expect(before != after)
                #expect(after == "rgb(185, 28, 40)")
                #expect(
                    try await page.evaluate("document.querySelector('#told').textContent")
                        == "10.0.0.3 is down: pop3:110 connect refused: Connection refused. ")
                #expect(try await page.evaluate("document.querySelector('h1').textContent") == "1 down of 3 backends")
                #expect(try await page.evaluate("document.title").string?.hasPrefix("(1 down)") == true)
            }
        }

        @Test("Whatever a server says is text")
        func staysText() async throws {
            let markup = "<script>window.owned = true</script><img src=x onerror='window.owned = true'>"
            var site = MockSite([MockBackend("10.0.0.1", tag: "<b>tag</b>"), MockBackend("10.0.0.2")])
            site.change("10.0.0.1") { $0.goDown(because: markup) }
            site.events = [
                [
                    "time": "2026-11-21T13:20:00.123Z", "level": "error", "event": "state_changed",
                    "backend": "10.0.0.1", "text": .string(markup), "<i>field</i>": "<u>value</u>",
                ]
            ]
            // The browser tells of each 404, and two of the addresses are none.
            let isMissing = { (complaint: BrowserPage.Complaint) in
                complaint.source == "network" && complaint.text.contains("404")
            }
            try await withPage(of: site, expecting: isMissing) { page, _ in
                let reason = try await page.evaluate("document.querySelector('.row.is-down .of-reason').textContent")
                #expect(reason == .string(markup))
                for hash in [
                    "#/backend/10.0.0.1", "#/events", "#/backend/%3Cimg%20src=x%20onerror=alert(1)%3E", "#/backend/%zz",
                ] {
                    try await page.evaluate("void (location.hash = '\(hash)')")
                    try await page.wait(
                        for: "[...document.querySelectorAll('h1.subject')].some((e) => e.offsetHeight > 0)")
                    if hash == "#/events" {
                        try await page.wait(
                            for: "document.querySelector('#events-view .event-text').textContent.startsWith('<script>')"
                        )
                    } else if hash.hasSuffix("1") {
                        try await page.wait(
                            for: "document.querySelector('.transcript').textContent.includes('<script>')")
                    } else {
                        try await page.wait(for: "document.querySelector('#backend-view .notice') !== null")
                    }
                    #expect(
                        try await page.evaluate("document.querySelectorAll('script, img, b, u, iframe').length") == 1,
                        "\(hash)")
                }
                #expect(try await page.evaluate("window.owned === undefined") == true)
            }
        }

        @Test("No backend, and a director that has never answered, are explained")
        func explainsNothing() async throws {
            try await withPage(of: MockSite()) { page, daemon in
                #expect(
                    try await page.evaluate("document.querySelector('.empty h2').textContent")
                        == "The director lists no backend")
                daemon.change { ($0.isConnected, $0.hasList) = (false, false) }
                try await page.wait(
                    for: "document.querySelector('.empty h2').textContent === 'The director has never answered'")
                #expect(
                    try await page.evaluate(
                        "document.querySelector('.empty').textContent.includes('director-admin: No such file')") == true
                )
                try await page.screenshot(to: screenshotPath("page-never-answered"))
                daemon.change { site in
                    (site.isConnected, site.hasList, site.backends) = (true, true, [MockBackend("10.0.0.1")])
                }
                try await page.wait(for: "document.querySelector('.row') && !document.querySelector('.empty')")
            }
        }

        @Test("A daemon that goes away is told, and so is that what is seen is old; it ends by itself")
        func tellsOfSilence() async throws {
            let isNetwork = { (complaint: BrowserPage.Complaint) in complaint.source == "network" }
            try await withPage(of: mixed, expecting: isNetwork) { page, daemon in
                #expect(try await page.evaluate("document.querySelector('#banner').hidden") == true)
                try await page.wait(for: "document.querySelectorAll('.row .bar').length === 6")
                try await daemon.stop()
                try await page.wait(for: "!document.querySelector('#banner').hidden", within: .seconds(20))
                let text = try await page.evaluate("document.querySelector('#banner').textContent").string ?? ""
                #expect(
                    text.contains(
                        /No answer from dovemon since \d+ s: what you see is from \d\d:\d\d:\d\d\. No connection/))
                #expect(try await page.evaluate("document.querySelectorAll('.row').length") == 6)
                #expect(try await page.evaluate("document.title").string?.hasPrefix("(?)") == true)
                try await page.screenshot(to: screenshotPath("page-no-answer"))
                try await daemon.restart()
                try await page.click("#ask-now")
                try await page.wait(for: "document.querySelector('#banner').hidden")
            }
        }

        private static func quoted(minutesAgo minutes: Double) -> String {
            "'\(MockSite.time(minutesAgo: minutes).string ?? "")'"
        }

        @Test("A day that has only just begun is told as long as it is, and stands at its end")
        func youngDay() async throws {
            var site = MockSite([MockBackend("10.0.0.1"), MockBackend("10.0.0.2")])
            site.startedMinutesAgo = 1
            site.change("10.0.0.1") { $0.states = "d" }
            site.change("10.0.0.2") { $0.states = String(repeating: "u", count: 144) }
            try await withPage(of: site, at: "#/backend/10.0.0.1") { page, _ in
                try await page.wait(for: "document.querySelector('#moment')")
                // The step began two minutes ago, and has three to come. When the daemon started, another document says, which
                // may come later.
                try await page.wait(
                    for: "document.querySelector('.chart .summary').textContent === 'Last 1 min: down 1 min'")
                try await page.evaluate("void (location.hash = '#/backend/10.0.0.2')")
                try await page.wait(for: "document.querySelector('#moment')?.max === '143'")
                #expect(
                    try await page.evaluate(
                        """
                        ["left", "right"].map((side) => Math.round((document.querySelector('#moment').getBoundingClientRect()[side]
                            - document.querySelector('#plot').getBoundingClientRect().left)
                            / document.querySelector('#plot').offsetWidth * 100))
                        """) == [50, 100])
            }
        }

        @Test("A page of one backend has its polls, its failures word for word, its day and its events")
        func showsBackend() async throws {
            var site = mixed
            site.events = [
                [
                    "time": "2026-11-21T13:19:00.5Z", "level": "error", "event": "state_changed", "backend": "10.0.0.2",
                    "state": "down",
                ],
                ["time": "2026-11-21T13:19:30.5Z", "level": "info", "event": "other", "backend": "10.0.0.1"],
            ]
            try await withPage(of: site, at: "#/backend/10.0.0.2", height: 1_400) { page, daemon in
                try await page.wait(for: "document.querySelector('.transcript')")
                let text = try await page.evaluate("document.querySelector('#backend-view').innerText").string ?? ""
                for part in [
                    "imap:143", "STARTTLS", "login 3.9 ms", "2 lines left out", "a1 LOGIN", "State changed",
                    "3 failed in a row", "down 20 min",
                ] {
                    #expect(text.contains(part), "\(part)")
                }
                #expect(!text.contains("Other"), "another's event")
                // The latest failure comes first, and is the one that is open.
                let failures = "[...document.querySelectorAll('.failed-poll')]"
                #expect(
                    try await page.evaluate("\(failures).map((e) => [e.querySelector('time').dateTime, e.open])") == [
                        [MockSite.time(minutesAgo: 1), true], [MockSite.time(minutesAgo: 2), false],
                    ])
                // The last step is still going on, and the slider is as wide as the steps that there are.
                #expect(
                    try await page.evaluate(
                        """
                        [0, 30].some((seconds) => document.querySelector('#reading').textContent.startsWith(
                            `${new Date(\(Self.quoted(minutesAgo: 2))).toTimeString().slice(0, 5)}–`
                            + `${new Date(Date.parse(\(Self.quoted(minutesAgo: 0))) + seconds * 1000).toTimeString().slice(0, 5)}: up`))
                        """) == true)
                #expect(
                    try await page.evaluate(
                        "Math.abs(document.querySelector('#moment').offsetWidth - document.querySelector('#plot').offsetWidth) < 2"
                    ) == true)
                // What the reader has closed stays closed.
                try await page.click(".failed-poll summary")
                try await page.evaluate("document.querySelector('#moment').focus()")
                try await page.press("ArrowLeft")
                let reading = try await page.evaluate("document.querySelector('#reading').textContent")
                daemon.change { $0.change("10.0.0.2") { ($0.state, $0.healthy, $0.reason) = ("up", true, "later") } }
                try await page.wait(
                    for: "document.querySelector('#backend-view .remarks').textContent.includes('later')")
                #expect(try await page.evaluate("document.querySelector('.failed-poll').open") == false)
                #expect(try await page.evaluate("document.activeElement.id") == "moment")
                #expect(try await page.evaluate("document.querySelector('#reading').textContent") == reading)
                try await page.press("Escape")
                try await page.wait(for: "!document.querySelector('#list-view').hidden")
                #expect(try await page.evaluate("document.activeElement.textContent") == "10.0.0.2")
            }
        }
    }
}
