import DirectorAdmin
import Health
import Monitor
import Site
import Testing

private let day = 86_400.0

/// What is remembered of backends that the director does not list any more.
@Suite struct AbsenceTests {
    private let policy: Policy = {
        var policy = Policy.polling(imap, failuresNeeded: 1)
        policy.hasStateFile = true
        policy.deciding.raising.ownOnly = true
        return policy
    }()

    /// A monitor that has taken the first of two backends down, which is then not listed any more.
    private func bereft() -> Watch {
        var watch = Watch(policy, row(1), row(2))
        watch.faults[row(1).address] = [imap: refused]
        watch.run(to: 30)
        #expect(watch.rows == [row(1, .down), row(2)])
        watch.rows = [row(2)]
        watch.faults = [:]
        watch.run(to: 50)
        watch.forgetTold()
        return watch
    }

    /// Days pass of which the monitor sees the end alone.
    private func pass(_ days: Double, _ watch: inout Watch) {
        watch.now = watch.now + .seconds(Int(days * day))
        watch.run(to: (watch.now - Watch.start).inSeconds + 60)
    }

    private func comesBack(_ watch: inout Watch) {
        watch.rows = [row(1, .down), row(2)]
        watch.run(to: (watch.now - Watch.start).inSeconds + 60)
    }

    @Test func `A backend that was away for six days comes back as it was`() {
        var watch = bereft()
        pass(6, &watch)
        #expect(watch.states.last?.intents[row(1).address] != nil)
        comesBack(&watch)
        #expect(watch.sent.map(\.verb) == [.hostUp])
    }

    @Test func `One that was away for a week is forgotten, in the file, too`() {
        var watch = bereft()
        #expect(watch.states.last?.absences.keys.map(\.description) == ["10.0.0.1"])
        pass(7, &watch)
        #expect(watch.states.last == MonitorState())
        comesBack(&watch)
        #expect(watch.sent == [])
    }

    @Test func `Only a whole list of a synced ring shows that it is gone`() {
        var watch = bereft()
        watch.ring = .syncing
        pass(9, &watch)
        watch.ring = .handshaking
        pass(1, &watch)
        watch.directorIsAway = true
        pass(1, &watch)
        watch.directorIsAway = false
        watch.ring = .synced
        comesBack(&watch)
        #expect(watch.sent.map(\.verb) == [.hostUp])
    }

    @Test func `The time that it was away is counted over restarts, and anew after each return`() throws {
        var first = bereft()
        let written = try #require(first.states.last)
        let since = try #require(written.absences[row(1).address])
        first.rows = [row(1, .down), row(2)]
        first.run(to: 60.5)
        #expect(first.states.last?.absences == [:])

        var second = Watch(policy, row(2), restored: written)
        second.now = since + .seconds(Int(day * 7) - 30)
        second.run(to: (second.now - Watch.start).inSeconds + 10)
        #expect(second.states == [])
        second.run(to: (second.now - Watch.start).inSeconds + 30)
        #expect(second.states == [MonitorState()])
    }

    /// An earlier version's, or one that the earlier run still saw.
    @Test func `What a file says nothing of is away since the start`() {
        var raising = Raising()
        raising.warHold = .seconds(1200)
        let restored = MonitorState(
            intents: [row(3).address: DownIntent(at: Watch.start, change: 5)], raising: [row(4).address: raising])
        var watch = Watch(policy, row(1), restored: restored)
        watch.run(to: 20)
        pass(6.9, &watch)
        #expect(watch.states == [])
        pass(0.1, &watch)
        #expect(watch.states == [MonitorState()])
    }

    /// Backends that come and go, ill in all ways, leave nothing behind: neither here nor in the file.
    @Test func `Nothing grows with backends that were there once`() {
        var policy = policy
        policy.deciding.raising.flapLimit = 2
        policy.deciding.minHealthy = .count(1)
        var watch = Watch(policy)
        watch.run(to: 20)
        var sizes: [Int] = []
        for generation in 0..<4 {
            let numbers = (generation * 20)..<(generation * 20 + 20)
            watch.rows = numbers.map { row($0, tag: "pool\($0 / 4)") }
            watch.run(to: (watch.now - Watch.start).inSeconds + 15)
            let troubles = [refused, local, nameless, inUse, rejected]
            for number in numbers where number % 6 > 0 {
                watch.faults[row(number).address] = [imap: troubles[number % 6 - 1]]
            }
            watch.run(to: (watch.now - Watch.start).inSeconds + 35)
            #expect(watch.rows.contains { $0.state == .down } && watch.rows.contains { $0.state == .up })
            watch.rows = []
            watch.run(to: (watch.now - Watch.start).inSeconds + 15)
            watch.faults = [:]
            #expect(watch.states.last != MonitorState())
            pass(8, &watch)
            #expect(watch.states.last == MonitorState())
            sizes.append(elements(watch.machine))
        }
        #expect(Set(sizes).count == 1, "\(sizes)")
    }
}

private let nameless = PollFailure(phase: .resolve, kind: .local, text: "no name")
private let rejected = PollFailure(phase: .login, kind: .rejected, code: "AUTHENTICATIONFAILED", text: "no")
private let inUse = PollFailure(phase: .login, kind: .rejected, code: "IN-USE", text: "locked")

/// How many elements all collections in a value have.
private func elements(_ value: Any) -> Int {
    let mirror = Mirror(reflecting: value)
    let isCollection = [.collection, .dictionary, .set].contains(mirror.displayStyle)
    return mirror.children.reduce(isCollection ? mirror.children.count : 0) { $0 + elements($1.value) }
}
