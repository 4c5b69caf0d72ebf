/// Writes JSON (RFC 8259) as it comes: the state behind each of thousands of commands, and lines of the log by the thousand, for
/// which an encoder that makes a tree of objects first would take longer than all the rest.
struct JSONText {
    private(set) var bytes: [UInt8] = []
    private var isFirst = true

    /// An object; `members` writes what is in it.
    mutating func object(_ members: (inout JSONText) -> Void) {
        bytes.append(UInt8(ascii: "{"))
        isFirst = true
        members(&self)
        bytes.append(UInt8(ascii: "}"))
        isFirst = false
    }

    /// A member that is an object. Where `startsLine`, for those who read the file.
    mutating func member(_ name: String, startsLine: Bool = false, _ members: (inout JSONText) -> Void) {
        key(name, startsLine: startsLine)
        object(members)
    }

    mutating func member(_ name: String, _ value: String) {
        key(name)
        string(value)
    }

    mutating func member(_ name: String, _ value: Bool) { plain(name, value ? "true" : "false") }

    /// Left out where it is nil.
    mutating func member(_ name: String, _ value: Int?) { if let value { plain(name, "\(value)") } }

    /// The same of a finite number: JSON has no others.
    mutating func member(_ name: String, _ value: Double?) { if let value { plain(name, "\(value)") } }

    mutating func member(_ name: String, _ values: [some LosslessStringConvertible & Numeric]) {
        plain(name, "[\(values.map(\.description).joined(separator: ","))]")
    }

    private mutating func plain(_ name: String, _ value: String) {
        key(name)
        bytes += value.utf8
    }

    private mutating func key(_ name: String, startsLine: Bool = false) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        if startsLine { bytes.append(UInt8(ascii: "\n")) }
        string(name)
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): bytes += #"\n"#.utf8
            case UInt8(ascii: "\r"): bytes += #"\r"#.utf8
            case UInt8(ascii: "\t"): bytes += #"\t"#.utf8
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                bytes += #"\u00"#.utf8
                bytes += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
