/// Which messages a poll removes from the test mailbox.
package enum Removal: String, Hashable, Sendable, CaseIterable {
    /// None.
    case no
    /// Those that bear dovemon's mark: this monitor's own, and another's after an hour.
    case marked = "yes"
    /// All there are, as the original does.
    case all
}
