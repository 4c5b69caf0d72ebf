internal import Glibc
package import Monitor
package import Site

/// The file in which the monitor's state outlives it.
///
/// Written whole, beside the old one, synced to the disk and then renamed, so that there is a good one at every moment. Read
/// once, at the start: what cannot be made sense of is set aside. `StateStore` says who may write it.
package struct StateFile: Hashable, Sendable {
    /// The file, or its directory, would not be read or written; a reason in one line.
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// The path and the reason.
        package let description: String
    }

    /// Ten thousand backends take some 2 MB.
    private static let limit = 64 << 20

    /// Where it is.
    package let path: String
    /// The director-admin socket of the monitor that it belongs to.
    private let director: String

    /// Names a file; nothing is opened yet.
    package init(path: String, director: String) {
        self.path = path
        self.director = director
    }

    /// Reads the state; gives also what people should know. `origin` is `Instant.origin` in seconds since 1970. A dry run,
    /// which may run beside the real one, sets nothing aside. Fails where there is a file whose contents cannot be had.
    package func read(
        origin: Double, at now: Instant, setsAside: Bool = true
    ) throws(Failure) -> (state: MonitorState, remarks: [String]) {
        // Without a file it is a first start.
        guard let bytes = try contents() else { return (MonitorState(), directoryRemarks()) }
        do throws(StateDocument.Unusable) {
            let (state, damaged) = try StateDocument.decode(
                bytes, isDirector: { isSameSocket($0, director) }, origin: origin)
            let remarks = damaged.isEmpty ? [] : [passedOver(damaged, keepsCopy: setsAside)]
            return (state.clamped(at: now), remarks + directoryRemarks())
        } catch {
            return (MonitorState(), [setsAside ? setAside(error.reason) : "\(path): \(error.reason): not used"])
        }
    }

    /// Writes the state durably.
    package func write(_ state: MonitorState, origin: Double) throws(Failure) {
        let bytes = StateDocument.encode(state, director: director, origin: origin)
        let new = path + ".new"
        // Whatever stands there, a link or a pipe even, was left over or put there by somebody.
        unlink(new)
        let descriptor = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure(new) }
        let isWritten = writeAll(bytes, descriptor) && fsync(descriptor) == 0
        let error = errno
        close(descriptor)
        guard isWritten else {
            unlink(new)
            throw failure(new, error)
        }
        guard rename(new, path) == 0 else {
            let error = errno
            unlink(new)
            throw failure(path, error)
        }
        try syncDirectory()
    }

    private var directory: String {
        let end = path.lastIndex(of: "/") ?? path.startIndex
        return end == path.startIndex ? "/" : String(path[..<end])
    }

    /// Nil where there is no file.
    private func contents() throws(Failure) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        if descriptor < 0, errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw Failure(description: "\(printable(path)): not a regular file")
        }
        guard status.st_size <= Self.limit else { throw Failure(description: "\(printable(path)): too large") }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var length = 0
        while length < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[length...])
                return Glibc.read(descriptor, rest.baseAddress, rest.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(path) }
            if count == 0 { break }
            length += count
        }
        return Array(bytes.prefix(length))
    }

    private func writeAll(_ bytes: [UInt8], _ descriptor: CInt) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

    /// A rename is safe only when its directory is on the disk.
    private func syncDirectory() throws(Failure) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(directory) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(directory) }
    }

    /// That nothing will be written is better known at the start than at the first HOST-DOWN.
    private func directoryRemarks() -> [String] {
        guard access(directory, W_OK | X_OK) != 0 else { return [] }
        return ["\(failure(directory)): a restart will not know whose downs they are; see state_file"]
    }

    private func setAside(_ reason: String) -> String {
        let place = path + ".unusable"
        let isDone = rename(path, place) == 0
        return "\(path): \(reason): \(isDone ? "set aside as \(place)" : "not used")"
    }

    /// The file stays until it is written anew, or a kill before that would cost the good entries, too.
    private func passedOver(_ entries: [String], keepsCopy: Bool) -> String {
        let place = path + ".unusable"
        let names = entries.prefix(3).map { printable($0, limit: 60) }.joined(separator: ", ")
        let more = entries.count > 3 ? " and \(entries.count - 3) more" : ""
        if keepsCopy { unlink(place) }
        let isKept = keepsCopy && link(path, place) == 0
        return "\(path): damaged: what it says of \(names)\(more) is not used" + (isKept ? "; kept as \(place)" : "")
    }

    private func failure(_ path: String, _ error: CInt = errno) -> Failure {
        Failure(description: "\(printable(path)): \(String(cString: strerror(error)))")
    }
}
