internal import COpenSSL
internal import Site

/// What a TLS session can be gone on from by a later one with the same peer (RFC 8446, section 2.2; RFC 5077): OpenSSL's
/// session as bytes. Secret as a password is.
package struct TLSTicket: Sendable {
    /// What the peer has shown once; a resumed handshake shows none.
    let certificate: PeerCertificate?
    private let bytes: [UInt8]

    /// Writes a session down; nil where it cannot be resumed.
    init?(_ session: OpaquePointer, _ certificate: PeerCertificate?) {
        guard SSL_SESSION_is_resumable(session) == 1 else { return nil }
        let size = Int(i2d_SSL_SESSION(session, nil))
        guard size > 0 else { return nil }
        let written = [UInt8](unsafeUninitializedCapacity: size) { space, count in
            var place = space.baseAddress
            count = max(0, Int(i2d_SSL_SESSION(session, &place)))
        }
        bytes = Self.withoutCertificate(written) ?? written
        self.certificate = certificate
    }

    /// OpenSSL writes the peer's certificate into the session, as the sequence's element with the tag [3]. To read it again
    /// would take a quarter of the handshake's time, and to keep it most of the memory. Nil for bytes that look otherwise.
    private static func withoutCertificate(_ bytes: [UInt8]) -> [UInt8]? {
        guard let whole = element(bytes[...]), whole.tag == 0x30, whole.end == bytes.endIndex else { return nil }
        var kept: [UInt8] = []
        var place = whole.content
        while place < whole.end {
            guard let next = element(bytes[place..<whole.end]) else { return nil }
            if next.tag != 0xa3 { kept += bytes[place..<next.end] }
            place = next.end
        }
        guard kept.count < 0x1_0000 else { return nil }
        return [0x30, 0x82, UInt8(kept.count >> 8), UInt8(kept.count & 0xff)] + kept
    }

    /// The first element there (X.690, section 8.1): its tag, where its content begins, and where it ends.
    private static func element(_ bytes: ArraySlice<UInt8>) -> (tag: UInt8, content: Int, end: Int)? {
        guard bytes.count >= 2 else { return nil }
        let first = bytes[bytes.startIndex + 1]
        let octets = first < 0x80 ? 0 : Int(first & 0x7f)
        let content = bytes.startIndex + 2 + octets
        guard octets <= 3, content <= bytes.endIndex else { return nil }
        let size = first < 0x80 ? Int(first) : bytes[(content - octets)..<content].reduce(0) { $0 << 8 | Int($1) }
        guard size <= bytes.endIndex - content else { return nil }
        return (bytes[bytes.startIndex], content, content + size)
    }

    /// Has a handshake that is still to begin go on from here; what cannot be used is as good as nothing.
    func use(in ssl: OpaquePointer) {
        bytes.withUnsafeBufferPointer { bytes in
            var place = bytes.baseAddress
            guard let session = d2i_SSL_SESSION(nil, &place, bytes.count) else { return ERR_clear_error() }
            SSL_set_session(ssl, session)
            SSL_SESSION_free(session)
        }
    }
}

/// The session that a conversation may go on from, and the one that a later conversation may. To be used on the
/// conversation's event loop.
package final class Resumption {
    /// Where this one goes on from.
    let offered: TLSTicket?
    /// Whether the peer agreed to that.
    package private(set) var isResumed = false
    /// Where a later one can; nil before the end, and where the peer offers nothing.
    package private(set) var ticket: TLSTicket?

    /// Makes it of what an earlier conversation left.
    package init(from offered: TLSTicket?) { self.offered = offered }

    func ended(_ session: TLSSession) {
        isResumed = session.isResumed
        // Before TLS 1.3 it holds for any number of times, and may not come anew.
        ticket = session.ticket ?? (isResumed && session.isBeforeTLS13 ? offered : nil)
    }
}
