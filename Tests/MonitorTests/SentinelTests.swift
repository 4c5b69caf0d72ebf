import DirectorAdmin
import Monitor
import Probes
import Site
import Testing

/// Idle connections that break when a backend does.
@Suite struct SentinelTests {
    private let first = row(1)
    private let second = row(2)

    private func policy(retryInterval: Duration? = nil, services: [Service] = [imap]) -> Policy {
        var policy = Policy(services: services, interval: .seconds(10), timeout: .seconds(3), failuresNeeded: 3)
        policy.keepsSentinels = true
        policy.deciding.retryInterval = retryInterval
        return policy
    }

    private func seconds(_ times: [Instant]) -> [Double] {
        times.map { Double(($0 - Watch.start).nanoseconds / 1_000_000) / 1000 }
    }

    /// When the rounds of the first backend were started, in seconds.
    private func starts(_ watch: Watch) -> [Double] { seconds(watch.starts[first.address] ?? []) }

    @Test func `a backend that polls well gets one, and only then`() {
        var watch = Watch(policy(), first, second)
        watch.faults = [second.address: [imap: refused]]
        watch.run(to: 25)
        #expect(watch.sentinels.map(\.address) == [first.address])
        watch.faults = [:]
        watch.run(to: 45)
        #expect(Set(watch.sentinels.map(\.address)) == [first.address, second.address])
    }

    @Test func `by default, and without IMAP, there are none`() {
        var none = Watch(.polling(imap), first)
        none.run(to: 30)
        #expect(none.sentinelsOpened == [])
        var without = Watch(policy(services: [pop3]), first)
        without.run(to: 30)
        #expect(without.sentinelsOpened == [])
    }

    @Test func `one that breaks has the backend polled at once, and is no failure`() {
        var watch = Watch(policy(), first)
        watch.run(to: 25)
        #expect(starts(watch) == [10, 20])
        watch.endSentinels(first.address)
        watch.run(to: 49)
        #expect(starts(watch) == [10, 20, 25, 30, 40])
        #expect(watch.sent == [])
        #expect(watch.told.contains(.sentinelLost(backend: "10.0.0.1", "connection closed by the peer")))
    }

    @Test func `with retry_interval the verdict is there within a second`() {
        var watch = Watch(policy(retryInterval: .milliseconds(200)), first, second)
        watch.run(to: 13)
        watch.faults = [first.address: [imap: refused]]
        watch.endSentinels(first.address)
        watch.run(to: 13.5)
        #expect(starts(watch) == [10, 13, 13.2, 13.4])
        #expect(watch.sent.first == DirectorCommand(.hostDown, first))
    }

    @Test func `a crash just behind a poll waits for no pause`() {
        var watch = Watch(policy(retryInterval: .milliseconds(200)), first)
        watch.run(to: 10.02)
        watch.faults = [first.address: [imap: refused]]
        watch.endSentinels(first.address)
        watch.run(to: 11)
        #expect(starts(watch).prefix(4) == [10, 10.1, 10.3, 10.5])
    }

    @Test func `a poll that goes on may have seen what was before`() {
        var watch = Watch(policy(), first)
        watch.run(to: 15)
        watch.silent = [first.address]
        watch.run(to: 20.5)
        watch.endSentinels(first.address)
        watch.silent = []
        watch.release()
        watch.run(to: 21)
        #expect(starts(watch) == [10, 20, 20.5])
    }

    @Test func `a server that closes each at once is polled once more in an interval`() {
        var watch = Watch(policy(), first)
        for tenth in 1...1000 {
            watch.run(to: Double(tenth) / 10)
            watch.endSentinels(first.address)
        }
        #expect(watch.sentinelsOpened.count <= 10)
        #expect(starts(watch).count <= 21)
    }

    @Test func `one that the server ends as idle, or that never came, hastens nothing`() {
        var watch = Watch(policy(), first)
        watch.run(to: 15)
        watch.endSentinels(first.address, .quiet)
        watch.run(to: 19)
        #expect(starts(watch) == [10])
        watch.run(to: 21)
        #expect(watch.sentinels.count == 1)
        watch.endSentinels(first.address, .quiet)
        watch.withoutGreeting = [first.address]
        watch.run(to: 35)
        watch.endSentinels(first.address)
        watch.run(to: 39)
        #expect(starts(watch) == [10, 20, 30])
    }

    @Test func `it is renewed before the server's patience ends, the new one first`() throws {
        var watch = Watch(policy(), first)
        watch.run(to: 11)
        let original = try #require(watch.sentinels.first)
        watch.run(to: 161)
        let renewed = try #require(watch.sentinels.first)
        #expect(watch.sentinels.count == 1 && renewed != original)
        #expect(starts(watch).count == 16)
        watch.withoutGreeting = [first.address]
        watch.run(to: 315)
        // The old one stays until the new one stands.
        #expect(watch.sentinels.count == 2 && watch.sentinels.first == renewed)
        watch.withoutGreeting = []
        watch.run(to: 1200)
        let gaps = zip(watch.sentinelsOpened, watch.sentinelsOpened.dropFirst()).map { $1 - $0 }
        #expect(gaps.allSatisfy { $0 <= .seconds(150) + .milliseconds(2) }, "\(gaps)")
    }

    @Test func `renewals are spread`() {
        let rows = (1...200).map { row($0) }
        var watch = Watch(policy(), first)
        watch.rows = rows
        watch.run(to: 20)
        #expect(watch.sentinels.count == 200)
        let before = watch.sentinelsOpened.count
        watch.run(to: 172)
        let times = seconds(watch.sentinelsOpened.dropFirst(before).map(\.self))
        #expect(times.count >= 200)
        for second in 20..<172 {
            #expect(times.count { Int($0) == second } <= 12)
        }
    }

    @Test func `one that is down, gone or under maintenance has none`() {
        var watch = Watch(policy(retryInterval: .seconds(1)), first, second)
        watch.run(to: 21)
        #expect(watch.sentinels.count == 2)
        watch.faults = [first.address: [imap: refused]]
        watch.run(to: 45)
        #expect(watch.sentinels.map(\.address) == [second.address])
        watch.faults = [:]
        watch.run(to: 75)
        #expect(watch.sentinels.count == 2)
        watch.rows = [watch.rows[0], row(2, vhosts: 0)]
        watch.run(to: 90)
        #expect(watch.sentinels.map(\.address) == [first.address])
        watch.rows = []
        watch.run(to: 120)
        #expect(watch.sentinels == [])
    }

    @Test func `there are none while this machine is in trouble`() {
        var watch = Watch(policy(), first)
        watch.faults = [first.address: [imap: local]]
        watch.run(to: 100)
        #expect(watch.sentinelsOpened == [])
    }

    @Test func `a rejected account stays paced`() {
        var watch = Watch(policy(retryInterval: .seconds(1)), first)
        watch.run(to: 15)
        var rejected = PollFailure(phase: .login, kind: .rejected, code: "AUTHENTICATIONFAILED", text: "no")
        rejected.isAccountRejected = true
        watch.faults = [first.address: [imap: rejected]]
        watch.run(to: 25)
        watch.endSentinels(first.address)
        watch.run(to: 29)
        #expect(starts(watch) == [10, 20])
    }

    @Test func `with too few descriptors the rest has none, which is told once`() {
        var few = policy()
        few.openPollLimit = 100
        few = few.fitted(to: 103)
        #expect(few.openPollLimit == 100 && few.sentinelLimit == 3)
        var watch = Watch(few, first)
        watch.rows = (1...5).map { row($0) }
        watch.run(to: 400)
        #expect(watch.sentinels.count == 3)
        let told = watch.told.filter { if case .sentinelsShort = $0 { true } else { false } }
        #expect(told == [.sentinelsShort(SentinelShortage(backends: 5, limit: 3))])
    }

    @Test func `polls and sentinels share the descriptors`() {
        #expect(policy().fitted(to: 960).openPollLimit == 480)
        #expect(policy().fitted(to: 960).sentinelLimit == 480)
        #expect(Policy.polling(imap).fitted(to: 960).openPollLimit == 960)
        #expect(Policy.polling(imap).fitted(to: 960).sentinelLimit == 0)
    }

    @Test func `other settings end them, and those that want them get new ones`() {
        var watch = Watch(policy(), first)
        watch.run(to: 15)
        let kept = watch.sentinels
        #expect(kept.count == 1)
        // Where they have nothing to do with it, they stay.
        watch.handle(.policyChanged(policy(retryInterval: .seconds(1))))
        #expect(watch.sentinels == kept)
        watch.handle(.policyChanged(.polling(imap)))
        #expect(watch.sentinels == [])
        watch.run(to: 25)
        #expect(watch.sentinels == [])
        watch.handle(.policyChanged(policy()))
        watch.run(to: 45)
        #expect(watch.sentinels.count == 1)
    }

    @Test func `other checks of polls do not end them, and another minimum of TLS does`() {
        var watch = Watch(policy(), first)
        watch.run(to: 15)
        let kept = watch.sentinels
        var others = policy()
        others.options.tls.expiryWarning = 30
        others.options.tls.verifies = true
        others.options.imap.lists = false
        others.options.proxied = [.lmtp]
        watch.handle(.policyChanged(others))
        #expect(watch.sentinels == kept)
        others.options.tls.minimumVersion = .tls13
        watch.handle(.policyChanged(others))
        #expect(watch.sentinels == [])
    }

    @Test func `all that have to be opened anew come as spread as polls do`() {
        var watch = Watch(.polling(imap), first)
        watch.rows = (1...200).map { row($0) }
        watch.run(to: 25)
        watch.handle(.policyChanged(policy()))
        #expect(watch.sentinelsOpened == [])
        watch.run(to: 35.1)
        #expect(watch.sentinels.count == 200)
        for second in 25..<36 {
            #expect(seconds(watch.sentinelsOpened).count { Int($0) == second } <= 25)
        }
    }

    /// A server that allows one connection at a time, say, by each client's address.
    private func serve(_ watch: inout Watch, _ seconds: ClosedRange<Int>) {
        for time in stride(from: Double(seconds.lowerBound), through: Double(seconds.upperBound), by: 0.05) {
            watch.faults[first.address] =
                watch.sentinels.contains { $0.address == first.address } ? [imap: refused] : [:]
            watch.run(to: time)
        }
    }

    @Test(arguments: [1, 3]) func `a server that has no room for it beside a poll is not taken down for it`(needed: Int)
    {
        var policy = policy(retryInterval: .milliseconds(200))
        policy.failuresNeeded = needed
        var watch = Watch(policy, first, second)
        serve(&watch, 1...200)
        // Where one failure is enough, it goes down before that is known, but not for ever.
        #expect(watch.switches.count { $0.hasPrefix("HOST-DOWN") } == (needed == 1 ? 2 : 0))
        #expect(watch.sentinels.map(\.address) == [second.address])
        #expect(watch.told.count { $0 == .sentinelGivenUp(backend: "10.0.0.1") } == 1)
        #expect((18...26).contains(starts(watch).count), "\(starts(watch))")
        watch.handle(.policyChanged(policy))
        watch.faults = [:]
        watch.run(to: 230)
        #expect(Set(watch.sentinels.map(\.address)) == [first.address, second.address])
    }

    @Test func `one beside which polls have succeeded is opened again after each failure`() {
        var watch = Watch(policy(retryInterval: .milliseconds(200)), first)
        watch.run(to: 35)
        for time in stride(from: 40.0, through: 200, by: 40) {
            watch.faults[first.address] = [imap: refused]
            watch.run(to: time + 0.1)
            #expect(watch.sentinels == [])
            watch.faults = [:]
            watch.run(to: time + 35)
            #expect(watch.sentinels.map(\.address) == [first.address])
        }
        #expect(watch.sent == [])
    }

    @Test func `its lines`() {
        let lost = LogLine(.sentinelLost(backend: "10.0.0.1", "Connection reset by peer"))
        #expect(
            lost.text
                == #"backend=10.0.0.1 sentinel=lost text="Connection reset by peer" note="polled at once""#)
        #expect(lost.level == .info && !lost.isChange)
        let givenUp = LogLine(.sentinelGivenUp(backend: "10.0.0.1"))
        #expect(givenUp.text.hasPrefix("backend=10.0.0.1 sentinel=given_up note=") && givenUp.level == .notice)
        let short = LogLine(.sentinelsShort(SentinelShortage(backends: 500, limit: 480)))
        #expect(short.text.hasPrefix("sentinels=short backends=500 limit=480 note=") && short.level == .warning)
    }
}
