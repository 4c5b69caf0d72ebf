internal import Glibc

/// Raises the limit of descriptors as far as it goes, as each poll takes one and the usual 1024 are few; gives how many
/// polls can be open at once, with some left for everything else.
func raiseDescriptorLimit() -> Int {
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard getrlimit(resource, &limit) == 0 else { return 1024 - reservedDescriptors }
    limit.rlim_cur = limit.rlim_max
    if setrlimit(resource, &limit) != 0 { getrlimit(resource, &limit) }
    return max(1, Int(clamping: limit.rlim_cur) - reservedDescriptors)
}

/// For everything but polls: the director, the log, eight scripts with some descriptors each.
private let reservedDescriptors = 128

/// Puts `/dev/null` where a standard descriptor is closed: the next socket would take its place, and a line for people
/// would go to a server.
func openStandardDescriptors() {
    var descriptor = open("/dev/null", O_RDWR)
    while descriptor >= 0, descriptor <= STDERR_FILENO { descriptor = open("/dev/null", O_RDWR) }
    if descriptor > STDERR_FILENO { close(descriptor) }
}
