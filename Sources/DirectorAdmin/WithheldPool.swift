package import Site

/// A pool in which the pool guard withholds HOST-DOWNs now, for the status.
package struct WithheldPool: Hashable, Sendable {
    /// The tag of the pool; empty for the pool without a name.
    package let tag: String
    /// How many backends are withheld.
    package let withheld: Int
    /// How many are listed up and healthy by polls that were started after the first of them had begun to fail.
    package let healthy: Int
    /// How many of these have to be left.
    package let needed: Int
    /// How many backends the pool has that are not under maintenance.
    package let pool: Int
    /// Since when something has been withheld.
    package let since: Instant
}
