import ScriptedPeers
import Site
import Testing

/// Servers that go away, or say nothing, in each turn of each protocol.
@Suite(.timeLimit(.minutes(2))) struct BrokenConversationTests {
    private func peer(
        _ place: Place, _ instead: @escaping @Sendable (PeerConnection, GoodServer.Turn) async throws -> Void
    ) async throws -> (peer: ScriptedPeer, service: Service) {
        let peer = try await ScriptedPeer.start(place.server.script(until: place.number, instead: instead))
        return (peer, Service(place.server.mailProtocol, port: peer.port))
    }

    @Test(
        "A server that closes is told with the phase it was in; a goodbye that is not answered is none to miss",
        arguments: Place.all)
    func closes(place: Place) async throws {
        let (peer, service) = try await peer(place) { _, _ in }
        let poll = try await WatchedPoll.of(service)
        if place.turn.phase == .logout {
            poll.expectSuccess(service, place.server.phases)
        } else {
            poll.expectFailure(service, place.turn.phase, .closed, "connection closed by the peer")
        }
        #expect(peer.complaints == [])
        await peer.stop()
    }

    @Test("So is one that resets the connection", arguments: Place.all)
    func resets(place: Place) async throws {
        let (peer, service) = try await peer(place) { connection, _ in try await connection.reset() }
        let poll = try await WatchedPoll.of(service)
        if place.turn.phase == .logout {
            poll.expectSuccess(service, place.server.phases)
        } else if place.turn.after == nil {
            // The reset may come before the client has seen that it is connected.
            let phase = try #require(poll.report.failure?.phase)
            #expect([.connect, .greeting].contains(phase))
            poll.expectFailure(service, phase, .closed, "Connection reset by peer")
        } else {
            poll.expectFailure(service, place.turn.phase, .closed, "Connection reset by peer")
        }
        await peer.stop()
    }

    @Test("One that falls silent runs into the deadline, in that phase", arguments: Place.all)
    func falls(place: Place) async throws {
        let (peer, service) = try await peer(place) { connection, _ in try await connection.silence() }
        let poll = try await WatchedPoll.timingOut(service, in: place.turn.phase)
        if place.turn.phase == .logout {
            poll.expectSuccess(service, place.server.phases)
        } else {
            poll.expectFailure(service, place.turn.phase, .timeout, "no answer in time")
        }
        await peer.stop()
    }

    @Test("One that drips too slowly runs into the deadline just so: bytes do not prolong it", arguments: Place.all)
    func dripsTooSlowly(place: Place) async throws {
        let (peer, service) = try await peer(place) { try await $0.drip($1.says, every: .seconds(2)) }
        let poll = try await WatchedPoll.timingOut(service, in: place.turn.phase)
        if place.turn.phase == .logout {
            poll.expectSuccess(service, place.server.phases)
        } else {
            poll.expectFailure(service, place.turn.phase, .timeout, "no answer in time")
        }
        await peer.stop()
    }

    @Test("One that drips byte by byte, in time, is well", arguments: GoodServer.all)
    func dripsInTime(server: GoodServer) async throws {
        let peer = try await ScriptedPeer.start { connection in
            for turn in server.turns {
                if let words = turn.after { try await connection.expect(words) }
                try await connection.drip(turn.says, every: .milliseconds(1))
            }
        }
        let service = Service(server.mailProtocol, port: peer.port)
        try await WatchedPoll.of(service).expectSuccess(service, server.phases)
        #expect(peer.complaints == [])
        await peer.stop()
    }

    @Test(
        "A server that says all that is to be said is well, over IPv4 and IPv6", arguments: GoodServer.all,
        ["127.0.0.1", "::1"])
    func good(server: GoodServer, address: String) async throws {
        let peer = try await ScriptedPeer.start(on: address, server.script())
        let service = Service(server.mailProtocol, port: peer.port)
        try await WatchedPoll.of(service, at: address).expectSuccess(service, at: address, server.phases)
        await peer.waitUntilEnded(1)
        #expect(peer.complaints == [])
        await peer.stop()
    }

    @Test(
        "A port at which nothing listens refuses, over IPv4 and IPv6", arguments: GoodServer.all, ["127.0.0.1", "::1"])
    func refused(server: GoodServer, address: String) async throws {
        let port = try RefusedPort(isIPv6: address == "::1")
        let service = Service(server.mailProtocol, port: port.number)
        let poll = try await WatchedPoll.of(service, at: address)
        poll.expectFailure(service, at: address, .connect, .refused, "Connection refused")
        withExtendedLifetime(port) {}
    }
}
