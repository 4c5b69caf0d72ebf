import Probes
import Site
import Testing

@testable import Monitor

/// Which polls may be under way.
@Suite struct PollPlacesTests {
    private let failed = Watch.report(refused)
    private let good = Watch.report(nil)
    private let start = Instant.origin + .seconds(100)

    private func id(_ number: Int, _ service: Service = imap) -> MonitorMachine.PollID {
        MonitorMachine.PollID(address: row(number).address, service: service, round: 1)
    }

    private func add(_ ids: [MonitorMachine.PollID], to places: inout PollPlaces, at now: Instant? = nil) {
        for id in ids {
            let plan = PollPlan(service: id.service, account: nil)
            places.add(id, plan, within: .seconds(3), at: now ?? start)
        }
    }

    private func startAll(_ places: inout PollPlaces) -> [PollPlaces.Poll] {
        places.beginTurn()
        return startTurn(&places)
    }

    private func startTurn(_ places: inout PollPlaces) -> [PollPlaces.Poll] {
        var polls: [PollPlaces.Poll] = []
        while let poll = places.start() { polls.append(poll) }
        return polls
    }

    /// Places of which the backends with these numbers have failed before.
    private func places(_ limit: Int, failed numbers: ClosedRange<Int>) -> PollPlaces {
        var places = PollPlaces(limit)
        for number in numbers {
            add([id(number)], to: &places)
            places.beginTurn()
            if let poll = places.start() { places.ended(poll, failed) }
        }
        return places
    }

    @Test func `as many as there are places start, the others in their turn`() {
        var places = PollPlaces(2)
        add([id(1), id(2), id(3), id(4)], to: &places)
        let first = startAll(&places)
        #expect(first.map(\.id) == [id(1), id(2)])
        places.ended(first[1], good)
        #expect(startAll(&places).map(\.id) == [id(3)])
        #expect(first[0].time == .seconds(3), "none of it was used up by waiting")
    }

    @Test func `there is always one place`() {
        var places = PollPlaces(0)
        add([id(1), id(2)], to: &places)
        #expect(startAll(&places).count == 1)
    }

    @Test func `backends that failed take at most half of the places`() {
        var places = places(10, failed: 1...20)
        add((1...20).map { id($0) }, to: &places)
        let doubtful = startAll(&places)
        #expect(doubtful.map(\.id) == (1...5).map { id($0) })
        add((31...40).map { id($0) }, to: &places)
        #expect(startAll(&places).map(\.id) == (31...35).map { id($0) }, "the healthy do not wait for the silent")
    }

    @Test func `as long as there is room for all, they start in their order`() {
        var places = places(10, failed: 1...3)
        add([id(31), id(1), id(32), id(2)], to: &places)
        #expect(startAll(&places).map(\.id) == [id(31), id(1), id(32), id(2)])
    }

    @Test func `an only place is had by all in turn`() {
        var places = places(1, failed: 1...1)
        add([id(1), id(2)], to: &places)
        let first = startAll(&places)
        #expect(first.map(\.id) == [id(1)])
        places.ended(first[0], failed)
        #expect(startAll(&places).map(\.id) == [id(2)])
    }

    @Test func `of an only place, backends that failed have at most half of the time while others wait`() {
        var places = places(1, failed: 1...2)
        func report(_ time: Duration) -> PollReport { PollReport(failure: timedOut, phases: [], duration: time) }
        add([id(1), id(2)], to: &places)
        let silent = startAll(&places)
        #expect(silent.map(\.id) == [id(1)])
        add((11...40).map { id($0) }, to: &places)
        places.ended(silent[0], report(.seconds(3)))
        for number in 11...40 {
            let polls = startAll(&places)
            #expect(polls.map(\.id) == [id(number)], "though another one has waited for longer")
            for poll in polls { places.ended(poll, PollReport(failure: nil, phases: [], duration: .milliseconds(100))) }
        }
        #expect(startAll(&places).map(\.id) == [id(2)], "its time has come")
    }

    @Test func `where nobody else waits, an only place is anybody's`() {
        var places = places(1, failed: 1...1)
        for _ in 1...3 {
            add([id(1)], to: &places)
            let polls = startAll(&places)
            #expect(polls.count == 1)
            for poll in polls {
                places.ended(poll, PollReport(failure: timedOut, phases: [], duration: .seconds(3)))
            }
        }
        // What it had then is owed to nobody.
        add([id(1), id(11), id(12)], to: &places)
        let good = PollReport(failure: nil, phases: [], duration: .seconds(3))
        for poll in startAll(&places) { places.ended(poll, good) }
        #expect(startAll(&places).map(\.id) == [id(1)])
    }

    @Test func `a poll that is passed over leaves its place`() {
        var places = places(2, failed: 1...1)
        add([id(1), id(2), id(3)], to: &places)
        for poll in startAll(&places) { places.passedOver(poll) }
        #expect(startAll(&places).map(\.id) == [id(3)])
    }

    @Test func `a backend is trusted again when each service that failed has succeeded`() {
        var places = PollPlaces(4)
        func poll(_ id: MonitorMachine.PollID, _ report: PollReport) {
            add([id], to: &places)
            if let poll = places.start() { places.ended(poll, report) }
        }
        func startsAtOnce() -> Int {
            add((0..<4).map { _ in id(1) }, to: &places)
            let started = startAll(&places)
            for poll in started { places.ended(poll, Watch.report(local)) }
            for poll in startAll(&places) { places.ended(poll, Watch.report(local)) }
            return started.count
        }
        poll(id(1), failed)
        poll(id(1, pop3), good)
        #expect(startsAtOnce() == 2)
        poll(id(1), good)
        #expect(startsAtOnce() == 4)
        poll(id(1), Watch.report(local))
        #expect(startsAtOnce() == 4, "this machine's own trouble says nothing of the backend")
        poll(id(1), failed)
        places.forgetFailures()
        #expect(startsAtOnce() == 4)
        poll(id(1), failed)
        places.forget(row(1).address)
        #expect(startsAtOnce() == 4, "it is not listed any more")
    }

    @Test func `fewer places hold for polls to come`() {
        var places = PollPlaces(3)
        add((1...6).map { id($0) }, to: &places)
        let first = startAll(&places)
        places.change(to: 1)
        places.ended(first[0], good)
        places.ended(first[1], good)
        #expect(startAll(&places).isEmpty)
        places.ended(first[2], good)
        #expect(startAll(&places).map(\.id) == [id(4)])
        places.change(to: 3)
        #expect(startAll(&places).map(\.id) == [id(5), id(6)])
    }

    @Test func `waiting is told past a second, once, and again after five minutes`() {
        var places = places(4, failed: 1...3)
        add((1...3).map { id($0) } + (11...13).map { id($0) }, to: &places)
        _ = startAll(&places)
        func notice(_ seconds: Double) -> PollsWaiting? {
            places.notice(at: start + .milliseconds(Int(seconds * 1000)))
        }
        #expect(notice(1) == nil)
        #expect(notice(1.5) == PollsWaiting(count: 2, doubtful: 1, longest: .milliseconds(1_500), lack: .places(4)))
        #expect(notice(2) == nil)
        #expect(notice(301.4) == nil)
        #expect(notice(301.5)?.longest == .milliseconds(301_500))
    }

    @Test func `only so many start in one turn, though there are places`() {
        var places = PollPlaces(1_000)
        let count = PollPlaces.startsOfTurn
        add((1...count + 2).map { id($0) }, to: &places)
        #expect(!places.waitsForTurn)
        let first = startTurn(&places)
        #expect(first.map(\.id) == (1...count).map { id($0) })
        #expect(places.waitsForTurn)
        #expect(places.notice(at: start + .seconds(2))?.lack == .time)
        places.ended(first[0], good)
        #expect(startTurn(&places).isEmpty, "that one has ended does not mean that there is time")
        places.beginTurn()
        #expect(startTurn(&places).map(\.id) == [id(count + 1), id(count + 2)])
        #expect(!places.waitsForTurn)
    }

    @Test func `what is passed over costs the others nothing of their turn`() {
        var places = PollPlaces(1_000)
        let count = PollPlaces.startsOfTurn
        add((1...2 * count).map { id($0) }, to: &places)
        for _ in 1...count { if let poll = places.start() { places.passedOver(poll) } }
        #expect(startTurn(&places).count == count)
    }

    @Test func `what is told to be lacking is what the poll lacks that waits longest`() {
        let count = PollPlaces.startsOfTurn
        var places = places(4 * count, failed: 1...3 * count)
        add((1...3 * count).map { id($0) }, to: &places)
        for _ in 1...3 { _ = startAll(&places) }
        add((1_001...1_000 + 2 * count).map { id($0) }, to: &places, at: start + .seconds(1))
        _ = startAll(&places)
        #expect(places.waitsForTurn, "those that are healthy have places")
        #expect(places.notice(at: start + .seconds(2))?.lack == .places(4 * count))
        #expect(places.notice(at: start + .seconds(3)) == nil)
    }

    @Test func `whoever lacks a place does not wait for a turn`() {
        let count = PollPlaces.startsOfTurn
        var places = PollPlaces(count)
        add((1...count + 1).map { id($0) }, to: &places)
        let polls = startTurn(&places)
        #expect(!places.waitsForTurn)
        #expect(places.notice(at: start + .seconds(2))?.lack == .places(count))
        places.ended(polls[0], good)
        #expect(places.waitsForTurn)
    }

    @Test func `nothing is told while nobody waits`() {
        var places = PollPlaces(2)
        add([id(1), id(2)], to: &places)
        _ = startAll(&places)
        #expect(places.notice(at: start + .seconds(900)) == nil)
    }
}
