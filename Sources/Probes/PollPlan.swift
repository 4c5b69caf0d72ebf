package import Site

/// Everything one poll needs to know but where the backend is.
package struct PollPlan: Hashable, Sendable {
    /// The protocol, its port and its encryption.
    package var service: Service
    /// The account to log in with; nil to look only at the greeting and the capabilities.
    package var account: Account?
    /// Whether an IMAP poll LISTs the top level after the login.
    package var listsMailboxes: Bool
    /// The monitor's own host name, for LHLO.
    package var clientName: String

    /// Makes a plan.
    package init(service: Service, account: Account?, listsMailboxes: Bool = true, clientName: String = "localhost") {
        self.service = service
        self.account = account
        self.listsMailboxes = listsMailboxes
        self.clientName = clientName
    }
}
