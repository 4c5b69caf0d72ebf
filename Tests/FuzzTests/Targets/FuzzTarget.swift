/// A parser of foreign bytes under whatever input: the fuzzer's and the corpus's.
package struct FuzzTarget: Sendable {
    /// Its name: that of its corpus's directory, and of `make fuzz TARGET=…`.
    package let name: String
    /// Feeds the input to the parser. It must neither trap nor hang; what else should hold and does not, it gives as text.
    package let complaints: @Sendable ([UInt8]) -> [String]

    /// All there are. A new one needs a line here, and a directory in `Fuzz/Corpus`.
    package static let all =
        PollTarget.all + [
            FuzzTarget(name: "host-list", complaints: DirectorTarget.list),
            FuzzTarget(name: "director-reply", complaints: DirectorTarget.reply),
            FuzzTarget(name: "state", complaints: StateTarget.complaints),
            FuzzTarget(name: "settings", complaints: FileTarget.settings),
            FuzzTarget(name: "accounts", complaints: FileTarget.accounts),
            FuzzTarget(name: "poolmon", complaints: FileTarget.poolmon),
        ]
}

/// Gathers what does not hold.
struct Complaints {
    private(set) var texts: [String] = []

    /// Notes `text` unless the condition holds.
    mutating func unless(_ holds: Bool, _ text: @autoclosure () -> String) {
        if !holds { texts.append(text()) }
    }
}

/// Cuts bytes into pieces of 1 to 64, by their own values and a number that the input chooses too.
func pieces(_ bytes: ArraySlice<UInt8>, by number: UInt8) -> [ArraySlice<UInt8>] {
    var pieces: [ArraySlice<UInt8>] = []
    var rest = bytes
    while let first = rest.first {
        let piece = rest.prefix(1 + Int((first &+ number) % 64))
        pieces.append(piece)
        rest = rest.dropFirst(piece.count)
    }
    return pieces
}

/// Whether it is one line for people: no control characters, and no more bytes than that.
func isShowable(_ text: String, limit: Int) -> Bool {
    text.utf8.count <= limit && !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
}
