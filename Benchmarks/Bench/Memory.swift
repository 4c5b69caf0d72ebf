import RingLab

/// What the programs have of the machine's memory with few and with many healthy backends.
struct Memory {
    let stage: Stage

    func measure() async throws -> String {
        let counts = stage.isBrief ? [10, 100] : [10, 100, 1_000, 10_000]
        let contenders: [any Contender] = HAProxy.isInstalled ? [Dovemon(), HAProxy()] : [Dovemon()]
        var table = Table("backends", "", "resident memory, MiB", "each further backend, KiB")
        for contender in contenders {
            var few: (count: Int, memory: Int)?
            for count in counts {
                let memory = try await resident(contender, count)
                let slope = few.map { Double(memory - $0.memory) / Double(count - $0.count) }
                table.add(
                    "\(count)", contender.name, text(Double(memory) / 1024, 1), slope.map { text($0, 2) } ?? "")
                say("memory with \(count) backends: \(contender.name) \(memory / 1024) MiB")
                few = few ?? (count, memory)
            }
        }
        return """
            ### Memory

            Plain IMAP, all healthy, each backend polled three times; the most that was seen in the third interval.

            \(table.markdown)
            """
    }

    /// In KiB.
    private func resident(_ contender: any Contender, _ count: Int) async throws -> Int {
        let work = Work(backends: count, interval: stage.isBrief ? 0.5 : count > 1_000 ? 10 : 2)
        try await stage.peers.ask("reset")
        let process = try await contender.start(work, stage, "memory-\(contender.name)-\(count)")
        try await waitUntil("\(contender.name) to poll all twice", within: .seconds(120)) {
            if let status = process.exitStatus { throw LabError.failed("\(status): \(process.output.suffix(500))") }
            return try await stage.peers.counts().finished >= 2 * count
        }
        var most = 0
        for _ in 0..<10 {
            try await pause(work.interval / 10)
            most = max(most, residentMemory(of: process.pid) ?? 0)
        }
        try await stop(process)
        return most
    }
}
