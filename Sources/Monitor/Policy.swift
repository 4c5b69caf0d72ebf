package import DirectorAdmin
package import Health
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
    /// What polls look at.
    package var options: PollOptions {
        get { sharedOptions.value }
        set { sharedOptions = SharedPollOptions(newValue) }
    }
    private var sharedOptions: SharedPollOptions
    /// The test account of each backend that has one of its own.
    package var accounts: [IPAddress: Account]
    /// The test account of all other backends; nil where they have none.
    package var defaultAccount: Account?
    /// Whether backends without any account are polled, without a login.
    package var pollsUnknownBackends: Bool
    /// How the verdicts are reached.
    package var deciding: Deciding
    /// Log what would be commanded instead of commanding it.
    package var isDryRun: Bool
    /// Whether there is a place to write down what a restart must not forget.
    package var hasStateFile: Bool
    /// So many polls may be under way at once; nil for as many as the process has descriptors for.
    package var openPollLimit: Int?
    /// Whether an idle connection is kept to each backend, which breaks when the backend does.
    package var keepsSentinels: Bool
    /// So many of these at most.
    package var sentinelLimit = Int.max

    /// Makes a policy.
    package init(
        services: [Service], interval: Duration, timeout: Duration, failuresNeeded: Int,
        options: PollOptions = PollOptions(), accounts: [IPAddress: Account] = [:], defaultAccount: Account? = nil,
        pollsUnknownBackends: Bool = true, deciding: Deciding = Deciding(), isDryRun: Bool = false,
        hasStateFile: Bool = false, openPollLimit: Int? = nil, keepsSentinels: Bool = false
    ) {
        self.services = services
        self.interval = interval
        self.timeout = timeout
        self.failuresNeeded = max(1, failuresNeeded)
        sharedOptions = SharedPollOptions(options)
        self.accounts = accounts
        self.defaultAccount = defaultAccount
        self.pollsUnknownBackends = pollsUnknownBackends
        self.deciding = deciding
        self.isDryRun = isDryRun
        self.hasStateFile = hasStateFile
        self.openPollLimit = openPollLimit
        self.keepsSentinels = keepsSentinels
    }

    /// The same where the process has so many descriptors: sentinels take what `max_polls` leaves, or half of them.
    package func fitted(to descriptors: Int) -> Policy {
        var fitted = self
        let share = sentinelPlan == nil ? descriptors : max(1, descriptors / 2)
        fitted.openPollLimit = min(descriptors, openPollLimit ?? share)
        fitted.sentinelLimit = descriptors - min(descriptors, openPollLimit ?? share)
        return fitted
    }

    /// Where sentinels stand, and how they are opened; nil where none are kept. What they say may be heard by another server
    /// than the one that is meant: no account is needed for it, and whether certificates are in order is what polls tell.
    var sentinelPlan: PollPlan? {
        guard keepsSentinels, let service = services.first(where: { $0.mailProtocol == .imap }) else { return nil }
        // Nothing else, so that other checks of polls do not end them.
        let tls = TLSChecks(minimumVersion: options.tls.minimumVersion)
        let proxied = options.proxied.intersection([.imap])
        return PollPlan(service: service, account: nil, options: PollOptions(tls: tls, proxied: proxied))
    }

    /// The account that a backend is polled with.
    package func account(of address: IPAddress) -> Account? { accounts[address] ?? defaultAccount }

    /// Whether a backend is polled at all.
    package func polls(_ address: IPAddress) -> Bool { pollsUnknownBackends || account(of: address) != nil }

    /// How one service of one backend is polled.
    package func plan(for address: IPAddress, _ service: Service) -> PollPlan {
        PollPlan(service, account(of: address), sharedOptions)
    }

    /// Whether the state is written down. A dry run changes nothing, and may run beside the real one.
    var keepsState: Bool { hasStateFile && !isDryRun }

    /// How the director is handled; polls without a pause are no reason to read it without one.
    var manners: Reconciliation.Manners {
        var manners = Reconciliation.Manners(interval: interval == .zero ? .seconds(1) : interval)
        manners.flushes = deciding.flushes
        manners.parallelMoves = deciding.parallelMoves
        manners.delayedDown = deciding.delayedDown
        manners.isDryRun = isDryRun
        manners.slowStart = deciding.slowStart
        manners.minHealthy = deciding.minHealthy
        manners.recordsDowns = keepsState
        return manners
    }

    /// When enough is enough.
    var rules: BackendHealth.Rules {
        BackendHealth.Rules(
            failuresNeeded: failuresNeeded, timeout: timeout, timeoutGrows: deciding.timeoutGrows, interval: interval,
            rapidRounds: deciding.rapidRounds, rapidFailuresNeeded: deciding.rapidFailuresNeeded)
    }
}

/// How verdicts are reached and carried out, beyond the seed's `retry_count`; the defaults are the seed's.
package struct Deciding: Hashable, Sendable {
    /// After a poll that timed out, the next one gets one `timeout` more, up to `failuresNeeded` times it.
    package var timeoutGrows = false
    /// After a failed poll the next one comes after this time, until it is known whether the backend is faulty; nil for the
    /// interval.
    package var retryInterval: Duration?
    /// So many good rounds in a row before HOST-UP; at least 1.
    package var goodRoundsNeeded = 1
    /// So many polls at once follow the last failure that is needed; 0 for none.
    package var rapidRounds = 0
    /// So many of these have to fail.
    package var rapidFailuresNeeded = 7
    /// How long one of these may take; one that takes longer settles it.
    package var rapidTimeout = Duration.seconds(2)
    /// How HOST-DOWN is put off; nil when it is not.
    package var delayedDown: DelayedDown?
    /// HOST-FLUSH after HOST-DOWN instead of HOST-RESET-USERS.
    package var flushes = false
    /// How many healthy backends of a pool a HOST-DOWN has to leave.
    package var minHealthy = MinHealthy.off
    /// What holds a healthy backend down.
    package var raising = Raising.Rules()
    /// What failures mean that may be no fault of the backend's.
    package var rejection = Rejection()
    /// How a backend that comes back gets its users; nil: all at once.
    package var slowStart: SlowStart?
    /// How many users are moved at once; nil for the director's own number.
    package var parallelMoves: Int?

    /// The seed's rules.
    package init() {}

    /// How HOST-DOWN is put off.
    package typealias DelayedDown = Reconciliation.DelayedDown
}
