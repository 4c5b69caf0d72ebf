import DirectorAdmin
import Site
import Testing

@testable import Health
@testable import Monitor

/// What is remembered for people who ask later.
@Suite struct ChronicleTests {
    private let time = LogTime(milliseconds: 1_000)
    private let goodPoll = Watch.report(nil)
    private var chronicle = Chronicle(startedAt: LogTime(milliseconds: 0))

    private func host(_ state: HostState, _ spelling: String = "10.0.0.1") throws -> Host {
        Host(
            address: try #require(IPAddress(spelling)), spelling: spelling, vhosts: 100, users: 0, tag: "",
            state: state,
            lastChange: 0)
    }

    private mutating func tell(_ event: MonitorEvent, _ condition: BackendCondition = .unknown) {
        chronicle.told(event, condition: { _ in condition }, at: .origin, time)
    }

    @Test mutating func `a change is remembered with its reason, and a good poll is none`() throws {
        let host = try host(.down)
        let fault = Fault(
            service: imap, streak: .init(count: 3, since: .origin, latest: refused), lasting: .seconds(20))
        tell(.stateChanged(host, .command(.ok, took: .zero), fault), .down)
        let revision = chronicle.revision
        chronicle.pollEnded(imap, of: host.address, goodPoll, .down, at: .origin, time)
        #expect(chronicle.revision == revision)
        let change = try #require(chronicle[host.address]?.lastChange)
        #expect(change.isOwn && change.state == .down && change.time == time)
        #expect(change.reason?.text == "imap:143 connect refused: Connection refused")
        #expect(chronicle.entries(atMost: 10).map(\.line.event) == ["state_changed"])
        #expect(chronicle[host.address]?.history.steps(at: .origin).letters == "d")
        chronicle.pollEnded(imap, of: host.address, goodPoll, .up, at: .origin, time)
        #expect(chronicle.revision > revision)
    }

    @Test mutating func `a backend's events are those that name it, alone or among others`() throws {
        let guarded = GuardedDowns(
            tag: "", hosts: [try host(.up), try host(.up, "10.0.0.11")], count: 2, unnamed: 0, healthy: 0, needed: 1,
            pool: 2, lasting: .zero)
        tell(.director(.guardWithholds(guarded)))
        tell(.sentinelLost(backend: "10.0.0.11", "gone"))
        tell(.sentinelLost(backend: "10.0.0.1", "gone"))
        #expect(chronicle.entries(of: "10.0.0.1", atMost: 9).map(\.line.event) == ["guard_withholds", "sentinel_lost"])
        #expect(chronicle.entries(of: "10.0.0.1", atMost: 1).map(\.line.event) == ["sentinel_lost"])
        #expect(chronicle.entries(atMost: 9).count == 3)
    }

    @Test mutating func `a backend that goes on failing fills no memory`() {
        for number in 1...50 {
            tell(.pollFailed(backend: "10.0.0.1", imap, goodPoll, refused, failures: number, needed: 3))
            tell(.pollSucceeded(backend: "10.0.0.1", imap, goodPoll))
        }
        #expect(chronicle.entries(atMost: 100).count == 3)
    }

    @Test mutating func `the latest events are kept, and the oldest go`() {
        for number in 0..<(Chronicle.entryLimit + 5) { tell(.sentinelLost(backend: "10.0.0.1", "\(number)")) }
        let entries = chronicle.entries(atMost: .max)
        #expect(entries.count == Chronicle.entryLimit)
        #expect(entries.first?.line.fields.all.contains { $0.value == "5" } == true)
    }

    @Test mutating func `a backend that is gone is forgotten`() throws {
        let host = try host(.up)
        chronicle.pollEnded(imap, of: host.address, goodPoll, .up, at: .origin, time)
        tell(.director(.hostDisappeared(host)))
        #expect(chronicle[host.address] == nil)
    }

    @Test mutating func `a command and its answer are part of the story`() throws {
        let command = DirectorCommand(.hostDown, try host(.up))
        chronicle.sent(command, at: time)
        chronicle.ended(command, .ringSyncTimedOut, at: time)
        #expect(
            chronicle.entries(atMost: 9).map(\.line.text) == [
                "backend=10.0.0.1 command=HOST-DOWN",
                "backend=10.0.0.1 command=HOST-DOWN reply=\"Ring sync timed out\"",
            ])
    }

    @Test mutating func `since when the director can be read is known`() throws {
        func asked(isHeard: Bool, at milliseconds: Int) {
            chronicle.directorAsked(
                isHeard: isHeard, at: .origin + .milliseconds(milliseconds), LogTime(milliseconds: milliseconds))
        }
        #expect(chronicle.isInContact == nil)
        asked(isHeard: false, at: 1)
        asked(isHeard: false, at: 2)
        #expect(chronicle.isInContact == false)
        #expect(chronicle.contactSince == LogTime(milliseconds: 1) && chronicle.lastList == nil)
        asked(isHeard: true, at: 3)
        asked(isHeard: true, at: 4)
        #expect(chronicle.isInContact == true && chronicle.contactSince == LogTime(milliseconds: 3))
        let last = try #require(chronicle.lastList)
        #expect(last.at == .origin + .milliseconds(4) && last.time == LogTime(milliseconds: 4))
        asked(isHeard: false, at: 5)
        #expect(chronicle.isInContact == false && chronicle.lastList?.time == LogTime(milliseconds: 4))
    }

    @Test mutating func `a certificate's end is remembered over polls that do not come to it`() throws {
        let address = try #require(IPAddress("10.0.0.1"))
        var shown = goodPoll
        shown.certificateExpiry = 1_800_000_000
        chronicle.pollEnded(imap, of: address, shown, .up, at: .origin, time)
        chronicle.pollEnded(imap, of: address, Watch.report(refused), .failing, at: .origin, time)
        #expect(chronicle[address]?.polls[imap]?.report.certificateExpiry == 1_800_000_000)
        shown.certificateExpiry = 1_900_000_000
        chronicle.pollEnded(imap, of: address, shown, .up, at: .origin, time)
        #expect(chronicle[address]?.polls[imap]?.report.certificateExpiry == 1_900_000_000)
    }

    @Test mutating func `what a service said goes when it is polled no more, and nothing else does`() throws {
        let address = try #require(IPAddress("10.0.0.1"))
        let dropped = Service(.pop3, port: 110)
        for service in [imap, dropped] {
            chronicle.pollEnded(service, of: address, goodPoll, .up, at: .origin, time)
        }
        chronicle.servicesChanged(to: [imap, Service(.lmtp, port: 24)])
        let backend = try #require(chronicle[address])
        #expect(Array(backend.polls.keys) == [imap])
        #expect(backend.history.steps(at: .origin).letters == "u")
    }
}
