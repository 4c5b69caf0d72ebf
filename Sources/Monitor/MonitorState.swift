package import DirectorAdmin
package import Health
package import Site

/// What a restart must not forget: whose downs they are, what holds backends down, who works
/// on which, what their weights are to be, and which reject the test account.
package struct MonitorState: Hashable, Sendable {
    /// This monitor's own HOST-DOWNs, decided, under way, or in force.
    package var intents: [IPAddress: DownIntent]
    /// What is known of backends that went up or down before.
    package var raising: [IPAddress: Raising]

    /// Since when those of them have not been listed that are not.
    package var absences: [IPAddress: Instant]

    /// The maintenance windows that go on, also those whose end has passed since.
    package var windows: [IPAddress: Maintenance]
    /// The weights that backends are to have in the end, where this monitor has changed them.
    package var weights: [IPAddress: WeightMemory]
    /// The backends that have rejected the test account, where no login has succeeded since.
    package var rejections: Set<IPAddress>

    /// Makes the state; by itself, that of a monitor that has done nothing yet.
    package init(
        intents: [IPAddress: DownIntent] = [:], raising: [IPAddress: Raising] = [:],
        absences: [IPAddress: Instant] = [:], windows: [IPAddress: Maintenance] = [:],
        weights: [IPAddress: WeightMemory] = [:], rejections: Set<IPAddress> = []
    ) {
        self.intents = intents
        self.raising = raising
        self.absences = absences
        self.windows = windows
        self.weights = weights
        self.rejections = rejections
    }

    /// The backends of which something is known that is forgotten once they have not been listed for long.
    var remembered: Set<IPAddress> {
        Set(intents.keys).union(raising.keys).union(weights.keys).union(rejections)
    }

    /// The same as it can be by the clock of now: see `Raising.clamped`. Intents keep their times: the director's clock may have
    /// been as wrong, and by these its changes are known.
    package func clamped(at now: Instant) -> MonitorState {
        MonitorState(
            intents: intents, raising: raising.mapValues { $0.clamped(at: now) },
            absences: absences.mapValues { min($0, now) }, windows: windows.mapValues { $0.clamped(at: now) },
            weights: weights.mapValues { $0.clamped(at: now) }, rejections: rejections)
    }
}

/// When a state has to be written down, and who waits for it.
struct StateRecords: Sendable {
    private var version = 0
    /// What the reconciliation waits for, by the version of the state that has it.
    private var awaited: [(version: Int, record: Reconciliation.RecordID)] = []
    /// Whether the state is another one than was last to be written down.
    private var isChanged = false

    mutating func changed() { isChanged = true }

    mutating func asked(_ record: Reconciliation.RecordID) {
        isChanged = true
        awaited.append((version + 1, record))
    }

    /// The version to be written down now; nil when there is nothing new.
    mutating func next() -> Int? {
        guard isChanged else { return nil }
        isChanged = false
        version += 1
        return version
    }

    /// This version and all before it are written down, or could not be; gives the latest record that this settles.
    mutating func saved(_ version: Int) -> Reconciliation.RecordID? {
        let settled = awaited.last { $0.version <= version }?.record
        awaited.removeAll { $0.version <= version }
        return settled
    }
}
