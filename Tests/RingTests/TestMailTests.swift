import NIOCore
import NIOPosix
import Probes
import RingLab
import Site
import Testing
import Transport

extension RealRing {
    /// Polls that write, find and remove messages in a real Dovecot's mailbox.
    @Suite struct TestMailTests {
        @Test func `Appending, finding and expunging leaves a mailbox as it was`() async throws {
            try await withRing(directors: 1, backends: 1) { ring in
                let monitor = try Monitor(ring, imap: IMAPChecks(selects: true, appends: true, removal: .marked))
                for _ in 1...3 { #expect(try await monitor.poll(.imap).isWholeSuccess) }
                #expect(try await ring.backends[0].messages() == [])
                try await ring.backends[0].saveStrangersMail()
                let before = try await ring.backends[0].messages()
                for _ in 1...3 { #expect(try await monitor.poll(.imap).isWholeSuccess) }
                #expect(try await ring.backends[0].messages() == before)
            }
        }

        @Test func `Strangers' mail stays untouched, what they flagged as deleted too`() async throws {
            try await withRing(directors: 1, backends: 1) { ring in
                let backend = ring.backends[0]
                try await backend.saveStrangersMail()
                let before = try await backend.messages()
                #expect(before.count == 6 && before.count { $0.flags.contains("\\Deleted") } == 2)
                // What is left over of earlier runs goes, so that there is something to remove.
                let marks = ["mon.example/a1/1000000000/0000000000000001", "other/b/1000000000/0000000000000002"]
                let monitor = try Monitor(
                    ring, imap: IMAPChecks(selects: true, appends: true, removal: .marked),
                    pop3: POP3Checks(stats: true, removal: .marked))
                for service in [MailProtocol.imap, .pop3] {
                    for mark in marks {
                        try await backend.save(subject: "left over", header: "X-Dovemon-Test: \(mark)\n")
                    }
                    #expect(try await backend.messages().count == 8)
                    for _ in 1...2 { #expect(try await monitor.poll(service).isWholeSuccess) }
                    #expect(try await backend.messages() == before)
                }
            }
        }

        @Test func `What LMTP delivers is found over IMAP, and removed`() async throws {
            try await withRing(directors: 1, backends: 1) { ring in
                let backend = ring.backends[0]
                let delivering = try Monitor(
                    ring, imap: IMAPChecks(selects: true), lmtp: LMTPChecks(tests: true, delivers: true))
                let delivery = try await delivering.poll(.lmtp)
                #expect(delivery.isWholeSuccess)
                let id = try #require(delivery.deliveredMessage)
                #expect(try await backend.messages().map(\.mark) == [id])
                #expect(try await delivering.poll(.imap, expecting: id).isWholeSuccess)
                #expect(try await backend.messages().map(\.mark) == [id])

                let lost = "mon.example/a1/1/0000000000000001"
                #expect(try await delivering.poll(.imap, expecting: lost).failure?.kind == .messageLost)

                let removing = try Monitor(
                    ring, imap: IMAPChecks(selects: true, removal: .marked), lmtp: LMTPChecks(delivers: true))
                // It is young: only who has found it removes it.
                #expect(try await removing.poll(.imap).isWholeSuccess)
                #expect(try await backend.messages().map(\.mark) == [id])
                #expect(try await removing.poll(.imap, expecting: id).isWholeSuccess)
                #expect(try await backend.messages() == [])
            }
        }

        @Test func `Trying the recipient delivers nothing`() async throws {
            try await withRing(directors: 1, backends: 1) { ring in
                let report = try await Monitor(ring, lmtp: LMTPChecks(tests: true)).poll(.lmtp)
                #expect(report.isWholeSuccess && report.deliveredMessage == nil)
                #expect(try await ring.backends[0].messages() == [])
            }
        }

        @Test func `POP3 deletes what LMTP delivers`() async throws {
            try await withRing(directors: 1, backends: 1) { ring in
                let backend = ring.backends[0]
                try await backend.saveStrangersMail()
                let before = try await backend.messages()
                let monitor = try Monitor(
                    ring, pop3: POP3Checks(stats: true, removal: .marked), lmtp: LMTPChecks(delivers: true))
                #expect(try await monitor.poll(.lmtp).isWholeSuccess)
                try await backend.save(
                    subject: "left over", header: "X-Dovemon-Test: mon.example/a1/1000000000/0000000000000001\n")
                #expect(try await backend.messages().count == before.count + 2)
                #expect(try await monitor.poll(.pop3).isWholeSuccess)
                // The one just delivered is not old enough to be left over.
                #expect(try await backend.messages().dropLast() == before[...])
                #expect(try await backend.messages().count == before.count + 1)
            }
        }

        @Test func `Two monitors on one account find theirs, and leave each other's`() async throws {
            try await withRing(directors: 1, backends: 1) { ring in
                let backend = ring.backends[0]
                let checks = IMAPChecks(selects: true, appends: true, removal: .marked)
                let pop3 = POP3Checks(stats: true, removal: .marked)
                let first = try Monitor(ring, imap: checks, pop3: pop3, lmtp: LMTPChecks(delivers: true))
                let second = try Monitor(
                    ring, instance: "a2", imap: checks, pop3: pop3, lmtp: LMTPChecks(delivers: true))
                // What the one has delivered outlives whatever the other does, until it is found.
                let id = try #require(try await first.poll(.lmtp).deliveredMessage)
                for service in [MailProtocol.imap, .pop3] { #expect(try await second.poll(service).isWholeSuccess) }
                #expect(try await first.poll(.imap, expecting: id).isWholeSuccess)
                #expect(try await backend.messages() == [])
                // Both at once, over and over.
                for _ in 1...5 {
                    async let one = [first.poll(.imap), first.poll(.pop3), first.poll(.imap)]
                    async let other = [second.poll(.imap), second.poll(.pop3), second.poll(.imap)]
                    for report in try await one + other { #expect(report.isWholeSuccess, "\(report)") }
                }
                #expect(try await backend.messages() == [])
            }
        }

        @Test func `All mail goes where that is asked for`() async throws {
            try await withRing(directors: 1, backends: 1) { ring in
                let backend = ring.backends[0]
                let monitor = try Monitor(
                    ring, imap: IMAPChecks(selects: true, removal: .all), pop3: POP3Checks(stats: true, removal: .all))
                for service in [MailProtocol.imap, .pop3] {
                    try await backend.saveStrangersMail()
                    for _ in 1...2 { #expect(try await monitor.poll(service).isWholeSuccess) }
                    #expect(try await backend.messages() == [])
                }
            }
        }

        @Test func `What is in the index alone is not there`() async throws {
            try await withRing(directors: 1, backends: 1) { ring in
                let backend = ring.backends[0]
                let monitor = try Monitor(ring, imap: IMAPChecks(selects: true), lmtp: LMTPChecks(delivers: true))
                let id = try #require(try await monitor.poll(.lmtp).deliveredMessage)
                // The first look puts into the index what the second one goes by.
                #expect(try await monitor.poll(.imap, expecting: id).isWholeSuccess)
                try backend.makeMessagesUnreadable()
                let failure = try #require(try await monitor.poll(.imap, expecting: id).failure)
                // Dovecot 2.3 says goodbye with it.
                #expect(failure.kind == .rejected && failure.text.hasPrefix("FETCH failed: "), "\(failure)")
                #expect(try await backend.messages().map(\.mark) == [id])
            }
        }

        @Test func `A mailbox that is full of test messages takes new ones again after one failure`() async throws {
            try await withRing(directors: 1, backends: 1) { ring in
                let backend = ring.backends[0]
                try await backend.save(subject: "stranger")
                for number in 1...3 {
                    try await backend.save(
                        subject: "left over",
                        header: "X-Dovemon-Test: mon.example/a1/1000000000/000000000000000\(number)\n")
                }
                try await backend.limit(messages: 4)
                let checks = IMAPChecks(selects: true, appends: true, removal: .marked)
                let monitor = try Monitor(ring, imap: checks, lmtp: LMTPChecks(delivers: true))
                let full = try #require(try await monitor.poll(.imap).failure)
                #expect(full.code == "OVERQUOTA" && full.text.hasPrefix("APPEND: "), "\(full)")
                #expect(try await backend.messages().map(\.subject) == ["stranger"])
                #expect(try await monitor.poll(.imap).isWholeSuccess)

                // And so it is where LMTP is refused, and the IMAP poll of its round has nothing to find.
                try await backend.limit(messages: 2)
                try await backend.save(
                    subject: "left over", header: "X-Dovemon-Test: mon.example/a1/1000000000/0000000000000004\n")
                let removing = try Monitor(
                    ring, imap: IMAPChecks(selects: true, removal: .marked), lmtp: LMTPChecks(delivers: true))
                #expect(try await removing.poll(.lmtp).failure?.kind == .rejected)
                #expect(try await removing.poll(.imap).isWholeSuccess)
                let id = try await removing.poll(.lmtp).deliveredMessage
                #expect(id != nil)
                #expect(try await removing.poll(.imap, expecting: id).isWholeSuccess)
                #expect(try await backend.messages().map(\.subject) == ["stranger"])
            }
        }

        @Test func `A mailbox that cannot be written to is a refusal`() async throws {
            try await withRing(directors: 1, backends: 1) { ring in
                let monitor = try Monitor(ring, imap: IMAPChecks(lists: false, selects: true, appends: true))
                try ring.backends[0].makeMailboxUnreadable()
                let failure = try #require(try await monitor.poll(.imap).failure)
                #expect(failure.phase == .command && failure.kind == .rejected)
                #expect(failure.text.hasPrefix("APPEND: "))
            }
        }
    }
}

/// One monitor's way of polling a ring's first backend.
private struct Monitor: Sendable {
    private let ring: Ring
    private let options: PollOptions
    private let loop: Reactor
    private let address: IPAddress

    init(
        _ ring: Ring, instance: String = "a1", imap: IMAPChecks = IMAPChecks(), pop3: POP3Checks = POP3Checks(),
        lmtp: LMTPChecks = LMTPChecks()
    ) throws {
        self.ring = ring
        options = PollOptions(clientName: "mon.example", instance: instance, imap: imap, pop3: pop3, lmtp: lmtp)
        loop = try Reactor()
        address = try #require(IPAddress(ring.backends[0].address))
    }

    func poll(_ mailProtocol: MailProtocol, expecting id: String? = nil) async throws -> PollReport {
        let port =
            switch mailProtocol {
            case .pop3: ring.pop3Port
            case .lmtp: ring.lmtpPort
            default: ring.imapPort
            }
        let account = Account(username: ring.account.username, password: Password(ring.account.password))
        let plan = PollPlan(
            service: Service(mailProtocol, port: port), account: account, options: options, expectedMessage: id)
        let tls = TLSContexts()
        return try await loop.flatSubmit { [loop, address] in
            let done = loop.makePromise(of: PollReport.self)
            Prober(connector: Connector(loop: loop), tls: tls)
                .poll(address, plan: plan, within: .seconds(10)) { done.succeed($0) }
            return done.futureResult
        }.get()
    }
}

extension PollReport {
    /// Whether nothing went wrong, and nothing was noticed.
    fileprivate var isWholeSuccess: Bool { succeeded && warnings.isEmpty }
}
