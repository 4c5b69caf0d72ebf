internal import Site

/// A line of the director's protocol: fields between TABs, with `\x01` escapes in them.
struct DirectorFields {
    private var fields: [ArraySlice<UInt8>] = []

    init(_ line: ArraySlice<UInt8>) {
        fields.reserveCapacity(8)
        var rest = line
        while let end = rest.place(of: UInt8(ascii: "\t")) {
            fields.append(rest[..<end])
            rest = rest[(end + 1)...]
        }
        fields.append(rest)
    }

    /// The field at `index`, counted from 0; nil where the line is shorter.
    subscript(index: Int) -> String? { index < fields.count ? Self.unescaped(fields[index]) : nil }

    /// The same, where it is a number.
    func number(_ index: Int) -> Int? {
        guard index < fields.count else { return nil }
        return Self.digits(fields[index]) ?? Int(Self.unescaped(fields[index]))
    }

    /// Of digits alone, as nearly all are: a text made of each would cost more than all else of a row.
    private static func digits(_ field: ArraySlice<UInt8>) -> Int? {
        guard !field.isEmpty else { return nil }
        var number = 0
        for byte in field {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            let (product, isTooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, isTooMuch) = product.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
            guard !isTooLarge, !isTooMuch else { return nil }
            number = sum
        }
        return number
    }

    /// Dovecot's str_tabunescape(): `\x01` and a letter stand for the bytes that the protocol itself uses.
    private static func unescaped(_ field: ArraySlice<UInt8>) -> String {
        guard field.place(of: 0x01) != nil else { return String(decoding: field, as: UTF8.self) }
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
