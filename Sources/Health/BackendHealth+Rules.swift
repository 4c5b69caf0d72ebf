extension BackendHealth {
    /// When enough is enough. May change at any time: what was counted before counts by the new rules.
    package struct Rules: Hashable, Sendable {
        /// So many failed polls in a row make a service faulty; at least 1.
        package var failuresNeeded: Int
        /// How long a poll of a round may take.
        package var timeout: Duration
        /// After a poll that timed out the next one may take one `timeout` longer: up to `failuresNeeded` times it, and never
        /// longer than `interval`.
        package var timeoutGrows: Bool
        /// Between the starts of two rounds; zero for no limit.
        package var interval: Duration
        /// So many rapid polls follow the last failure that is needed; 0 for none.
        package var rapidRounds: Int
        /// So many of these have to fail.
        package var rapidFailuresNeeded: Int

        /// Makes rules; the defaults are the seed's.
        package init(
            failuresNeeded: Int, timeout: Duration = .seconds(3), timeoutGrows: Bool = false,
            interval: Duration = .seconds(10), rapidRounds: Int = 0, rapidFailuresNeeded: Int = 7
        ) {
            self.failuresNeeded = max(1, failuresNeeded)
            self.timeout = timeout
            self.timeoutGrows = timeoutGrows
            self.interval = interval
            self.rapidRounds = max(0, rapidRounds)
            self.rapidFailuresNeeded = max(1, rapidFailuresNeeded)
        }
    }
}
