internal import DirectorAdmin
package import Probes
package import Site

/// What the settings and the accounts mean for the monitor: what is polled, how often, and when enough is enough.
package struct Policy: Sendable {
    /// What is polled on each backend, side by side.
    package var services: [Service]
    /// Between the starts of two rounds of one backend, and of two looks at the director. Zero: without a pause.
    package var interval: Duration
    /// How long one poll may take.
    package var timeout: Duration
    /// So many failed polls in a row make a service faulty; at least 1.
    package var failuresNeeded: Int
    /// Whether an IMAP poll LISTs the top level after the login.
    package var listsMailboxes: Bool
    /// The test account of each backend that has one.
    package var accounts: [IPAddress: Account]
    /// The monitor's own host name.
    package var clientName: String

    /// Makes a policy.
    package init(
        services: [Service], interval: Duration, timeout: Duration, failuresNeeded: Int, listsMailboxes: Bool = true,
        accounts: [IPAddress: Account] = [:], clientName: String = "localhost"
    ) {
        self.services = services
        self.interval = interval
        self.timeout = timeout
        self.failuresNeeded = max(1, failuresNeeded)
        self.listsMailboxes = listsMailboxes
        self.accounts = accounts
        self.clientName = clientName
    }

    /// How one service of one backend is polled.
    package func plan(for address: IPAddress, _ service: Service) -> PollPlan {
        PollPlan(
            service: service, account: accounts[address], listsMailboxes: listsMailboxes, clientName: clientName)
    }

    /// How the director is handled; polls without a pause are no reason to read it without one.
    var manners: Reconciliation.Manners {
        Reconciliation.Manners(interval: interval == .zero ? .seconds(1) : interval)
    }
}
