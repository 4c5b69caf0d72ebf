import Settings
import Testing

private func complaints(_ bytes: [UInt8]) -> [String] {
    Settings.read(bytes, file: "c").diagnostics.map(\.description)
}

@Suite struct YAMLMistakeTests {
    static let layout =
        "one `key: value` a line with a space after the colon, keys of one level indented alike,"
        + " values with `: ` in them quoted"
    static let key = "keys of one level indented alike, quotations closed, nothing behind them"
    static let begin =
        "a value cannot begin like this, accepted: quotes around a value that begins with a special character,"
        + " as in '@value'"
    static let bracket = "a comma or the closing bracket; text with brackets or commas in it quoted"
    static let backslash =
        "a backslash that escapes nothing in double quotes,"
        + " accepted: two backslashes, or single quotes, in which a backslash stands for itself"

    @Test(arguments: [
        ("interval: 10\n\ttimeout: 3\n", "c:2:1: a tab cannot indent YAML, accepted: spaces"),
        ("interval: 10\r\n \ttimeout: 3\r\n", "c:2:2: a tab cannot indent YAML, accepted: spaces"),
        ("interval:\n\t10\n", "c:2:1: a tab cannot indent YAML, accepted: spaces"),
        ("- a\n", "c:1:1: the file is no list of settings, accepted: lines such as `interval: 10`"),
        ("hello\n", "c:1:1: the file is no list of settings, accepted: lines such as `interval: 10`"),
        ("interval:10\n", "c:1:1: the file is no list of settings, accepted: lines such as `interval: 10`"),
        ("interval:10\ntimeout: 3\n", "c:2:8: a colon that follows no key, accepted: \(layout)"),
        ("interval: 1\n  timeout: 3\n", "c:2:10: a colon that follows no key, accepted: \(layout)"),
        ("  interval: 1\ntimeout: 3\n", "c:2:1: not where a key can be, accepted: \(key)"),
        ("interval: 'a' b\n", "c:1:15: not where a key can be, accepted: \(key)"),
        (
            "loglevel: 1\ninterval\n",
            "c:2:1: no colon after the key, accepted: `key: value`, with a space after the colon"
        ),
        ("interval: @3\n", "c:1:11: \(begin)"), ("interval: %3\n", "c:1:11: \(begin)"),
        ("interval: ]3\n", "c:1:11: \(begin)"), ("interval: - 3\n", "c:1:11: \(begin)"),
        ("interval: *$x\n", "c:1:11: \(begin)"), ("interval: &$x\n", "c:1:11: \(begin)"),
        ("interval: !<\n", "c:1:11: \(begin)"), ("interval: |x\n", "c:1:11: \(begin)"),
        ("interval: \"1\n", "c:1:11: the quotation that begins here has no end, accepted: the same mark at its end"),
        ("{interval: 1\n", "c:2:1: the bracket of line 1, column 1 is not closed here, accepted: \(bracket)"),
        ("syslog_facility: \"\\q\"\n", "c:1:19: \(backslash)"),
        ("syslog_facility: \"\\xZZ\"\n", "c:1:21: \(backslash)"),
        (
            "syslog_facility: 'a\n---\nb'\n",
            "c:2:1: not YAML (found unexpected document indicator),"
                + " accepted: YAML 1.1; text with special characters quoted"
        ),
        (
            "interval: 1\n---\ntimeout: 1\n",
            "c:2:1: a second document begins here, accepted: one document, with `---` only before it"
        ),
        ("? [a]\n: b\n", "c:1:3: a list or mapping as a key, accepted: a word; text that begins with [ or { quoted"),
        (": 1\n", "c:1:1: not where a key can be, accepted: \(key)"),
        ("?\n: 1\n", "c:1:2: nothing before the colon, accepted: a key"),
        ("interval: *x\n", "c:1:11: an alias (*), accepted: the value itself, in quotes where it begins with *"),
        ("interval: !!int 10\n", "c:1:11: a tag (!), accepted: the value alone, in quotes where it begins with !"),
        ("interval: [[[[[[[[1]]]]]]]]\n", "c:1:18: nested too deeply, accepted: 8 levels at most"),
        ("interval: 1\u{1}\n", "c:1:12: a control character (\\x01), accepted: text without control characters"),
        ("interval: 1\0\n", "c:1:12: a control character (\\x00), accepted: text without control characters"),
        ("# äö😀\u{FFFE}\n", "c:1:6: a control character (\\u{fffe}), accepted: text without control characters"),
    ])
    func aSyntaxMistakeIsNamedInItsPlace(text: String, complaint: String) {
        #expect(complaints(Array(text.utf8)) == [complaint])
    }

    @Test func columnsCountCharactersBehindAByteOrderMark() {
        #expect(
            complaints(Array("\u{FEFF}{😀ä: 1, interval: ten}\n".utf8)) == [
                "c:1:2: warning: 😀ä: unknown setting, ignored, docs/configuration.md has them all",
                "c:1:19: interval: \"ten\" is not a number, accepted: a number from 0 to 86400, such as 10 or 0.5",
            ])
    }

    @Test func bytesThatAreNotUTF8AreNamedAfterTheMistakesBeforeThem() {
        #expect(
            complaints(Array("interval: ten\nsyslog_facility: ä".utf8) + [0xFF, 0x0A]) == [
                "c:1:11: interval: \"ten\" is not a number, accepted: a number from 0 to 86400, such as 10 or 0.5",
                "c:2:19: a byte that is not UTF-8, accepted: UTF-8 text",
            ])
        #expect(complaints([0xFF, 0xFE, 0x61, 0x00]) == ["c:1:1: the file is UTF-16, accepted: UTF-8"])
    }

    @Test func mistakesBeforeASyntaxMistakeAreNamedToo() {
        #expect(
            complaints(Array("interval: ten\n\ttimeout: 3\n".utf8)) == [
                "c:1:11: interval: \"ten\" is not a number, accepted: a number from 0 to 86400, such as 10 or 0.5",
                "c:2:1: a tab cannot indent YAML, accepted: spaces",
            ])
    }

    @Test func anAnchorBombIsRefusedWhereItBegins() {
        var text = "a0: &a0 [lol]\n"
        for level in 1...30 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ",")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        let errors = complaints(Array(text.utf8)).filter { !$0.contains("warning") }
        #expect(errors.first == "c:1:5: an anchor (&), accepted: the value itself, in quotes where it begins with &")
        #expect(errors.count == 201)
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: ["[", "{", "- ", "? ", "{a: ", "[[]", "\n", " ", "\t", "\"", "&a ", "!", "|", "a:\n"]
    )
    func aLongFileOfOneThingEnds(piece: String) {
        let bytes = Array(String(repeating: piece, count: 200_000 / piece.utf8.count).utf8)
        #expect(Settings.read(bytes, file: "c").diagnostics.count <= 402)
    }

    @Test func tooManyValuesAreRefused() {
        let text = "interval: [" + String(repeating: "1,", count: 500_000) + "]\n"
        let complaint = "c:1:1000006: too many values, accepted: 500000 values in a file"
        #expect(complaints(Array(text.utf8)) == [complaint])
    }
}
