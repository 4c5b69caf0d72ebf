import RingLab

/// The same on a real ring: its backends are killed (SIGKILL) or stopped (SIGSTOP).
struct RingDetection {
    /// What all measurements have in common.
    let settings: [(String, String)]
    let interval: Double
    /// So many of each.
    let count: Int

    func measure(_ manner: Detection.Manner) async throws -> Detection.Delays {
        let ring = try await Ring.start(directors: 2, backends: 2 * count + 1)
        defer { ring.stop() }
        let basis = settings + [("interval", "\(interval)"), ("retry_count", "3")]
        let others = basis.filter { setting in !manner.settings.contains { $0.0 == setting.0 } }
        let dovemon = try DovemonProcess(ring: ring, settings: others + manner.settings)
        for backend in ring.backends {
            _ = try await dovemon.waitForLine(
                containing: "backend=\(backend.address) ", "poll=ok", within: .seconds(interval + 20))
        }
        try await pause(1)
        return try await withThrowingTaskGroup(of: (address: String, time: ContinuousClock.Instant).self) { group in
            let victims = Array(ring.backends.prefix(2 * count))
            for (number, backend) in victims.enumerated() {
                let moment = Duration.seconds(Double.random(in: 0.1..<interval))
                group.addTask {
                    try await Task.sleep(for: moment)
                    let time = ContinuousClock.now
                    if number < count { try await backend.kill() } else { try backend.freeze() }
                    return (backend.address, time)
                }
            }
            let downs = try await confirmations(Set(victims.map(\.address)), of: ring.directors[0])
            var delays = Detection.Delays()
            for try await failure in group {
                guard let down = downs[failure.address], down > failure.time else {
                    throw LabError.failed("\(failure.address) was listed down before it failed")
                }
                let delay = (down - failure.time) / .seconds(1)
                let isCrash = victims.prefix(count).contains { $0.address == failure.address }
                if isCrash { delays.crashes.append(delay) } else { delays.hangs.append(delay) }
            }
            return delays
        }
    }

    /// When the director first listed each of these as down.
    private func confirmations(
        _ addresses: Set<String>, of director: RingLab.Director
    ) async throws -> [String: ContinuousClock.Instant] {
        var downs: [String: ContinuousClock.Instant] = [:]
        try await waitUntil("all to be listed down", within: .seconds(120), every: .milliseconds(20)) {
            for host in try await director.hostList() where host.state == .down && downs[host.address] == nil {
                guard addresses.contains(host.address) else {
                    throw LabError.failed("\(host.address), which is well, is listed down")
                }
                downs[host.address] = .now
            }
            return addresses.isSubset(of: downs.keys)
        }
        return downs
    }
}
