internal import Site
internal import Transport

/// The TLS sessions that polls may resume: one for each service of each backend. Loop-confined.
///
/// A resumed handshake proves that the backend has the session's key, not that its certificate is still the same: every ten
/// minutes, and behind any failure, it has to be shown.
final class KeptSessions {
    private struct Key: Hashable {
        let address: IPAddress
        let service: Service
    }

    struct Session {
        let ticket: TLSTicket
        let context: TLSContext
        let identity: PeerIdentity?
        /// When the certificate was shown.
        let shown: Instant
    }

    private static let lifetime = Duration.seconds(600)
    private var kept: [Key: Session] = [:]
    private var swept = Instant.origin

    /// Hands a session over to be resumed, once, by who would make the very same.
    func take(
        _ address: IPAddress, _ service: Service, _ context: TLSContext, _ identity: PeerIdentity?, at now: Instant
    ) -> Session? {
        guard let session = kept.removeValue(forKey: Key(address: address, service: service)),
            session.context === context, session.identity == identity, now - session.shown < Self.lifetime
        else { return nil }
        return session
    }

    /// Keeps a session for the next poll.
    func keep(_ session: Session, _ address: IPAddress, _ service: Service, at now: Instant) {
        kept[Key(address: address, service: service)] = session
        guard now - swept > Self.lifetime else { return }
        swept = now
        kept = kept.filter { now - $0.value.shown < Self.lifetime }
    }

    var count: Int { kept.count }
}
