/// Foreign bytes as one line of text that is safe in a log and on a terminal, at most `limit` bytes long.
///
/// Control and format characters, line separators and bytes that are not UTF-8 appear as `\r`, `\n`, `\t`, `\xHH` or
/// `\u{H}`; a backslash is doubled, so that the text stays unambiguous. What was cut ends in `…`.
package func printable(_ bytes: some Sequence<UInt8>, limit: Int = 200) -> String {
    // More input than this cannot fit, and a peer chooses how much there is.
    let head = Array(bytes.prefix(limit + 1))
    var text = ""
    var cut = 0
    var rest = head[...]
    while let first = rest.first {
        let width = scalarWidth(rest)
        let piece: String
        if width > 0, let scalar = String(decoding: rest.prefix(width), as: UTF8.self).unicodeScalars.first {
            piece = escaped(scalar)
            rest = rest.dropFirst(width)
        } else {
            piece = "\\x" + hexadecimal(UInt32(first), digits: 2)
            rest = rest.dropFirst()
        }
        text += piece
        if text.utf8.count <= limit - ellipsis.utf8.count { cut = text.utf8.count }
        if text.utf8.count > limit { return String(decoding: text.utf8.prefix(cut), as: UTF8.self) + ellipsis }
    }
    return text
}

/// A text that may hold foreign characters as one safe line; see the overload for bytes.
package func printable(_ text: String, limit: Int = 200) -> String { printable(text.utf8, limit: limit) }

private let ellipsis = "…"

/// The number of bytes of the UTF-8 scalar at the start of `bytes`, 0 when there is no valid one.
private func scalarWidth(_ bytes: ArraySlice<UInt8>) -> Int {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return 0 }
    return UTF8.width(scalar)
}

private func escaped(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\\": return "\\\\"
    case "\r": return "\\r"
    case "\n": return "\\n"
    case "\t": return "\\t"
    default: break
    }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
        return scalar.value < 0x80
            ? "\\x" + hexadecimal(scalar.value, digits: 2) : "\\u{" + hexadecimal(scalar.value, digits: 1) + "}"
    default: return String(scalar)
    }
}

private func hexadecimal(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
}
