import Glibc
import Monitor
import RingLab
import Site

/// What a day adds to backends' histories.
enum Histories {
    /// To one, in KiB. A process of its own fills so many: what was freed in this one would be used again.
    static func measure(_ count: Int, in workshop: Workshop) async throws -> Double {
        let (output, _) = try await workshop.run(
            [builtProgram("Bench"), "--fill-histories", "\(count)"], within: .seconds(120))
        guard let size = output.split(separator: "\n").last.flatMap({ Double($0) }) else {
            throw LabError.failed("histories: \(output)")
        }
        return size
    }

    /// To one, in KiB: so many are filled in this process with a day of which the last hour is full of polls. Their first poll is
    /// not counted: it is measured with all else that a backend has.
    static func fill(_ count: Int) -> Double {
        let steps = BackendHistory.steps
        let step = BackendHistory.step
        var histories = [BackendHistory](repeating: BackendHistory(), count: count)
        let start = Instant(nanoseconds: 0)
        for index in histories.indices { histories[index].note(.up, latency: .milliseconds(1), at: start) }
        let before = residentMemory(of: getpid()) ?? 0
        // Step by step as in a day, so that each has grown as it does there.
        for number in 0..<steps {
            let polls = number < steps - 12 ? 1 : 30
            for poll in 0..<polls {
                let time = start + step * number + step / (polls + 1) * poll
                let latency = Duration.microseconds(500 + 97 * ((number + poll) % 50))
                for index in histories.indices { histories[index].note(.up, latency: latency, at: time) }
            }
        }
        let after = residentMemory(of: getpid()) ?? 0
        return withExtendedLifetime(histories) { Double(after - before) / Double(count) }
    }
}
