internal import ArgumentParser
internal import Glibc

/// Tells the user something, on standard error.
func standardError(_ text: String, terminator: String = "\n") { _ = write(text + terminator, to: STDERR_FILENO) }

/// Writes a result, on standard output; ends the program where that cannot be, as a result that nobody gets is none.
func standardOutput(_ text: String, terminator: String = "\n") throws {
    guard let reason = write(text + terminator, to: STDOUT_FILENO) else { return }
    standardError("dovemon: standard output: \(String(cString: strerror(reason)))")
    throw ExitStatus.unusable
}

/// Whole, even where the reader is slow; gives why not, as errno. A reader that has gone is no reason to complain.
private func write(_ text: String, to descriptor: CInt) -> CInt? {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if written > 0 {
            rest = rest.dropFirst(written)
        } else if errno == EAGAIN {
            var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&ready, 1, -1)
        } else if errno != EINTR {
            return errno == EPIPE ? nil : errno
        }
    }
    return nil
}
