extension Settings {
    /// The settings that count at a start alone, and are not what they were at this one.
    package func waitingForStart(since started: Settings) -> [String] {
        var names: [String] = []
        if logsToStandardOutput != started.logsToStandardOutput { names.append("debug") }
        if lockfile != started.lockfile { names.append("lockfile") }
        return names
    }
}
