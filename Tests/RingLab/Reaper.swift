import Glibc
import Synchronization

/// Sees to it that nothing of a lab outlives it, however its process ends.
///
/// A shell in a session of its own reads a socket whose other end only the lab's process holds. When that end closes, by
/// `reap()` or because the process was killed, the shell runs the directory's `stop` script: it kills the process groups
/// listed in `pids` and removes the directory.
final class Reaper: Sendable {
    let directory: String
    private let shell: Child
    private let lifeline: Mutex<Int32?>
    /// What was started and is still to be collected. One that nobody collects stays a zombie, over which Swift Testing's exit tests
    /// do not see their own processes end.
    private let children = Mutex<[Child]>([])

    /// Begins to watch over `directory`.
    init(directory: String) throws {
        guard mkdir("\(directory)/pids", 0o755) == 0 else { throw LabError.failed("\(directory)/pids: cannot make it") }
        try writeFile("\(directory)/stop", Self.stopScript, mode: 0o755)
        var ends: [Int32] = [0, 0]
        // Closed on exec from its first moment on, so that no other child of this process holds it open.
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw LabError.failed("no socket pair") }
        defer { close(ends[0]) }
        let watch = #"trap '' HUP INT TERM; while read -r word; do [ "$word" != keep ] || exit 0; done; exec "$0""#
        do {
            shell = try Child(
                ["/bin/sh", "-c", watch, "\(directory)/stop"], streams: .init(input: ends[0]), ownSession: true)
        } catch {
            close(ends[1])
            throw error
        }
        lifeline = Mutex(ends[1])
        self.directory = directory
    }

    /// Starts a program that dies with the lab at the latest.
    ///
    /// It writes itself down before it becomes that program. Where the list is gone, for the lab was ended meanwhile, it
    /// never does.
    func start(_ arguments: [String], streams: Child.Streams) throws -> Child {
        let note = #"""
            started() { shift 19; echo "$1"; }
            read -r line <"/proc/$$/stat" && started ${line##*) } >"$0/pids/$$" && exec "$@"
            """#
        let child = try Child(["/bin/sh", "-c", note, directory] + arguments, streams: streams)
        children.withLock { $0.append(child) }
        return child
    }

    /// Forgets a process that has ended, for its number may become another's.
    func forget(_ child: Child) {
        unlink("\(directory)/pids/\(child.pid)")
        children.withLock { $0.removeAll { $0 === child } }
    }

    /// Kills everything and removes the directory; returns when that is done. May be called twice.
    func reap() {
        release(saying: nil)
        let children = children.withLock { $0 }
        var isOver = false
        while !isOver {
            isOver = shell.exitStatus() != nil
            for child in children { _ = child.exitStatus() }
            if !isOver { usleep(5_000) }
        }
    }

    /// Lets everything live on; from now on the directory's `stop` script is what ends it.
    func letGo() {
        release(saying: "keep\n")
        while shell.exitStatus() == nil { usleep(5_000) }
    }

    private func release(saying word: String?) {
        lifeline.withLock { end in
            guard let open = end else { return }
            if let word { _ = write(open, word, word.utf8.count) }
            close(open)
            end = nil
        }
    }

    /// The list is moved away first: whoever is not on it by then does not start. SIGKILL ends stopped processes too. One
    /// that has ended and is not yet collected by its parent (`Z`) is not waited for: init may take seconds.
    private static let stopScript = #"""
        #!/bin/sh
        # Ends everything that was started here, and removes this directory.
        #
        # Each file in pids is named after a process group and holds when its leader was started, for by now the number
        # may be another's.
        started() {
            read -r line <"/proc/$1/stat" || return 1
            set -- ${line##*) }
            shift 19
            echo "$1"
        }
        alive() {
            for stat in /proc/[0-9]*/stat; do
                read -r line <"$stat" || continue
                # After the name in brackets: state, parent, process group.
                set -- ${line##*) }
                case $1 in [ZX]) continue ;; esac
                [ ! -e "dying/$3" ] || return 0
            done 2>/dev/null
            return 1
        }
        {
            cd "$(dirname "$0")" || exit 1
            here=$PWD
            mv pids dying 2>/dev/null
            # Masters that somebody started by hand meanwhile are not on the list.
            for file in */run/master.pid; do
                read -r pid <"$file" && grep -q "$here/" "/proc/$pid/cmdline" && started "$pid" >"dying/$pid"
            done 2>/dev/null
            for note in dying/*; do
                pid=${note##*/}
                read -r then <"$note"
                now=$(started "$pid") && [ "$now" != "$then" ] || kill -s KILL -- "-$pid"
            done 2>/dev/null
            tries=0
            while alive && [ "$tries" -lt 250 ]; do
                sleep 0.02
                tries=$((tries + 1))
            done
            cd /
            while read -r _ place _; do
                case $place in "$here"/*) umount -l "$place" ;; esac
            done </proc/mounts
            rm -rf "$here"
            exit
        }

        """#
}
