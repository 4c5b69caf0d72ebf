package import Monitor
package import Site

/// The state file in this process's hands. What another dovemon has, or what could not be read, is never overwritten; neither
/// is a reason not to run.
package struct StateStore: Sendable {
    private enum Access: Sendable {
        /// It is written, and locked as long as somebody holds on to this; nil where it cannot be locked.
        case own(Lock?)
        /// It could not be read: whoever mends that wants to find it as it was.
        case unreadable
        /// Another dovemon has it.
        case taken
        /// A dry run changes nothing, and may run beside the real one.
        case dryRun
    }

    /// The lock is a file of its own, as the state file is another one after each writing.
    private final class Lock: Sendable {
        private let file: LockFile

        init(path: String) throws(LockFile.Failure) { file = try LockFile(path: path, permissions: 0o600) }
    }

    private let file: StateFile
    private let access: Access

    /// Takes hold of a file; gives also the state in it, and what people should know. See `StateFile.read`.
    package static func open(
        _ file: StateFile, isDryRun: Bool, origin: Double, at now: Instant
    ) -> (store: StateStore, state: MonitorState, remarks: [String]) {
        let lockPath = file.path + ".lock"
        var access = Access.dryRun
        var remarks: [String] = []
        do throws(LockFile.Failure) {
            if !isDryRun { access = .own(try Lock(path: lockPath)) }
        } catch {
            switch error {
            case .held(let owner):
                let owner = owner.map { "process \($0)" } ?? "another process"
                let remark =
                    "\(printable(file.path)): \(owner) has it, a dovemon most likely: neither read nor written, so that a "
                    + "restart will not know whose downs they are; name another file by state_file, and reload"
                return (StateStore(file: file, access: .taken), MonitorState(), [remark])
            case .impossible(let reason):
                access = .own(nil)
                remarks = [
                    "\(printable(lockPath)): cannot be locked: \(reason): let dovemon's user write it, or see to it that "
                        + "no other dovemon has this state_file"
                ]
            }
        }
        do throws(StateFile.Failure) {
            let read = try file.read(origin: origin, at: now, setsAside: !isDryRun)
            // A directory that cannot be written is the reason for both.
            let all = read.remarks.isEmpty ? remarks : read.remarks
            return (StateStore(file: file, access: access), read.state, all)
        } catch {
            let remark =
                "\(error): left as it is, neither used nor written, so that it is not known whose downs they are; let "
                + "dovemon's user read it, or move it away, and restart dovemon"
            return (StateStore(file: file, access: isDryRun ? .dryRun : .unreadable), MonitorState(), [remark])
        }
    }

    /// The store where the settings name this file now, and what people should know. What is in the file is no news to a
    /// monitor that has it already; what another run has left in it until now, `found`, is.
    package static func change(
        _ former: StateStore?, to file: StateFile?, isDryRun: Bool, origin: Double, at now: Instant
    ) -> (store: StateStore?, found: MonitorState?, remarks: [String]) {
        guard let file else { return (nil, nil, []) }
        if let former, former.file.path == file.path {
            switch former.access {
            case .own, .unreadable: return (StateStore(file: file, access: former.access), nil, [])
            case .dryRun where isDryRun: return (StateStore(file: file, access: .dryRun), nil, [])
            case .dryRun, .taken: break
            }
        }
        let opened = open(file, isDryRun: isDryRun, origin: origin, at: now)
        return (opened.store, opened.state, opened.remarks)
    }

    /// Writes the state durably, where it may be written.
    package func write(_ state: MonitorState, origin: Double) throws(StateFile.Failure) {
        if case .own = access { try file.write(state, origin: origin) }
    }
}
