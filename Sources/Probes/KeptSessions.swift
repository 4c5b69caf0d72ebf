internal import Site
internal import Transport

/// The TLS sessions that polls may resume: one for each service of each backend. Loop-confined.
///
/// A resumed handshake proves that the backend has the session's key, not that its certificate is still the same: every ten
/// minutes, and behind any failure of the backend, it has to be shown.
final class KeptSessions {
    struct Session {
        let ticket: TLSTicket
        let context: TLSContext
        let identity: PeerIdentity?
        /// When the certificate was shown.
        let shown: Instant
        /// When the poll was begun that it was kept of.
        fileprivate(set) var kept = Instant.origin

        init(ticket: TLSTicket, context: TLSContext, identity: PeerIdentity?, shown: Instant) {
            self.ticket = ticket
            self.context = context
            self.identity = identity
            self.shown = shown
        }
    }

    private struct Backend {
        var sessions: [Service: Session] = [:]
        /// What was shown before is not believed any more.
        var doubted = Instant.origin
    }

    private static let lifetime = Duration.seconds(600)
    private var backends: [IPAddress: Backend] = [:]
    private var swept = Instant.origin

    /// Hands a session over to be resumed, once, by who would make the very same: not where the poll behind this one, as far from
    /// it as this one is from the last, would be too late for the next full handshake.
    func take(
        _ address: IPAddress, _ service: Service, _ context: TLSContext, _ identity: PeerIdentity?, at now: Instant
    ) -> Session? {
        guard let session = backends[address]?.sessions.removeValue(forKey: service),
            session.context === context, session.identity == identity,
            (now - session.shown) + (now - session.kept) < Self.lifetime
        else { return nil }
        return session
    }

    /// Keeps a session for the next poll.
    func keep(_ session: Session, _ address: IPAddress, _ service: Service, at now: Instant) {
        guard session.shown >= backends[address]?.doubted ?? .origin else { return }
        var session = session
        session.kept = now
        backends[address, default: Backend()].sessions[service] = session
        sweep(at: now)
    }

    /// Something is wrong with a backend, whichever of its services that was seen at: also a poll that is under way has gone on
    /// from what may be another server's by now.
    func forget(_ address: IPAddress, at now: Instant) {
        backends[address] = Backend(doubted: now)
        sweep(at: now)
    }

    /// Backends come and go.
    private func sweep(at now: Instant) {
        guard now - swept > Self.lifetime else { return }
        swept = now
        backends = backends.compactMapValues { backend in
            var backend = backend
            backend.sessions = backend.sessions.filter { now - $0.value.shown < Self.lifetime }
            return backend.sessions.isEmpty && now - backend.doubted >= Self.lifetime ? nil : backend
        }
    }

    var count: Int { backends.values.reduce(0) { $0 + $1.sessions.count } }
}
