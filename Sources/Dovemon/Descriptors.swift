internal import Glibc

/// The limit of descriptors, RLIMIT_NOFILE, as it was and as it is.
struct DescriptorLimit {
    /// What is left for everything but polls: the director, the log, eight scripts with some descriptors each, and some
    /// eighty connections of those who ask by HTTP.
    private static let reserved = 160

    /// So many polls can be open at once.
    let polls: Int
    /// The limit that the process was started with, where it is another one now; programs that it runs get it back.
    let former: Int?

    /// Raises the limit as far as it goes: each poll takes a descriptor, and the usual 1024 are few.
    static func raise() -> DescriptorLimit {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0 else { return DescriptorLimit(polls: 1024 - reserved, former: nil) }
        let former = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        if setrlimit(resource, &limit) != 0 { getrlimit(resource, &limit) }
        return DescriptorLimit(
            polls: max(1, Int(clamping: limit.rlim_cur) - reserved),
            former: limit.rlim_cur == former ? nil : Int(clamping: former))
    }

    /// Sets the soft limit for this process, which is about to become another program.
    static func set(_ count: Int) {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = min(rlim_t(count), limit.rlim_max)
        setrlimit(resource, &limit)
    }
}

/// Puts `/dev/null` where a standard descriptor is closed: the next socket would take its place, and a line for people
/// would go to a server.
func openStandardDescriptors() {
    var descriptor = open("/dev/null", O_RDWR)
    while descriptor >= 0, descriptor <= STDERR_FILENO { descriptor = open("/dev/null", O_RDWR) }
    if descriptor > STDERR_FILENO { close(descriptor) }
}
