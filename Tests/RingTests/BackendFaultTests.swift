import RingLab
import Testing

extension RealRing {
    /// The lab's faults of a backend do to an IMAP client what they say.
    @Suite struct BackendFaults {
        @Test func aHealthyBackendTakesTheAccountAndLists() async throws {
            try await withRing(backends: 1) { ring in
                let answers = try await ring.backends[0].imap("LIST \"\" \"%\"", "SELECT INBOX")
                #expect(answers.map { $0.prefix(3) } == ["OK ", "OK ", "OK "])
            }
        }

        @Test func aStoppedOrKilledBackendRefusesConnections() async throws {
            try await withRing(backends: 2) { ring in
                let backend = ring.backends[0]
                try await backend.stop()
                await #expect(throws: LabError.refused("\(backend.address):\(ring.imapPort)")) {
                    try await backend.imap()
                }
                try await backend.start()
                #expect(try await backend.imap().count == 1)
                try await backend.kill()
                await #expect(throws: LabError.refused("\(backend.address):\(ring.imapPort)")) {
                    try await backend.imap()
                }
                #expect(try await ring.backends[1].imap().count == 1, "the others live on")
            }
        }

        @Test func aFrozenBackendAcceptsAndIsSilent() async throws {
            try await withRing(backends: 1) { ring in
                let backend = ring.backends[0]
                try backend.freeze()
                await #expect(throws: LabError.timedOut("\(backend.address):\(ring.imapPort)")) {
                    try await backend.imap(within: .milliseconds(300))
                }
                try backend.thaw()
                #expect(try await backend.imap().count == 1)
                try backend.freeze()
                try await backend.stop()
                await #expect(throws: LabError.refused("\(backend.address):\(ring.imapPort)")) {
                    try await backend.imap()
                }
            }
        }

        @Test func frozenAuthenticationLetsTheLoginHang() async throws {
            try await withRing(backends: 1) { ring in
                let backend = ring.backends[0]
                try await backend.freezeAuth()
                await #expect(throws: LabError.timedOut("\(backend.address):\(ring.imapPort)")) {
                    try await backend.imap(within: .milliseconds(300))
                }
                try backend.thawAuth()
                #expect(try await backend.imap().count == 1)
            }
        }

        @Test func anUnreadableMailboxLetsTheLoginWorkAndListFail() async throws {
            try await withRing(backends: 1) { ring in
                let backend = ring.backends[0]
                for _ in 1...2 {
                    try backend.makeMailboxUnreadable()
                    let answers = try await backend.imap("LIST \"\" \"%\"", "SELECT INBOX")
                    #expect(answers.map { $0.prefix(3) } == ["OK ", "NO ", "NO "])
                    try backend.makeMailboxReadable()
                    let healed = try await backend.imap("LIST \"\" \"%\"", "SELECT INBOX")
                    #expect(healed.map { $0.prefix(3) } == ["OK ", "OK ", "OK "])
                }
            }
        }

        @Test func aChangedPasswordIsRejectedAtOnce() async throws {
            try await withRing(backends: 1) { ring in
                let backend = ring.backends[0]
                try await backend.changePassword()
                let clock = ContinuousClock()
                let start = clock.now
                await #expect(throws: LabError.failed("NO [AUTHENTICATIONFAILED] Authentication failed.")) {
                    try await backend.imap()
                }
                #expect(clock.now - start < .seconds(1))
                try await backend.restorePassword()
            }
        }
    }
}
