/// What a call into a `TLSSession` brought about, in the order of its properties.
package struct TLSProgress: Hashable, Sendable {
    /// How the peer's side of a session ended.
    package enum End: Hashable, Sendable {
        /// The peer said goodbye (close_notify).
        case peerClosed
        /// The session is of no more use. What is to be drained may hold an alert for the peer.
        case failed(TLSError)
    }

    /// The handshake was finished, which happens once a session.
    package internal(set) var established = false
    /// Nothing more comes from the peer, which is told once a session.
    package internal(set) var end: End?

    /// Nothing was brought about.
    package init() {}
}

/// How much a peer may send beside data, so that a flood of records without any (key updates, tickets, warnings, empty
/// ones) ends, and what OpenSSL answers to them stays bounded.
struct Overhead {
    /// Handshakes take up to about 100 KiB of certificates, and a byte of data a record costs at most 90.
    static let start = Overhead(left: 256 * 1024)
    /// A peer that does send data earns more.
    private static let perByte = 8
    private static let most = 1024 * 1024

    private var left: Int
    var isExhausted: Bool { left < 0 }

    private init(left: Int) { self.left = left }

    /// Both counts are at most some 33 KiB, which keeps the arithmetic far from its limits.
    mutating func account(ciphertext: Int, plaintext: Int) {
        left = min(left - ciphertext + plaintext * (1 + Self.perByte), Self.most)
    }
}
