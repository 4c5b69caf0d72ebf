import Glibc
import RingLab

/// Nanoseconds of CLOCK_MONOTONIC, which all processes of a run share.
func now() -> UInt64 { clock_gettime_nsec(CLOCK_MONOTONIC) }

/// Seconds of processor time, user and system, that a process has used; nil when it is gone.
func processorSeconds(of pid: Int32) -> Double? {
    var clock = clockid_t()
    guard clock_getcpuclockid(pid, &clock) == 0 else { return nil }
    let time = clock_gettime_nsec(clock)
    return time == 0 ? nil : Double(time) / 1e9
}

private func clock_gettime_nsec(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    guard clock_gettime(clock, &time) == 0 else { return 0 }
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// What a process has of the machine's memory, in KiB; nil when it is gone.
func residentMemory(of pid: Int32) -> Int? {
    readFile("/proc/\(pid)/status")?.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        .flatMap { Int($0.split(whereSeparator: { $0 == " " || $0 == "\t" })[1]) }
}

/// What the figures were taken on.
struct Machine {
    let lines: [String]

    init(_ workshop: Workshop) async {
        func first(_ arguments: [String]) async -> String {
            guard let found = try? await workshop.run(arguments).output else { return "not there" }
            return String(found.split(separator: "\n").first ?? "not there")
        }
        let processors = readFile("/proc/cpuinfo")?.split(separator: "\n") ?? []
        let model = processors.first { $0.hasPrefix("model name") }?.split(separator: ":").last ?? "unknown"
        let count = processors.count { $0.hasPrefix("processor") }
        let memory = readFile("/proc/meminfo")?.split(separator: "\n").first?.split(separator: " ").dropFirst().first
        let system = readFile("/etc/os-release")?.split(separator: "\n").first { $0.hasPrefix("PRETTY_NAME=") }
        lines = [
            "\(count) processors (\(model.drop { $0 == " " })), \((memory.flatMap { Int($0) } ?? 0) / 1_048_576) GiB",
            "\(system?.split(separator: "\"").last ?? "unknown system"), Linux "
                + (await first(["/usr/bin/uname", "-r"])),
            await first(["/usr/bin/openssl", "version"]),
            HAProxy.isInstalled ? await first([HAProxy.binary, "-v"]) : "HAProxy: not installed",
        ]
    }
}
