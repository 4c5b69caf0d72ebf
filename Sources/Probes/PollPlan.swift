package import Site

/// Everything one poll needs to know but where the backend is.
package struct PollPlan: Hashable, Sendable {
    /// The protocol, its port and its encryption.
    package var service: Service
    /// The account to log in with; nil to look only at the greeting and the capabilities.
    package var account: Account?
    /// What is looked at, the same for all backends.
    package var options: PollOptions {
        get { shared.value }
        set { shared = SharedPollOptions(newValue) }
    }
    private var shared: SharedPollOptions
    /// The id of a test message that an LMTP poll of the same round has delivered, and that an IMAP poll has to find.
    package var expectedMessage: String?

    /// Makes a plan.
    package init(
        service: Service, account: Account?, options: PollOptions = PollOptions(), expectedMessage: String? = nil
    ) {
        self.init(service, account, SharedPollOptions(options), expectedMessage: expectedMessage)
    }

    /// Makes one of many plans with the same options.
    package init(
        _ service: Service, _ account: Account?, _ options: SharedPollOptions, expectedMessage: String? = nil
    ) {
        self.service = service
        self.account = account
        self.shared = options
        self.expectedMessage = expectedMessage
    }
}

/// Options that plans share: a plan is passed on a dozen times in each poll, and each time all of their texts would be counted.
package final class SharedPollOptions: Hashable, Sendable {
    /// They.
    package let value: PollOptions

    /// Holds them.
    package init(_ value: PollOptions) { self.value = value }

    /// Of the same options.
    package static func == (left: SharedPollOptions, right: SharedPollOptions) -> Bool {
        left === right || left.value == right.value
    }

    /// Of the options.
    package func hash(into hasher: inout Hasher) { hasher.combine(value) }
}
