package import Site

/// What the metrics tell, at one moment: a snapshot that is cheap to take and may be rendered on any thread.
package struct Metrics: Sendable {
    /// One backend.
    package struct Backend: Hashable, Sendable {
        /// The address as the director spells it.
        package let address: String
        /// Its pool; foreign text.
        package let tag: String
        /// Its weight at the director.
        package let vhosts: Int
        /// Its users at the director.
        package let users: Int
        /// Whether the director lists it as up; nil for a state that is not known.
        package let isUp: Bool?
        /// What the polls say; nil where that is not known.
        package let isHealthy: Bool?
        /// Whether it is under maintenance.
        package let isInMaintenance: Bool
        /// When the certificates of its services expire.
        package let certificates: [Certificate]

        /// Makes one.
        package init(
            address: String, tag: String, vhosts: Int, users: Int, isUp: Bool?, isHealthy: Bool?,
            isInMaintenance: Bool, certificates: [Certificate] = []
        ) {
            self.address = address
            self.tag = tag
            self.vhosts = vhosts
            self.users = users
            self.isUp = isUp
            self.isHealthy = isHealthy
            self.isInMaintenance = isInMaintenance
            self.certificates = certificates
        }
    }

    /// A service's certificate.
    package struct Certificate: Hashable, Sendable {
        /// The service that has shown it.
        package let service: Service
        /// When it expires, in seconds since 1970.
        package let expiry: Int

        /// Makes one.
        package init(_ service: Service, expiry: Int) {
            self.service = service
            self.expiry = expiry
        }
    }

    /// The backends that the director lists.
    package var backends: [Backend] = []
    /// Whether the director could be read the last time.
    package var isDirectorConnected = false
    /// Whether the ring is synced; nil where the director does not tell.
    package var isRingSynced: Bool?
    /// How many idle connections stand; nil where none are kept.
    package var sentinels: Int?
    /// How many backends' HOST-DOWNs the pool guard withholds, by tag.
    package var withheld: [String: Int] = [:]
    /// What this run has done.
    package var statistics = Statistics()
    /// Log lines that found no place; they are told in the log, too.
    package var logLinesLost = 0

    /// Of a monitor that knows nothing yet.
    package init() {}
}
