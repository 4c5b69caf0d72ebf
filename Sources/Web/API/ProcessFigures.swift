internal import Glibc

/// What /proc tells of this process, as Prometheus' client libraries tell it.
package struct ProcessFigures: Hashable, Sendable {
    /// User and system time, in seconds.
    package var cpuSeconds = 0.0
    /// In bytes.
    package var residentBytes = 0
    /// In bytes.
    package var virtualBytes = 0
    /// Descriptors that are open.
    package var openDescriptors = 0
    /// As many may be open.
    package var maximumDescriptors = 0
    /// When it was started, in seconds since 1970.
    package var start = 0.0

    /// Makes figures.
    package init() {}

    /// Of now; nil where /proc does not tell.
    package static func now() -> ProcessFigures? {
        guard let stat = readText("/proc/self/stat"), let boot = readText("/proc/stat").flatMap(bootTime) else {
            return nil
        }
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return ProcessFigures(
            stat: stat, bootTime: boot, ticks: Double(max(1, sysconf(Int32(_SC_CLK_TCK)))),
            pageSize: max(1, sysconf(Int32(_SC_PAGESIZE))), openDescriptors: countDescriptors(),
            maximumDescriptors: Int(clamping: limit.rlim_cur))
    }

    /// By the text of /proc/self/stat (proc_pid_stat(5)); nil where that is none.
    init?(
        stat: String, bootTime: Int, ticks: Double, pageSize: Int, openDescriptors: Int, maximumDescriptors: Int
    ) {
        // The second field is the program's name, in which anything may stand.
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(whereSeparator: \.isWhitespace)
        // From the third field on.
        guard fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]),
            let start = Double(fields[19]), let size = Int(fields[20]), let pages = Int(fields[21])
        else { return nil }
        cpuSeconds = (user + system) / ticks
        self.start = Double(bootTime) + start / ticks
        virtualBytes = size
        residentBytes = pages * pageSize
        self.openDescriptors = openDescriptors
        self.maximumDescriptors = maximumDescriptors
    }
}

/// In seconds since 1970, from /proc/stat.
private func bootTime(_ text: String) -> Int? {
    text.split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap { Int($0.dropFirst(6)) }
}

private func countDescriptors() -> Int {
    guard let directory = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(directory) }
    // `.`, `..` and the directory itself.
    var count = -3
    while readdir(directory) != nil { count += 1 }
    return max(0, count)
}

/// A small file of /proc, at most 256 KiB of it.
private func readText(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var text: [UInt8] = []
    var space = [UInt8](repeating: 0, count: 4_096)
    while text.count < 262_144 {
        let count = read(descriptor, &space, space.count)
        guard count > 0 else { break }
        text += space.prefix(count)
    }
    return String(decoding: text, as: UTF8.self)
}
