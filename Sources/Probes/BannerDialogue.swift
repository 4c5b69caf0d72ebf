internal import Site

/// A poll of a protocol that is not known here: the server has to send a line, whatever is in it.
struct BannerDialogue: Dialogue {
    private(set) var phase = Phase.greeting

    mutating func lineReceived(_ line: ArraySlice<UInt8>) -> Turn {
        phase = .logout
        return .done
    }
}
