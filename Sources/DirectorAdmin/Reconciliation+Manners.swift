package import Site

extension Reconciliation {
    /// How the director is handled.
    package struct Manners: Sendable {
        /// Between the starts of two lists when nothing presses.
        package let interval: Duration
        /// How old a list may be for a command to rest on it.
        package var freshness = Duration.seconds(1)
        /// A command waits up to 30 s for the ring before it runs, and as long again for its reply.
        package var patience = Duration.seconds(65)
        /// How long a command that was given up counts as still held in the director.
        package var abandonedHold = Duration.seconds(60)
        /// Connections with commands at once.
        package var connections = 8
        /// Of these, how many at once may move users: that can take many minutes, and a HOST-DOWN must not wait for it.
        package var moves = 4
        /// Before a command is repeated that had no effect, and before another look at a ring that is not synced.
        package var retry = Duration.seconds(1)
        /// Before another list, where one has failed and the interval is longer.
        package var listRetry = Duration.seconds(10)
        /// Between lists that confirm commands while others wait to go out: when thousands do, there is no list for each.
        package var confirmation = Duration.milliseconds(100)
        /// Between reminders that the director is away.
        package var reminder = Duration.seconds(300)
        /// HOST-FLUSH after HOST-DOWN instead of HOST-RESET-USERS.
        package var flushes = false
        /// How many users HOST-RESET-USERS moves at once; nil for the director's own number.
        package var parallelMoves: Int?
        /// How HOST-DOWN is put off; nil when it is not.
        package var delayedDown: DelayedDown?
        /// How many healthy backends of a pool a HOST-DOWN has to leave.
        package var minHealthy = MinHealthy.off
        /// Have a HOST-DOWN and a HOST-UPDATE written down before they are sent, so that a restart does not forget whose
        /// they were.
        package var recordsDowns = false
        /// How old a HOST-DOWN that is written down may be when it is sent.
        package var intentAge = Duration.seconds(5)
        /// So many HOST-DOWNs are written down at once while there is no room for their commands.
        package var decidedAhead = 256
        /// How a backend that comes back gets its users; nil: all at once.
        package var slowStart: SlowStart?
        /// How many connections at once may set weights: a HOST-DOWN must not wait for them.
        package var weighings = 4
        /// Tell what would be commanded, and command nothing.
        package var isDryRun = false

        /// Manners with a list every `interval`, at least 100 ms.
        package init(interval: Duration) { self.interval = max(interval, .milliseconds(100)) }

        /// How a backend is emptied.
        var moveVerb: DirectorCommand.Verb { flushes ? .hostFlush : .hostResetUsers }
    }

    /// How HOST-DOWN is put off.
    package struct DelayedDown: Hashable, Sendable {
        /// How long it waits.
        package var delay: Duration
        /// While more backends than this are down or waiting, it is only logged.
        package var limit: Int

        /// Makes the rule.
        package init(delay: Duration, limit: Int) {
            self.delay = delay
            self.limit = limit
        }
    }
}
