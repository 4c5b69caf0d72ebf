/// A response that holds literals, put together from its lines; bounded, whatever a server sends.
struct IMAPAssembly: Sendable {
    private var pieces: [IMAPPiece] = []
    /// A literal was too large, or nobody wants it: the response is only read to its end.
    private var isDropped = false
    private var awaitsLiteral = false

    /// A line ends with a literal's announcement; whether the literal is to be read, and not passed over.
    mutating func literalAnnounced(_ literal: IMAPLiteral, in line: ArraySlice<UInt8>, isWanted: Bool) -> Bool {
        guard isWanted, !isDropped, literal.count <= IMAPVisit.literalLimit, pieces.count < 8 else {
            isDropped = true
            pieces = []
            return false
        }
        pieces.append(.text(Array(line[..<literal.start])[...]))
        awaitsLiteral = true
        return true
    }

    /// Takes in the literal that is to be read; false when none is, and the line goes on with the response.
    mutating func literalReceived(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard awaitsLiteral else { return false }
        awaitsLiteral = false
        pieces.append(.literal(Array(bytes)[...]))
        return true
    }

    /// The whole response with its last line; nil when it was dropped.
    func ended(_ line: ArraySlice<UInt8>) -> [IMAPPiece]? { isDropped ? nil : pieces + [.text(line)] }
}
