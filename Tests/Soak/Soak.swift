import FakePeers
import Glibc
import NIOCore
import NIOPosix
import RingLab

/// One run: a whole dovemon over thousands of backends under faults, and what it used.
struct Soak: Sendable {
    private let plan: Plan
    private let workshop: Workshop
    private let dovemon: LabProcess
    private let weather: Weather
    private let loop: any EventLoop

    /// Starts the backends, the director and dovemon.
    init(_ plan: Plan, in workshop: Workshop) async throws {
        self.plan = plan
        self.workshop = workshop
        let loop: any EventLoop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        self.loop = loop
        let directory = workshop.directory
        let network = "127.\(Int.random(in: 1...254))"
        let addresses = (0..<plan.backends).map { "\(network).\($0 / 250).\($0 % 250 + 1)" }
        let port = Int.random(in: 2_000..<32_000)
        weather = try await loop.submit {
            let fleet = Fleet(
                addresses, port: port, slowness: .milliseconds(Int64(plan.timeout * 400)), seed: plan.seed, loop: loop)
            let director = FakeDirector(addresses, needed: plan.needed, path: "\(directory)/director", loop: loop)
            return Weather(
                plan: plan, fleet: NIOLoopBound(fleet, eventLoop: loop),
                director: NIOLoopBound(director, eventLoop: loop), loop: loop)
        }.get()
        try await weather.clear()
        let (fleet, director) = (weather.fleet, weather.director)
        try await waitUntil("all backends to listen", within: .seconds(60)) {
            try await loop.submit {
                if let trouble = fleet.value.trouble { throw LabError.failed(trouble) }
                return fleet.value.areAllListening
            }.get()
        }
        try await loop.flatSubmit { director.value.listen() }.get()
        let script = try workshop.write("#!/bin/sh\nexit 0\n", to: "script")
        chmod(script, 0o700)
        let config = try workshop.write(plan.settings(directory: directory, port: port), to: "config.yml")
        let accounts = try workshop.write("default:\n  username: probe\n  password: secret\n", to: "accounts.yml")
        dovemon = try workshop.start(
            "dovemon",
            [plan.binary, "run", "--foreground", "--config", config, "--accounts", accounts])
    }

    /// Runs it all; gives what was wrong.
    func run() async throws -> [String] {
        try await waitUntil("dovemon to poll", within: .seconds(30)) { try await served() > plan.backends / 10 }
        let sampling = Task { await sample() }
        var complaints: [String] = []
        for number in 1...plan.cycles {
            // The second half has the very faults of the first.
            var chance = Chance(state: plan.seed &+ UInt64(number % (plan.cycles / 2)))
            complaints += try await weather.cycle(&chance)
            let use = Sample(of: dovemon.pid).map { ", \($0.kilobytes / 1024) MB" } ?? ""
            show("cycle \(number) of \(plan.cycles) is over: \(try await summary())\(use)")
        }
        var chance = Chance(state: plan.seed)
        complaints += try await settle(&chance)
        sampling.cancel()
        complaints += judge(await sampling.value)
        if dovemon.output.contains("stopped or starved") {
            show("dovemon was starved for a while: this machine is busy, or too small for so many backends")
        }
        complaints += try await end()
        return complaints
    }

    // MARK: What it uses

    private func sample() async -> [Sample] {
        var samples: [Sample] = []
        let pause = Duration.seconds(min(1, max(0.05, plan.minutes * 60 / 200)))
        let end = ContinuousClock.now + .seconds(plan.minutes * 60)
        while !Task.isCancelled, .now < end {
            if let sample = Sample(of: dovemon.pid) { samples.append(sample) }
            try? await Task.sleep(for: pause)
        }
        return samples
    }

    /// Compares the second half with the first, which has had the same weather.
    private func judge(_ samples: [Sample]) -> [String] {
        let first = Usage(samples.prefix(samples.count / 2))
        let second = Usage(samples.dropFirst(samples.count / 2))
        show(
            """

            dovemon, most of it    first half  second half
              descriptors          \(column(first.descriptors))  \(column(second.descriptors))
              memory, MB           \(column(first.kilobytes / 1024))  \(column(second.kilobytes / 1024))
              threads              \(column(first.threads))  \(column(second.threads))
              processor, % (mean)  \(column(Int(first.percent.rounded())))  \(column(Int(second.percent.rounded())))

            """)
        var complaints: [String] = []
        if second.descriptors > first.descriptors * 5 / 4 + 32 { complaints.append("the descriptors grow") }
        if second.kilobytes > first.kilobytes * 11 / 10 + 4096 { complaints.append("the memory grows") }
        if second.threads > first.threads + 2 { complaints.append("the threads grow") }
        return complaints
    }

    private func column(_ number: Int) -> String {
        let text = "\(number)"
        return String(repeating: " ", count: max(0, 10 - text.count)) + text
    }

    // MARK: How it ends

    /// The faults stop but for some backends, which stay dead: all others have to be up, and these down.
    private func settle(_ chance: inout Chance) async throws -> [String] {
        let dead = (0..<plan.backends).shuffled(using: &chance).prefix(plan.backends / 20)
        try await weather.set(dead.map { ($0, Bool.random(using: &chance) ? Fault.refuse : .hang) })
        let isDead = Set(dead)
        let (all, director, loop) = (0..<plan.backends, weather.director, loop)
        do {
            let time = try await waitUntil("all to settle", within: .seconds(plan.settling), every: .milliseconds(100))
            {
                try await loop.submit { all.allSatisfy { director.value.isUp($0) != isDead.contains($0) } }.get()
            }
            show("settled \(Int(time / .seconds(1))) s after the faults had stopped: \(try await summary())")
        } catch LabError.timedOut {
            let wrong = try await loop.submit { all.filter { director.value.isUp($0) == isDead.contains($0) } }.get()
            return [
                "\(wrong.count) backends are not as they should be, \(plan.settling) s after the faults have stopped"
            ]
        }
        let (violations, doubled) = try await loop.submit { (director.value.violations, director.value.doubled) }.get()
        return (violations > 0 ? ["\(violations) HOST-DOWNs left fewer than \(plan.needed) backends up"] : [])
            + (doubled > 0 ? ["\(doubled) commands changed nothing"] : [])
    }

    private func end() async throws -> [String] {
        guard dovemon.exitStatus == nil else { return ["dovemon has ended: \(tail)"] }
        var complaints: [String] = []
        guard let calm = Sample(of: dovemon.pid) else { return ["dovemon has ended: \(tail)"] }
        // The director's connections, a few polls, and what the program itself has.
        if calm.descriptors > 64 + plan.backends / 20 {
            complaints.append("\(calm.descriptors) descriptors at the end")
        }
        do {
            try await waitUntil("no child", within: .seconds(10)) { children(of: dovemon.pid) == 0 }
        } catch LabError.timedOut {
            complaints.append("\(children(of: dovemon.pid)) children are left")
        }
        dovemon.signal(SIGTERM)
        let status = try await dovemon.end(within: .seconds(10))
        if status != .exited(0) { complaints.append("dovemon ended with \(status): \(tail)") }
        return complaints
    }

    private var tail: String { dovemon.output.split(separator: "\n").suffix(5).joined(separator: "\n") }

    private func served() async throws -> Int {
        try await loop.submit { [fleet = weather.fleet] in fleet.value.served }.get()
    }

    private func summary() async throws -> String {
        let served = try await served()
        return try await loop.submit { [director = weather.director, plan] in
            let director = director.value
            return
                "\(served) good polls, \(director.downs) downs, \(director.ups) ups, at least \(director.fewestUp) of "
                + "\(plan.backends) up"
        }.get()
    }
}
