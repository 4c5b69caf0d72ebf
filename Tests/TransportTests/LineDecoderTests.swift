import Testing

@testable import Transport

@Suite struct LineDecoderTests {
    /// The lines that come out when `pieces` go in; nil at the end stands for an oversized one.
    private func lines(_ pieces: [[UInt8]], limit: Int = 64) -> [String?] {
        var decoder = LineDecoder(limit: limit)
        var lines: [String?] = []
        for piece in pieces {
            decoder.append(piece)
            while case .line(let line) = decoder.next() { lines.append(String(decoding: line, as: UTF8.self)) }
            if decoder.next() == .oversized { return lines + [nil] }
        }
        return lines
    }

    private func bytewise(_ text: String) -> [[UInt8]] { text.utf8.map { [$0] } }

    @Test(
        arguments: [
            ("", []), ("a", []), ("a\r", []), ("a\r\n", ["a"]), ("a\n", ["a"]), ("a\nb\r\nc\n", ["a", "b", "c"]),
            ("\n", [""]), ("\r\n", [""]), ("\n\r\n\n", ["", "", ""]), ("\r\r\n", ["\r"]), ("a\rb\r\n", ["a\rb"]),
            ("\r\na", [""]), ("\0\n \n", ["\0", " "]), ("äöü\r\n", ["äöü"]), ("a\n\rb\n", ["a", "\rb"]),
        ] as [(String, [String])])
    func `lines end with LF or CR LF, in whatever pieces they come`(text: String, expected: [String]) {
        let bytes = Array(text.utf8)
        #expect(lines([bytes]) == expected)
        #expect(lines(bytewise(text)) == expected)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                let pieces = [bytes[..<first], bytes[first..<second], bytes[second...]].map(Array.init)
                #expect(lines(pieces) == expected, "\(pieces)")
            }
        }
    }

    @Test(arguments: ["\n", "\r\n"])
    func `a line of exactly the limit is one, its end not counted`(end: String) {
        let text = "12345678" + end
        #expect(lines([Array(text.utf8)], limit: 8) == ["12345678"])
        #expect(lines(bytewise(text), limit: 8) == ["12345678"])
    }

    @Test(arguments: ["\n", "\r\n", "\r\r\n"])
    func `a line of one byte more than the limit is oversized`(end: String) {
        let text = "123456789" + end
        #expect(lines([Array(text.utf8)], limit: 8) == [nil])
        #expect(lines(bytewise(text), limit: 8) == [nil])
    }

    @Test func `a line that has outgrown the limit is oversized before it ends`() {
        #expect(lines([Array("1234567890".utf8)], limit: 8) == [nil])
        #expect(lines(bytewise("1234567890"), limit: 8) == [nil])
    }

    @Test func `lines before an oversized one are not lost`() {
        #expect(lines([Array("a\r\nb\r\n123456789\r\nc\r\n".utf8)], limit: 8) == ["a", "b", nil])
    }

    @Test func `an oversized line stays oversized, whatever follows`() {
        var decoder = LineDecoder(limit: 2)
        decoder.append(Array("abc\n".utf8))
        #expect(decoder.next() == .oversized)
        decoder.append(Array("d\n".utf8))
        #expect(decoder.next() == .oversized)
    }

    @Test(arguments: 0...12)
    func `bytes passed over may have come, or be still to come`(count: Int) {
        let bytes = Array(("head\n" + String(repeating: "\n", count: count) + "tail\nend\n").utf8)
        for first in 5...bytes.count {
            for second in first...bytes.count {
                var decoder = LineDecoder(limit: 8)
                decoder.append(bytes[..<first])
                #expect(decoder.next() == .line(ArraySlice("head".utf8)))
                decoder.skip(count)
                var lines: [String] = []
                for piece in [[], bytes[first..<second], bytes[second...]] {
                    decoder.append(piece)
                    while case .line(let line) = decoder.next() { lines.append(String(decoding: line, as: UTF8.self)) }
                }
                #expect(lines == ["tail", "end"], "split at \(first) and \(second)")
            }
        }
    }

    @Test func `passing over more than a line's limit is no oversized line`() {
        var decoder = LineDecoder(limit: 8)
        decoder.skip(1000)
        for _ in 0..<10 {
            decoder.append(Array(repeating: UInt8(ascii: "x"), count: 100))
            #expect(decoder.next() == .incomplete)
        }
        decoder.append(Array("ok\n".utf8))
        #expect(decoder.next() == .line(ArraySlice("ok".utf8)))
    }

    @Test func `passing over a part of a line leaves the rest of it`() {
        var decoder = LineDecoder(limit: 8)
        decoder.append(Array("abc".utf8))
        #expect(decoder.next() == .incomplete)
        decoder.skip(2)
        #expect(decoder.next() == .incomplete)
        decoder.append(Array("d\n".utf8))
        #expect(decoder.next() == .line(ArraySlice("cd".utf8)))
    }

    @Test func `bytes are given as they are, however they arrive`() {
        let stream = Array("a\r\nb\n\rcd\r\n".utf8)
        for point in 0...stream.count {
            var decoder = LineDecoder(limit: 8)
            decoder.read(5)
            decoder.append(stream[..<point])
            var elements = [decoder.next()]
            decoder.append(stream[point...])
            for _ in 1...4 { elements.append(decoder.next()) }
            #expect(
                elements.filter { $0 != .incomplete } == [
                    .line(ArraySlice("a\r\nb\n".utf8)), .line(ArraySlice("\rcd".utf8)),
                ], "split at \(point)")
        }
    }

    @Test func `no bytes are there at once, and more than a line's limit never`() {
        var decoder = LineDecoder(limit: 8)
        decoder.read(0)
        #expect(decoder.next() == .line([]))
        #expect(decoder.next() == .incomplete)
        decoder.read(9)
        #expect(decoder.next() == .oversized)
    }

    @Test func `a line that is kept stays what it was`() {
        var decoder = LineDecoder(limit: 8)
        decoder.append(Array("first\nsec".utf8))
        guard case .line(let kept) = decoder.next() else { return #expect(Bool(false), "no line") }
        for _ in 0..<100 {
            decoder.append(Array("ond\nxyz".utf8))
            while case .line = decoder.next() {}
        }
        #expect(kept.elementsEqual("first".utf8))
    }

    @Test func `a million lines leave no memory behind`() {
        var decoder = LineDecoder(limit: 64)
        // Never drained to a line's end, so that the storage never falls empty by itself.
        let piece = Array("xyz\r\na".utf8)
        for _ in 0..<1_000_000 {
            decoder.append(piece)
            while case .line = decoder.next() {}
        }
        let mirror = Mirror(reflecting: decoder)
        let storage = mirror.children.first { $0.label == "storage" }?.value as? [UInt8]
        #expect(storage.map { $0.capacity < 4 * 64 + 64 } == true)
    }
}
