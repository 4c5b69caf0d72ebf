import Glibc
import RingLab

/// What a process uses, as the kernel tells.
struct Sample: Sendable {
    let time: ContinuousClock.Instant
    let descriptors: Int
    let kilobytes: Int
    let threads: Int
    /// Of processor time, since its start.
    let ticks: Int

    /// Nil when the process is gone.
    init?(of pid: Int32) {
        guard let names = listDirectory("/proc/\(pid)/fd"), let fields = statFields(pid),
            let pages = readFile("/proc/\(pid)/statm")?.split(separator: " "), pages.count > 1
        else { return nil }
        time = .now
        descriptors = names.count
        kilobytes = (Int(pages[1]) ?? 0) * (Int(sysconf(Int32(_SC_PAGESIZE))) / 1024)
        threads = Int(fields[17]) ?? 0
        ticks = (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0)
    }
}

/// The living and the dead children of a process.
func children(of pid: Int32) -> Int {
    (listDirectory("/proc") ?? []).compactMap { Int32($0) }.count { statFields($0).flatMap { Int32($0[1]) } == pid }
}

/// The fields of /proc/PID/stat behind the name: state, parent, process group …
private func statFields(_ pid: Int32) -> [Substring]? {
    guard let line = readFile("/proc/\(pid)/stat"), let end = line.lastIndex(of: ")") else { return nil }
    let fields = line[line.index(after: end)...].split(separator: " ")
    return fields.count > 20 ? fields : nil
}

/// What a process used over some time.
struct Usage: Sendable {
    let descriptors: Int
    let kilobytes: Int
    let threads: Int
    /// Of one processor.
    let percent: Double

    /// The most of each, and the processor's mean.
    init(_ samples: some BidirectionalCollection<Sample>) {
        descriptors = samples.map(\.descriptors).max() ?? 0
        kilobytes = samples.map(\.kilobytes).max() ?? 0
        threads = samples.map(\.threads).max() ?? 0
        guard let first = samples.first, let last = samples.last, last.time > first.time else {
            percent = 0
            return
        }
        let seconds = Double(last.ticks - first.ticks) / Double(sysconf(Int32(_SC_CLK_TCK)))
        percent = 100 * seconds / ((last.time - first.time) / .seconds(1))
    }
}
