package import Site

/// Everything one poll needs to know but where the backend is.
package struct PollPlan: Hashable, Sendable {
    /// The protocol, its port and its encryption.
    package var service: Service
    /// The account to log in with; nil to look only at the greeting and the capabilities.
    package var account: Account?
    /// What is looked at, the same for all backends.
    package var options: PollOptions
    /// The id of a test message that an LMTP poll of the same round has delivered, and that an IMAP poll has to find.
    package var expectedMessage: String?

    /// Makes a plan.
    package init(
        service: Service, account: Account?, options: PollOptions = PollOptions(), expectedMessage: String? = nil
    ) {
        self.service = service
        self.account = account
        self.options = options
        self.expectedMessage = expectedMessage
    }
}
