import Glibc

/// A file system of its own in memory, small enough to be filled. Only root can have one.
///
/// It is unmounted with the lab at the latest: see `Reaper`.
package final class SmallDisk: Sendable {
    package let directory: String

    /// Why there can be none on this machine; nil when there can.
    package static let unavailableReason: String? = {
        guard let place = try? temporaryDirectory() else { return "no temporary directory" }
        defer { rmdir(place) }
        guard mount("tmpfs", place, "tmpfs", 0, nil) == 0 else {
            return "no file system can be mounted: \(String(cString: strerror(errno)))"
        }
        umount2(place, Int32(MNT_DETACH))
        return nil
    }()

    /// Mounts one of so many KiB over a directory that is there and empty; the directory's owner stays.
    package init(at directory: String, kilobytes: Int) throws {
        self.directory = directory
        var status = stat()
        guard stat(directory, &status) == 0,
            mount("tmpfs", directory, "tmpfs", 0, "size=\(kilobytes)k,mode=0755") == 0,
            chown(directory, status.st_uid, status.st_gid) == 0
        else { throw LabError.failed("\(directory): \(String(cString: strerror(errno)))") }
    }

    deinit { umount2(directory, Int32(MNT_DETACH)) }

    /// Takes all the room that is left.
    package func fill() throws {
        let file = open(filler, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw LabError.failed("\(filler): \(String(cString: strerror(errno)))") }
        defer { close(file) }
        // The last page is filled to its end, too.
        for size in [65536, 4096, 1] {
            let bytes = [UInt8](repeating: 0, count: size)
            while write(file, bytes, size) == size {}
        }
        guard errno == ENOSPC else { throw LabError.failed("\(filler): \(String(cString: strerror(errno)))") }
    }

    /// Gives it back.
    package func empty() { unlink(filler) }

    private var filler: String { "\(directory)/filler" }
}

extension Backend {
    /// Puts all mail on a small disk. To be called while nobody has logged in yet.
    package func putMailOnSmallDisk(kilobytes: Int) throws -> SmallDisk {
        try SmallDisk(at: mailDirectory, kilobytes: kilobytes)
    }
}
