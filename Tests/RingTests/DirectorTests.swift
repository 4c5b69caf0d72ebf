import RingLab
import Testing

extension RealRing {
    /// The lab's ring behaves as a ring of directors does.
    @Suite struct Directors {
        @Test func theRingComesUpWithAllBackends() async throws {
            try await withRing { ring in
                for director in ring.directors {
                    let hosts = try await director.hostList()
                    #expect(hosts.map(\.address) == ring.backends.map(\.address))
                    #expect(hosts.allSatisfy { $0.state == .up && $0.vhosts == 100 && $0.users == 0 })
                }
                let status = try await ring.directors[0].doveadm("director", "status")
                for backend in ring.backends { #expect(status.contains("\(backend.address) ")) }
            }
        }

        @Test func aDownIsSeenOnAllDirectorsAndAResetMovesTheUsers() async throws {
            try await withRing { ring in
                try await ring.logIn(users: (1...12).map { "user\($0)" })
                let busy = try #require(try await ring.directors[0].hostList().max { $0.users < $1.users })
                let backend = try #require(ring.backends.first { $0.address == busy.address })
                #expect(busy.users > 0)
                #expect(try await ring.directors[1].command("HOST-DOWN\t\(busy.address)") == "OK")
                try await ring.waitUntil(backend, is: .down, within: .seconds(5))
                #expect(try await ring.directors[1].command("HOST-RESET-USERS\t\(busy.address)") == "OK")
                try await waitUntil("the users to move", within: .seconds(10)) {
                    let hosts = try await ring.directors[0].hostList()
                    return hosts.first { $0.address == busy.address }?.users == 0
                        && hosts.map(\.users).reduce(0, +) == 12
                }
            }
        }

        @Test func aKilledDirectorProcessIsReplacedAndLearnsWhoIsDown() async throws {
            try await withRing { ring in
                let (director, backend) = (ring.directors[0], ring.backends[0])
                #expect(try await director.command("HOST-DOWN\t\(backend.address)") == "OK")
                let before = try director.directorProcesses()
                try director.killDirectorProcess()
                try await waitUntil("another director process", within: .seconds(20)) {
                    // Connecting is what makes the master start one.
                    _ = try await director.ringStatus()
                    return try director.directorProcesses() != before
                }
                try await ring.waitUntilSynced()
                try await ring.waitUntil(backend, is: .down, within: .seconds(5))
            }
        }

        @Test func aFrozenDirectorPutsTheRingOutOfSync() async throws {
            try await withRing { ring in
                let frozen = ring.directors[1]
                try frozen.freezeDirectorProcess()
                await #expect(throws: LabError.self) { try await frozen.hostList(within: .milliseconds(300)) }
                // Its reply comes when the ring heals, or after 30 s.
                let address = ring.backends[0].address
                async let reply = ring.directors[0].command("HOST-DOWN\t\(address)")
                try await waitUntil("the ring to be out of sync", within: .seconds(5)) {
                    try await ring.directors[0].ringStatus() != "ring synced"
                }
                try frozen.thawDirectorProcess()
                #expect(try await reply == "OK")
                try await ring.waitUntil(ring.backends[0], is: .down, within: .seconds(5))
            }
        }

        @Test func aRestartOfAllDirectorsForgetsWhoIsDown() async throws {
            try await withRing { ring in
                #expect(try await ring.directors[0].command("HOST-DOWN\t\(ring.backends[0].address)") == "OK")
                try await ring.waitUntil(ring.backends[0], is: .down, within: .seconds(5))
                try await ring.restartDirectors()
                try await ring.waitUntil(ring.backends[0], is: .up, within: .seconds(5))
            }
        }

        @Test func backendsComeAndGo() async throws {
            try await withRing(backends: 2) { ring in
                let backend = try await ring.addBackend()
                try await ring.waitUntil(backend, is: .up, within: .seconds(5))
                #expect(try await backend.imap().count == 1)
                try await ring.logIn(users: (1...12).map { "user\($0)" })
                try await ring.removeBackend(backend)
                try await waitUntil("the backend to be gone from all directors", within: .seconds(5)) {
                    for director in ring.directors where try await director.host(backend.address) != nil {
                        return false
                    }
                    return true
                }
                #expect(ring.backends.count == 2)
            }
        }
    }
}
