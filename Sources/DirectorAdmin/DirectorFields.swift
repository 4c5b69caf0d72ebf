/// A line of the director's protocol: fields between TABs, with `\x01` escapes in them.
struct DirectorFields {
    private let fields: [String]

    init(_ line: ArraySlice<UInt8>) {
        fields = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false).map(Self.unescaped)
    }

    /// The field at `index`, counted from 0; nil where the line is shorter.
    subscript(index: Int) -> String? { index < fields.count ? fields[index] : nil }

    /// Dovecot's str_tabunescape(): `\x01` and a letter stand for the bytes that the protocol itself uses.
    private static func unescaped(_ field: ArraySlice<UInt8>) -> String {
        guard field.contains(0x01) else { return String(decoding: field, as: UTF8.self) }
        var bytes: [UInt8] = []
        var iterator = field.makeIterator()
        while let byte = iterator.next() {
            guard byte == 0x01, let letter = iterator.next() else {
                bytes.append(byte)
                continue
            }
            switch letter {
            case UInt8(ascii: "0"): bytes.append(0x00)
            case UInt8(ascii: "1"): bytes.append(0x01)
            case UInt8(ascii: "t"): bytes.append(UInt8(ascii: "\t"))
            case UInt8(ascii: "r"): bytes.append(UInt8(ascii: "\r"))
            case UInt8(ascii: "n"): bytes.append(UInt8(ascii: "\n"))
            default: bytes.append(letter)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
