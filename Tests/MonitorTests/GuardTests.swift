import DirectorAdmin
import Health
import Monitor
import Site
import Testing

/// The pool guard with real schedules and verdicts.
@Suite struct GuardTests {
    private func policy(
        interval: Double, timeout: Double, needed: Int = 3, retry: Double? = nil, _ rule: MinHealthy = .count(1)
    ) -> Policy {
        func time(_ seconds: Double) -> Duration { .milliseconds(Int(seconds * 1000)) }
        var policy = Policy(
            services: [imap], interval: time(interval), timeout: time(timeout), failuresNeeded: needed)
        policy.deciding.minHealthy = rule
        policy.deciding.retryInterval = retry.map(time)
        return policy
    }

    /// A backend that hangs goes down, however much longer its polls take than those of the others, and however long they wait
    /// for a place among thousands that are doubtful.
    @Test(
        arguments: [
            (10.0, 60.0, 0.0), (0, 3, 0), (0, 60, 0), (0.1, 3, 0), (0.5, 3, 0), (1, 6, 0), (10, 3, 48), (10, 3, 300),
        ], [1, 3])
    func aHangingBackendGoesDown(_ times: (interval: Double, timeout: Double, wait: Double), needed: Int) {
        for retry in [nil, 0.2, 1.0] {
            var watch = Watch(
                policy(interval: times.interval, timeout: times.timeout, needed: needed, retry: retry), row(1), row(2),
                row(3))
            let start = max(45, times.interval * 4)
            watch.run(to: start)
            watch.hanging = [row(1).address: .milliseconds(Int(times.wait * 1000))]
            let poll = times.timeout + times.wait + times.interval
            let end = start + poll * Double(needed + 4)
            while watch.now < Watch.start + .milliseconds(Int(end * 1000)), watch.sent.isEmpty {
                watch.run(to: (watch.now - Watch.start).inSeconds + 0.5)
            }
            #expect(watch.sent.first == DirectorCommand(.hostDown, row(1)), "retry \(retry ?? 0)")
        }
    }

    /// One poll of a backend is lost, and everything fails from a moment later on, which the others' turns have not shown yet.
    @Test(arguments: [0.5, 0.9, 1.5, 2.5, 5], [1.0, 4, 12])
    func anOutageBehindALostPollTakesNothingDown(later: Double, length: Double) {
        for backends in [3, 12, 60] {
            var watch = Watch(policy(interval: 10, timeout: 3, retry: 1))
            watch.rows = (1...backends).map { row($0) }
            watch.run(to: 99.9)
            // The first one's turns come every ten seconds from the tenth on.
            watch.faults[row(1).address] = [imap: refused]
            watch.run(to: 100.3)
            watch.faults = [:]
            watch.outages = [(100 + later)..<(100 + later + length)]
            watch.outageRefuses = true
            watch.run(to: 160)
            #expect(watch.sent == [], "\(backends) backends")
        }
    }

    /// It is polled again before those that are polled beside it have answered.
    @Test(arguments: [3, 10, 100], [1, 3]) func whoFailsFasterThanOthersAnswerGoesDown(backends: Int, needed: Int) {
        var watch = Watch(policy(interval: 0, timeout: 3, needed: needed))
        watch.answerTime = .milliseconds(400)
        watch.rows = (1...backends).map { row($0) }
        watch.run(to: 5)
        watch.refusing = [row(1).address]
        watch.run(to: 15)
        #expect(watch.sent.first == DirectorCommand(.hostDown, row(1)))
    }

    /// With a sentinel and quick retries, whenever it crashes.
    @Test(arguments: [1, 2, 3], [2, 3, 5]) func aCrashIsADownWithinASecond(needed: Int, backends: Int) {
        var times: [Double] = []
        for step in 0..<100 {
            var policy = policy(interval: 10, timeout: 3, needed: needed, retry: 0.2)
            policy.keepsSentinels = true
            var watch = Watch(policy)
            watch.answerTime = .milliseconds(60)
            watch.rows = (1...backends).map { row($0) }
            watch.run(to: 20 + Double(step) / 10)
            let crash = watch.now
            watch.faults[row(1).address] = [imap: refused]
            watch.endSentinels(row(1).address)
            while watch.sent.isEmpty, watch.now - crash < .seconds(5) {
                watch.run(to: (watch.now - Watch.start).inSeconds + 0.005)
            }
            times.append((watch.now - crash).inSeconds)
        }
        #expect(times.sorted()[98] <= 1, "\(times.sorted().suffix(3))")
    }

    /// What the director says of a backend that an administrator has in hand is nobody's alarm either.
    @Test func directorEventsOfABackendUnderMaintenanceAlarmNobody() {
        var watch = Watch(policy(interval: 10, timeout: 3, .off), row(1), row(2))
        watch.repliesFail = true
        watch.faults[row(1).address] = [imap: refused]
        var time = 30.0
        while watch.sent.isEmpty, time < 60 {
            time += 0.1
            watch.run(to: time)
        }
        watch.rows = [row(1, vhosts: 0), row(2)]
        watch.run(to: 60)
        let told = watch.told.contains {
            if case .underMaintenance(.director(.commandWithoutEffect)) = $0 { true } else { false }
        }
        #expect(told)
    }

    @Test func thatTheGuardIsOffIsSaidAtEachLevel() {
        let line = LogLine.guardIsOff
        #expect(line.level == .warning && line.isChange)
        #expect(line.text.hasPrefix("min_healthy=off note="))
    }
}
