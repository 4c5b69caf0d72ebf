/// What happened at the director, for people: for the log, alerts and the status.
package enum DirectorEvent: Hashable, Sendable {
    /// The director cannot be read any more; told once.
    case lost(DirectorFailure)
    /// It still cannot, after so long.
    case stillAway(DirectorFailure, for: Duration)
    /// It can be read again, after so long.
    case back(after: Duration)
    /// The ring's state is another than before; nil from a director that does not tell it.
    case ringChanged(RingState?)
    /// The ring is still not synced, after so long.
    case stillNotSynced(RingState, for: Duration)
    /// A line of HOST-LIST is none; told once for each text.
    case rowUnreadable(String)
    /// The director lists a backend that it did not list before.
    case hostAppeared(Host)
    /// The director does not list a backend any more.
    case hostDisappeared(Host)
    /// A backend's weight went to 0 or came back from it, by whomever.
    case maintenanceChanged(Host)
    /// A backend's switch is another than before.
    case stateChanged(Host, ChangeCause)
    /// A list that was read after a command's reply does not show what the command asked for.
    case commandWithoutEffect(Host, DirectorCommand.Verb, CommandReply)
    /// HOST-UP was answered with OK, and others have taken the backend down again before a list has shown it.
    case undoneByOthers(Host)
    /// HOST-RESET-USERS or HOST-FLUSH was answered with OK after so long; the host's row was read afterwards, and shows who
    /// is left.
    case usersMoved(Host, took: Duration)
    /// The users of a backend need not be moved any more: it is up again.
    case moveGivenUp(Host)
    /// The director closed the connection on HOST-RESET-USERS: it may be too old to know it. Told once.
    case moveUnknown(Host)
    /// HOST-RESET-USERS failed.
    case moveFailed(Host, CommandReply)
    /// A backend's weight has changed that this monitor has a word in.
    case weightChanged(Host, WeightNews)
    /// Another ring's director is asked from now on, and the backend's weight at the former one stays as it is: `vhosts`, as last
    /// listed there, and not what it was to be. Nil where it was not listed.
    case weightForgotten(backend: String, vhosts: Int?, target: Int)
    /// In a dry run: HOST-UPDATE would have gone out now, with this weight. Told once for each wish.
    case wouldSetWeight(Host, Int)
    /// In a dry run: this command would have gone out now. Told once for each wish.
    case wouldSend(Host, DirectorCommand.Verb)
    /// HOST-DOWNs whose delay is over are withheld, for too many backends are down or waiting; told again when the numbers
    /// change.
    case downsWithheld(WithheldDowns)
    /// None are withheld any more.
    case downsAllowed
    /// HOST-DOWNs are withheld, for too few healthy backends of the pool would be left; told at once, when others join them,
    /// and again every five minutes.
    case guardWithholds(GuardedDowns)
    /// The pool guard withholds none of this tag any more.
    case guardReleased(tag: String, after: Duration)
}

/// Why the pool guard withholds HOST-DOWNs.
package struct GuardedDowns: Hashable, Sendable {
    /// The tag of the pool; empty for the pool without a name.
    package let tag: String
    /// The first fifteen backends that are withheld; where others were named before, the first fifteen that are new.
    package let hosts: [Host]
    /// How many backends are withheld.
    package let count: Int
    /// How many of these were not named yet. The next fifteen are named a second later, up to three hundred between two
    /// reminders.
    package let unnamed: Int
    /// How many are listed up and healthy by polls that were started after the first of them had begun to fail.
    package let healthy: Int
    /// How many of these have to be left.
    package let needed: Int
    /// How many backends the pool has that are not under maintenance.
    package let pool: Int
    /// Since the first one was withheld.
    package let lasting: Duration

    /// Makes the reason.
    package init(
        tag: String, hosts: [Host], count: Int, unnamed: Int, healthy: Int, needed: Int, pool: Int, lasting: Duration
    ) {
        self.tag = tag
        self.hosts = hosts
        self.count = count
        self.unnamed = unnamed
        self.healthy = healthy
        self.needed = needed
        self.pool = pool
        self.lasting = lasting
    }
}

/// Why HOST-DOWNs are withheld.
package struct WithheldDowns: Hashable, Sendable {
    /// The first ten backends whose delay is over, the one that has waited longest first.
    package let hosts: [Host]
    /// How many backends are wanted down and not listed as down.
    package let waiting: Int
    /// How many are listed as down.
    package let down: Int
    /// No HOST-DOWN goes out while these two are more together than this.
    package let limit: Int

    /// Makes the reason.
    package init(hosts: [Host], waiting: Int, down: Int, limit: Int) {
        self.hosts = hosts
        self.waiting = waiting
        self.down = down
        self.limit = limit
    }
}

/// Who changed a backend's switch.
package enum ChangeCause: Hashable, Sendable {
    /// A command of this monitor, which got this reply; `took` is from the sending to the list that shows the change.
    case command(CommandReply, took: Duration)
    /// Somebody else: another monitor, an administrator, or the ring's restart.
    case foreign
    /// It was changed when no run of this monitor looked: it is what an earlier one was about to do, or has undone what that did.
    case unwatched
}
