import Site

/// The bytes of a YAML file, checked to be text.
struct SourceText {
    let bytes: [UInt8]
    /// The first thing in it that is no text, and the offset of the line that has it.
    let mistake: (error: YAMLSyntaxError, lineStart: Int)?

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            mistake = (
                YAMLSyntaxError(at: Position(line: 1, column: 1), "the file is UTF-16", accepted: "UTF-8"), 0
            )
        } else {
            mistake = Self.firstMistake(in: bytes)
        }
    }

    /// The bytes before a line, numbered from 1.
    func before(line: Int) -> ArraySlice<UInt8> {
        var number = 1
        var index = bytes.startIndex
        while index < bytes.endIndex, number < line {
            if bytes[index] == 0x0A || (bytes[index] == 0x0D && bytes.dropFirst(index + 1).first != 0x0A) {
                number += 1
            }
            index += 1
        }
        return bytes[..<index]
    }

    private static func firstMistake(in bytes: [UInt8]) -> (error: YAMLSyntaxError, lineStart: Int)? {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var offset = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        for _ in 0..<offset { _ = iterator.next() }
        var lineStart = 0
        var line = 1
        var column = 1
        var previous: Unicode.Scalar = " "
        while true {
            let here = Position(line: line, column: column)
            switch decoder.decode(&iterator) {
            case .emptyInput: return nil
            case .error:
                return (YAMLSyntaxError(at: here, "a byte that is not UTF-8", accepted: "UTF-8 text"), lineStart)
            case .scalarValue(let scalar):
                guard isText(scalar) else {
                    let wrong = "a control character (\(printable(String(scalar))))"
                    return (YAMLSyntaxError(at: here, wrong, accepted: "text without control characters"), lineStart)
                }
                offset += UTF8.width(scalar)
                // CRLF is one line break, which the CR has counted.
                if scalar == "\r" || (scalar == "\n" && previous != "\r") {
                    line += 1
                    column = 1
                } else if scalar != "\n" {
                    column += 1
                }
                if scalar == "\r" || scalar == "\n" { lineStart = offset }
                previous = scalar
            }
        }
    }

    /// What YAML 1.1 allows in a file (section 5.1).
    private static func isText(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D, 0x20...0x7E, 0x85, 0xA0...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }
}
