import Foundation
import Testing

@testable import Control

/// What `dovemon status` and `dovemon explain` show of the documents.
@Suite struct TextTests {
    private func status(_ backends: String, _ more: String = "") throws -> StatusDocument {
        let text = """
            {"revision": 7, "time": "2026-11-21T12:00:00.000Z", "version": "1", "started_at": "2026-11-21T11:00:00.000Z",
             "dry_run": false, "interval_seconds": 10,
             "director": {"connected": true, "since": null, "last_list_at": "2026-11-21T11:59:59.000Z", "error": null},
             "ring": {"state": "synced"}, "guard": [\(more)], "backends": [\(backends)]}
            """
        return try JSONDecoder().decode(StatusDocument.self, from: Data(text.utf8))
    }

    private func backend(_ address: String, _ differences: [String: String] = [:]) -> String {
        var values = [
            "address": "\"\(address)\"", "tag": "\"\"", "vhosts": "100", "users": "5", "state": "\"up\"",
            "healthy": "true", "failures": "0", "needed": "3", "reason": "null", "maintenance": "null",
            "guard": "false", "hold": "null", "slow_start": "null", "own_down": "false", "last_change": "null",
            "latency": "{\"median_milliseconds\": 1.5, \"p99_milliseconds\": 9}",
            "next_poll_at": "\"2026-11-21T12:00:04.000Z\"",
        ]
        values.merge(differences) { $1 }
        return "{" + values.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ",") + "}"
    }

    private func failing(_ address: String) -> String {
        backend(
            address, ["healthy": "null", "failures": "2", "reason": "\"imap:143 connect refused: Connection refused\""])
    }

    private func down(_ address: String, reason: String? = nil) -> String {
        backend(
            address,
            [
                "reason": reason.map { "\"\($0)\"" } ?? "null",
                "state": "\"down\"", "healthy": "false", "failures": "4", "own_down": "true",
                "last_change":
                    "{\"time\": \"2026-11-21T11:58:00.000Z\", \"state\": \"down\", \"by\": \"dovemon\", \"reason\": null}",
            ])
    }

    @Test func `each backend has its line, behind a summary`() throws {
        let text = try status([backend("10.0.0.1"), failing("10.0.0.2"), down("10.0.0.3")].joined(separator: ","))
            .text(colours: false)
        #expect(
            text == """
                director: connected; ring: synced
                3 backends: 1 up, 1 failing, 1 down
                BACKEND   STATE  HEALTH         VHOSTS  USERS     P50/P99  NEXT  CHANGED  NOTE
                10.0.0.1  up     ok                100      5  1.5/9.0 ms    4s           
                10.0.0.2  up     failed 2 of 3     100      5  1.5/9.0 ms    4s           imap:143 connect refused: Connection refused
                10.0.0.3  down   faulty (4)        100      5  1.5/9.0 ms    4s       2m  

                """)
    }

    @Test func `what is wrong with the whole comes first`() throws {
        var document = try status(
            backend("10.0.0.1", ["guard": "true", "healthy": "false", "failures": "4"]),
            #"{"tag":"a","withheld":2,"healthy":1,"needed":2,"pool":4,"since":"2026-11-21T11:59:00.000Z"}"#)
        document.director.connected = false
        document.director.error = "Connection refused"
        document.ring.state = "syncing"
        document.dryRun = true
        let lines = document.text(colours: false).split(separator: "\n")
        #expect(lines[0].contains("NOT CONNECTED: Connection refused; ring: syncing, dry run"))
        #expect(lines[1] == "guard of a: 2 HOST-DOWN withheld, 1 healthy of 4, 2 needed, for 1m")
        #expect(lines[2] == "1 backend: 1 withheld by the guard")
        #expect(lines.last?.hasSuffix("HOST-DOWN withheld by the guard") == true)
    }

    @Test(arguments: 10...140) func `no line is wider than the terminal`(width: Int) throws {
        let text = try status([failing("10.0.0.2"), down("10.0.0.3")].joined(separator: ","))
            .text(colours: false, width: width)
        // The address and the state are never left out.
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= max(width, 24) }, "\(text)")
        #expect(text.contains("10.0.0.3"))
    }

    @Test(arguments: [80, 100, 120])
    func `a long reason is cut, and costs the other columns nothing`(width: Int) throws {
        let reason = String(repeating: "the disk of it is gone; ", count: 9).prefix(200)
        let text = try status([backend("10.0.0.1"), down("10.0.0.3", reason: String(reason))].joined(separator: ","))
            .text(colours: false, width: width)
        let lines = text.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= width }, "\(text)")
        #expect(lines[2].contains("CHANGED") && lines[2].contains("VHOSTS"), "\(text)")
        #expect(lines[4].contains("the disk of it is") && lines[4].hasSuffix("…"), "\(text)")
    }

    @Test(arguments: 24...140) func `when it changed goes before why`(width: Int) throws {
        let text = try status(down("10.0.0.3", reason: "Connection refused")).text(colours: false, width: width)
        #expect(!text.contains("CHANGED") || text.contains("NOTE"), "\(text)")
    }

    @Test(arguments: [
        ("10.0.0.1 failed", 15, "10.0.0.1 failed"), ("10.0.0.1 failed", 14, "10.0.0.1 fail…"),
        ("10.0.0.1 failed", 1, "…"), ("10.0.0.1 failed", 0, ""), ("", 3, ""),
        ("a \u{1B}[31mdown\u{1B}[0m b", 8, "a \u{1B}[31mdown\u{1B}[0m b"),
        ("a \u{1B}[31mdown\u{1B}[0m b", 4, "a \u{1B}[31md…\u{1B}[0m"),
    ])
    func `a line is cut where the terminal ends, and no colour goes on behind it`(
        line: String, columns: Int, shown: String
    ) {
        #expect(cut(line[...], to: columns) == shown)
    }

    @Test func `where there is no room, the gravest are shown`() throws {
        let healthy = (1...50).map { backend("10.0.1.\($0)") }
        let text = try status((healthy + [down("10.0.0.3"), failing("10.0.0.2")]).joined(separator: ","))
            .text(colours: false, width: 80, height: 8)
        let lines = text.split(separator: "\n")
        #expect(lines.count <= 8)
        #expect(lines[3].hasPrefix("10.0.0.3") && lines[4].hasPrefix("10.0.0.2"))
        #expect(lines.last == "… and 48 more")
    }

    @Test func `a maintenance says who, why, and until when`() throws {
        let window = """
            {"kind":"ordered","by":"anna","reason":"kernel update","since":"2026-11-21T11:00:00.000Z",
             "until":"2026-11-21T14:00:00.000Z","drain":true,"kept":false}
            """
        var document = try status(backend("10.0.0.1", ["maintenance": window]))
        let text = document.text(colours: false)
        #expect(text.contains("1 backend: 1 under maintenance"))
        #expect(text.contains("; a restart ends it: no state_file, or a dry run"))
        // Nobody is to pull the plug before the director sends it no users any more.
        #expect(text.contains("maintenance, draining, by anna until 2026-11-21 "))
        #expect(text.contains(": kernel update"))
        document.dryRun = true
        #expect(document.text(colours: false).contains("maintenance, to be drained, by anna"))
        document.backends[0].vhosts = 0
        #expect(document.text(colours: false).contains("maintenance, drained, by anna"))
        #expect(document.backends[0].maintenance?.summary.hasPrefix("maintenance, with a drain, by anna") == true)
    }

    /// A backend's document of which little is known.
    private func detail(_ backend: String, _ differences: [String: String] = [:]) throws -> DetailDocument {
        var values = [
            "backend": backend, "director": #"{"connected":true,"since":null,"last_list_at":null,"error":null}"#,
            "ring": #"{"state":"synced"}"#, "dry_run": "false", "delayed_down": "null", "polls": "[]",
            "failed_polls": "[]", "events": "[]",
            "history":
                #"{"step_seconds":300,"end":"2026-11-21T12:00:00.000Z","states":"d","latency_milliseconds":[null]}"#,
        ]
        values.merge(differences) { $1 }
        let text = "{" + values.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ",") + "}"
        return try JSONDecoder().decode(DetailDocument.self, from: Data(text.utf8))
    }

    @Test(
        arguments: [
            ([:], "HOST-DOWN is on its way, or waits for its turn."),
            (
                ["director": #"{"connected":false,"since":null,"last_list_at":null,"error":"No such file"}"#],
                "the director is away, and nothing can be commanded."
            ),
            (["dry_run": "true"], "this is a dry run, and nothing is commanded."),
            (["ring": #"{"state":"syncing"}"#], "the ring is syncing, and commands wait until it is synced."),
            (
                ["delayed_down": #"{"seconds":7,"withheld":false}"#],
                "use_delayed_down puts its HOST-DOWN off for another 7s."
            ),
            (
                ["delayed_down": #"{"seconds":0,"withheld":true}"#],
                "its HOST-DOWN is only logged: more than delayed_down_limit backends are down or about to be."
            ),
        ] as [([String: String], String)])
    func `what keeps a faulty backend up is named`(circumstances: [String: String], why: String) throws {
        let faulty = backend("10.0.0.3", ["healthy": "false", "failures": "4"])
        let text = try detail(faulty, circumstances).text(now: "2026-11-21T12:00:00.000Z")
        #expect(text.hasPrefix("10.0.0.3 is up although it is faulty: \(why)\n"), "\(text)")
    }

    @Test func `what keeps a healthy backend down is named, and the director's state with it`() throws {
        let circumstances = ["ring": #"{"state":"syncing"}"#, "dry_run": "true"]
        let text = try detail(backend("10.0.0.3", ["state": "\"down\""]), circumstances)
            .text(now: "2026-11-21T12:00:00.000Z")
        #expect(text.hasPrefix("10.0.0.3 is down although it polls well: this is a dry run"), "\(text)")
        #expect(text.contains("director:    connected; ring: syncing\n"), "\(text)")
        #expect(text.contains("dry run:     nothing is commanded\n"), "\(text)")
        let guarded = backend("10.0.0.3", ["healthy": "false", "guard": "true"])
        let withheld = try detail(guarded, circumstances).verdict
        #expect(withheld.hasSuffix("the pool guard withholds its HOST-DOWN, and in a dry run nothing is commanded."))
    }

    @Test func `a backend that waits for its first step has not come back yet`() throws {
        let waiting = backend(
            "10.0.0.3", ["state": "\"down\"", "slow_start": #"{"vhosts":100,"target":100}"#])
        let text = try detail(waiting).text(now: "2026-11-21T12:00:00.000Z")
        #expect(text.contains("HOST-UPDATE to its first step, and then HOST-UP, is on its way"), "\(text)")
        #expect(text.contains("slow start:  begins when it is up, 100 vhosts in the end\n"), "\(text)")
    }

    @Test func `what is explained begins with the answer and ends with the transcript`() throws {
        let differences = [
            "failed_polls": """
            [{"protocol":"imap","port":143,"tls":"none","ok":false,"milliseconds":2.5,
               "phases":{"greeting":2.0,"connect":0.5},"failure":{"phase":"greeting","kind":"closed","code":null,"text":"gone"},
               "warnings":[],"time":"2026-11-21T11:57:59.000Z",
               "transcript":{"beginning":[{"milliseconds":0.5,"kind":"received","text":"* BYE"}],"omitted":2,"end":[]}}]
            """,
            "events": """
            [{"time":"2026-11-21T11:58:00.000Z","level":"error","event":"state_changed","backend":"10.0.0.3",
               "state":"down","text":"a b"}]
            """,
        ]
        let text = try detail(down("10.0.0.3"), differences).text(now: "2026-11-21T12:00:00.000Z")
        #expect(text.hasPrefix("10.0.0.3 is down: dovemon took it down, for it failed.\n"))
        #expect(text.contains("state_changed  ERROR  state=down text=\"a b\"\n"))
        #expect(text.contains("imap:143  2.5 ms  greeting closed: gone  (connect 0.5, greeting 2.0)\n"))
        #expect(text.hasSuffix("      0.5 ms < * BYE\n      … 2 more …\n"))
    }

    @Test func `an event's fields are in the order of the log`() {
        let event = [
            "time": "2026-11-21T11:58:00.000Z", "level": "error", "event": "state_changed", "backend": "10.0.0.3",
            "state": "down", "by": "others", "phase": "greeting", "kind": "closed", "text": "gone away", "failed": "5",
            "over": "12.4s", "note": "n", "users": "7",
        ]
        let fields = "backend=10.0.0.3 state=down by=others phase=greeting kind=closed failed=5 over=12.4s users=7"
        let line = eventLines([event]).first
        #expect(line?.hasSuffix("state_changed  ERROR  \(fields) text=\"gone away\" note=n") == true)
    }

    @Test func `whoever begins a maintenance is told what it does not do, and what it leaves`() throws {
        let window = MaintenanceDocument(
            kind: "ordered", by: "anna", reason: "disk", since: nil, until: "2026-11-21T14:00:00.000Z", drain: false)
        let plain = window.answer(for: "10.0.0.1", try status(backend("10.0.0.1")))
        #expect(plain.count == 2 && plain[0].hasPrefix("10.0.0.1: maintenance by anna until "), "\(plain)")
        #expect(plain[1].hasPrefix("Other dovemons of the ring are not told"))
        var drained = window
        drained.drain = true
        let others = backend("10.0.0.2") + "," + backend("10.0.0.3", ["tag": "\"b\""])
        let harmless = drained.answer(for: "10.0.0.1", try status(backend("10.0.0.1") + "," + others))
        #expect(harmless.last == "Its vhosts go to 0: `dovemon status` says draining until they are.")
        let last = drained.answer(for: "10.0.0.3", try status(backend("10.0.0.1") + "," + others))
        #expect(last.last == "CAREFUL: no other healthy backend of tag b is left for its users.")
        #expect(drained.answer(for: "10.0.0.3", nil).count == 2)
    }

    @Test func `whoever ends a drain is not told that it is all as it was`() {
        let window = MaintenanceDocument(
            kind: "ordered", by: "anna", reason: nil, since: nil, until: "2026-11-21T14:00:00.000Z", drain: true)
        let windows = MaintenancesDocument(maintenance: [.init(backend: "2001:db8::1", maintenance: window)])
        #expect(
            windows.answer(toEndOf: "2001:DB8::1").hasPrefix(
                "2001:DB8::1: the maintenance is over; its vhosts come back once it polls well: "))
        #expect(windows.answer(toEndOf: "10.0.0.1") == "10.0.0.1: the maintenance is over")
    }

    @Test(arguments: [
        ("90s", 90), ("30m", 1_800), ("2h", 7_200), ("1d", 86_400), ("1h30m", 5_400), ("0s", 0), ("7d", 604_800),
    ])
    func `a length of time is read as people write it`(text: String, seconds: Int) {
        #expect(duration(text) == .seconds(seconds))
    }

    @Test(arguments: ["", "2", "h", "-2h", "2 h", "2w", "1.5h", "٢h", "99999999999999999999s", "9999999d"])
    func `what is none is not taken for one`(text: String) { #expect(duration(text) == nil) }

    @Test(arguments: [
        (0.0, "0s"), (59, "59s"), (60, "1m"), (3_599, "59m"), (3_660, "1h 01m"), (90_000, "1d 1h"), (-5, "0s"),
        (.infinity, "11574074d 1h"),
    ])
    func `times are short`(seconds: Double, text: String) { #expect(shortTime(seconds: seconds) == text) }
}
