import Testing

@testable import Site

@Suite struct PrintableTests {
    @Test(arguments: ["", "plain text", "Grüße, 世界 😀", "a \"quoted\" | 'word'", "e\u{301}"])
    func `text that can be read stays as it is`(text: String) {
        #expect(printable(text) == text)
    }

    @Test(arguments: [
        ("\0", "\\x00"), ("\u{7}", "\\x07"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"), ("\r\n", "\\r\\n"),
        ("\u{1B}[31m", "\\x1b[31m"), ("\u{7F}", "\\x7f"),
        ("\u{85}", "\\u{85}"), ("\u{9B}31m", "\\u{9b}31m"),
        ("\u{AD}", "\\u{ad}"), ("\u{200B}", "\\u{200b}"), ("\u{200E}", "\\u{200e}"), ("\u{202E}", "\\u{202e}"),
        ("\u{2066}", "\\u{2066}"), ("\u{61C}", "\\u{61c}"), ("\u{FEFF}", "\\u{feff}"), ("\u{E0041}", "\\u{e0041}"),
        ("\u{2028}", "\\u{2028}"), ("\u{2029}", "\\u{2029}"),
        ("\u{E000}", "\\u{e000}"), ("\u{FFFF}", "\\u{ffff}"), ("\u{10FFFF}", "\\u{10ffff}"),
    ])
    func `characters that control or hide are written as escapes`(text: String, escaped: String) {
        #expect(printable("<" + text + ">") == "<" + escaped + ">")
    }

    @Test(
        arguments: [
            ([0x80], "\\x80"), ([0xff], "\\xff"), ([0xc3], "\\xc3"), ([0xc3, 0x28], "\\xc3("),
            ([0xc0, 0x80], "\\xc0\\x80"), ([0xe2, 0x82], "\\xe2\\x82"), ([0xf0, 0x9f, 0x98], "\\xf0\\x9f\\x98"),
            ([0xed, 0xa0, 0x80], "\\xed\\xa0\\x80"), ([0xf4, 0x90, 0x80, 0x80], "\\xf4\\x90\\x80\\x80"),
            ([0x9b, 0xc3, 0xa4], "\\x9bä"),
        ] as [([UInt8], String)])
    func `bytes that are no UTF-8 are written as escapes, one by one`(bytes: [UInt8], escaped: String) {
        #expect(printable(bytes) == escaped)
    }

    @Test func `a backslash is doubled, so that an escape cannot be forged`() {
        #expect(printable("\\n") == "\\\\n")
        #expect(printable("\\n") != printable("\n"))
    }

    @Test func `text of exactly the limit is not cut`() {
        let text = String(repeating: "x", count: 200)
        #expect(printable(text) == text)
    }

    @Test func `text over the limit is cut to it, the ellipsis counted`() {
        #expect(printable(String(repeating: "x", count: 201)) == String(repeating: "x", count: 197) + "…")
        #expect(printable("abcdefgh", limit: 7) == "abcd…")
    }

    @Test(arguments: [
        ("äääää", 9, "äää…"), ("😀😀😀", 11, "😀😀…"), ("ab\ncdefgh", 8, "ab\\nc…"), ("abc\ndefg", 7, "abc…"),
    ])
    func `a cut splits neither a character nor an escape`(text: String, limit: Int, cut: String) {
        #expect(printable(text, limit: limit) == cut)
    }

    @Test func `the limit counts what is shown, not what came`() {
        let text = printable(String(repeating: "\0", count: 60))
        #expect(text == String(repeating: "\\x00", count: 49) + "…")
    }

    @Test(arguments: 0..<8)
    func `whatever comes, the result is one line within the limit, without anything that controls`(seed: Int) {
        var random = SplitMix(seed: UInt64(seed))
        for _ in 0..<200 {
            let bytes = (0..<Int(random.next() % 300)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let limit = 3 + Int(random.next() % 250)
            let text = printable(bytes, limit: limit)
            #expect(text.utf8.count <= limit)
            #expect(text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
            #expect(!text.unicodeScalars.contains("\u{FFFD}"))
        }
    }

    @Test func `only as much is read as can be shown`() {
        var read = 0
        let endless = sequence(first: UInt8(ascii: "x")) { byte in
            read += 1
            return byte
        }
        #expect(printable(endless).utf8.count == 200)
        #expect(read <= 201)
    }
}

/// A small generator whose numbers are the same each time: Steele's SplitMix64.
private struct SplitMix {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
