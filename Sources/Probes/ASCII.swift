internal import Site

/// Protocol words are ASCII and compare without regard to case.
extension RandomAccessCollection<UInt8> {
    /// Whether it begins with `word`, which is given in capitals.
    func hasPrefix(_ word: StaticString) -> Bool {
        guard count >= word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { expected in
            zip(self, expected).allSatisfy { $0.uppercased == $1 }
        }
    }

    /// Whether it is `word`, which is given in capitals.
    func equals(_ word: StaticString) -> Bool { count == word.utf8CodeUnitCount && hasPrefix(word) }
}

extension ArraySlice<UInt8> {
    /// The first word and what follows the space behind it.
    var firstWord: (word: ArraySlice<UInt8>, rest: ArraySlice<UInt8>) {
        guard let space = place(of: UInt8(ascii: " ")) else { return (self, self[endIndex...]) }
        return (self[..<space], self[(space + 1)...])
    }

    /// The content of a bracketed response code at the start, and the text behind it.
    ///
    /// `[AUTH] Wrong password` gives `AUTH` and `Wrong password`; a text without a code gives nil and itself.
    var responseCode: (code: ArraySlice<UInt8>?, text: ArraySlice<UInt8>) {
        guard first == UInt8(ascii: "["), let end = place(of: UInt8(ascii: "]")) else { return (nil, self) }
        let text = self[(end + 1)...]
        return (self[(startIndex + 1)..<end], text.first == UInt8(ascii: " ") ? text.dropFirst() : text)
    }
}

extension UInt8 {
    /// The capital of an ASCII letter, any other byte as it is.
    var uppercased: UInt8 { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) ? self - 32 : self }
}
