internal import Browser
internal import Testing

extension WebPage {
    /// It can be read: on a phone, by day and by night; and nothing in it is from elsewhere.
    @Suite struct Look {
        /// A site with something of everything.
        private static var site: MockSite {
            var site = MockSite.large(60)
            for (index, backend) in site.backends.enumerated() {
                site.backends[index].tag = ["", "archive", "eu-west"][index % 3]
                site.backends[index].latency = 2 + Double(index % 7) * 3.1
                if index == 20 { site.backends[index].address = "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff" }
                if index == 7 { site.backends[index].goDown(because: "imap:143 connect refused: Connection refused") }
                if index == 31 {
                    site.backends[index].goDown(because: String(repeating: "averylongwordofaserver", count: 12))
                }
                if index == 12 {
                    site.backends[index].fail(2, because: "lmtp:24 greeting timeout: no answer within 5.0 s")
                }
                if index == 13 {
                    site.backends[index].fail(5, because: "pop3:110 connect unreachable: No route to host")
                    site.backends[index].isGuarded = true
                }
                if backend.address == "10.0.0.40" {
                    site.backends[index].maintenance = [
                        "kind": "ordered", "by": "root", "reason": "kernel update",
                        "since": MockSite.time(minutesAgo: 30),
                        "until": MockSite.time(minutesAgo: -90), "drain": true, "kept": true,
                    ]
                }
            }
            let withheld: [String: JSONValue] = [
                "tag": "archive", "withheld": 1, "healthy": 9, "needed": 10, "pool": 20,
                "since": MockSite.time(minutesAgo: 30),
            ]
            site.guards = [.object(withheld)]
            for number in 0..<25 {
                let isChange = number % 4 == 0
                let level: JSONValue = isChange ? "error" : "warning"
                let name: JSONValue = isChange ? "state_changed" : "poll_failed"
                let time: JSONValue = MockSite.time(minutesAgo: Double(30 - number))
                let event: [String: JSONValue] = [
                    "time": time, "level": level, "event": name,
                    "backend": "10.0.0.7", "protocol": "imap", "port": "143", "kind": "refused",
                    "text": "Connection refused",
                ]
                site.events.append(.object(event))
            }
            return site
        }

        private static let views = ["": "", "backend": "#/backend/10.0.0.7", "events": "#/events"]

        private func show(_ view: String, on page: BrowserPage) async throws {
            try await page.evaluate("void (location.hash = '\(Self.views[view] ?? "")' || '#/')")
            let marks = ["": ".row .bar", "backend": ".transcript", "events": "#events-view .event"]
            try await page.wait(
                for: "document.querySelector('\(marks[view] ?? "")')?.getBoundingClientRect().width > 0")
        }

        @Test(
            "A phone of 320 pixels and all that is wider have no sideways scrolling",
            arguments: [320, 390, 600, 800, 1_130, 1_500])
        func fits(width: Int) async throws {
            try await withPage(of: Self.site, width: width, height: 800) { page, _ in
                for view in Self.views.keys {
                    try await show(view, on: page)
                    #expect(
                        try await page.evaluate("document.documentElement.scrollWidth").number ?? 0 <= Double(width),
                        "\(view)")
                    // Nor is anything cut off that is no text shown in part.
                    let outside = try await page.evaluate(
                        """
                        [...document.querySelectorAll('main :is(a, button, input, select, h1, .mark)')].filter((e) =>
                            e.checkVisibility() && !e.closest('.heads') && e.getBoundingClientRect().width > 1 && e.getBoundingClientRect().right > innerWidth + 1).length
                        """)
                    #expect(outside == 0, "\(view)")
                }
                if width == 320 || width == 390 {
                    for view in Self.views.keys {
                        try await show(view, on: page)
                        try await page.screenshot(
                            to: screenshotPath("page-phone-\(width)" + (view.isEmpty ? "" : "-\(view)")))
                    }
                }
            }
        }

        @Test("Each text has the contrast that WCAG's level AA asks for", arguments: ["light", "dark"])
        func contrasts(scheme: String) async throws {
            try await withPage(of: Self.site, width: 1_440, height: 1_000) { page, _ in
                try await page.setColorScheme(scheme)
                for view in Self.views.keys.sorted() {
                    try await show(view, on: page)
                    let faint = try await page.evaluate(Self.faint)
                    #expect(faint == [], "\(view)")
                    try await page.screenshot(to: screenshotPath("page-\(scheme)" + (view.isEmpty ? "" : "-\(view)")))
                }
            }
        }

        @Test("The button goes through the themes, and the choice is kept")
        func keepsTheme() async throws {
            let ground = "getComputedStyle(document.body).backgroundColor"
            try await withPage(of: Self.site) { page, _ in
                try await page.setColorScheme("dark")
                let dark = try await page.evaluate(ground)
                try await page.click("#theme")
                let light = try await page.evaluate(ground)
                #expect(dark != light)
                #expect(try await page.evaluate("document.querySelector('#theme').textContent") == "Colours: Light")
                try await page.reload()
                try await page.wait(for: "document.querySelector('#about').textContent !== ''")
                #expect(try await page.evaluate(ground) == light)
            }
        }

        @Test("What the policy forbids would be noticed")
        func noticesViolations() async throws {
            let isForbidden = { (complaint: BrowserPage.Complaint) in
                ["csp", "security", "javascript"].contains(complaint.source)
            }
            try await withPage(of: Self.site, expecting: isForbidden) { page, _ in
                try await page.evaluate("document.body.setAttribute('style', 'color: red')")
                try await page.evaluate("fetch('http://127.0.0.2:9/').catch(() => true)")
                #expect(page.complaints.contains { $0.text.contains("style-src") })
                #expect(page.complaints.contains { $0.text.contains("connect-src") })
            }
        }

        @Test("The sources hold nothing foreign, and nothing that makes markup of text")
        func isSelfContained() throws {
            let page = try PageSource()
            for word in [
                "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "</script",
                "<!--",
            ] {
                #expect(!page.script.contains(word), "\(word)")
            }
            for word in ["url(", "@import", "</style", "<!--"] { #expect(!page.style.contains(word), "\(word)") }
            #expect(!page.html.contains("style=\""))
            #expect(
                page.html.ranges(of: /https?:\/\//).count == page.html.ranges(of: "http://www.w3.org/2000/svg").count)
        }

        /// The texts in sight whose contrast with what is behind them is less than 4.5 (3 for large ones).
        /// (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)
        private static let faint =
            """
            (() => {
                const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 })
                    .getContext("2d", { willReadFrequently: true });
                const over = (colours) => {
                    context.clearRect(0, 0, 1, 1);
                    for (const colour of colours) { context.fillStyle = colour; context.fillRect(0, 0, 1, 1); }
                    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
                };
                const light = (colour) => {
                    const [r, g, b] = colour.map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
                    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
                };
                const faint = new Set();
                let looked = 0;
                const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
                while (walker.nextNode()) {
                    const element = walker.currentNode.parentElement;
                    if (!walker.currentNode.nodeValue.trim() || !element.checkVisibility() || element.closest(".unseen, script, style, svg, option, .skip")) continue;
                    const grounds = [];
                    for (let e = element; e; e = e.parentElement) grounds.unshift(getComputedStyle(e).backgroundColor);
                    const style = getComputedStyle(element);
                    const a = light(over(grounds)), b = light(over([...grounds, style.color]));
                    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
                    const size = Number.parseFloat(style.fontSize);
                    looked += 1;
                    if (ratio < (size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5)) {
                        faint.add(`${element.className || element.tagName}: ${ratio.toFixed(2)}`);
                    }
                }
                return looked > 30 ? [...faint] : ["too few texts"];
            })()
            """
    }
}
