internal import DirectorAdmin
internal import Site

/// One director of the ring: what it holds to be true, and what is under way in it.
final class Director {
    /// A backend as this director knows it. Each part bears the stamp of its last change: of two changes the later one
    /// counts, whatever the order in which they arrive.
    struct Row {
        var isListed = true
        var isUp = true
        var vhosts = 100
        /// The seconds of the last change of the switch; 0 for never.
        var changedAt = 0
        var presenceStamp = Stamp()
        var switchStamp = Stamp()
        var weightStamp = Stamp()
    }

    /// When and where something was changed.
    struct Stamp: Comparable {
        var time = Instant.origin
        var director = 0
        /// One director runs what it is asked for in the same moment one after the other.
        var number = 0

        static func < (left: Stamp, right: Stamp) -> Bool {
            (left.time, left.director, left.number) < (right.time, right.director, right.number)
        }
    }

    /// What can be changed of a row.
    enum Change {
        case up(Bool)
        case weight(Int)
        case presence(Bool)
    }

    /// A change on its way round the ring.
    struct Update {
        let backend: Int
        let change: Change
        let stamp: Stamp
    }

    /// A command on a connection of its own.
    final class Order {
        let backend: Int
        let verb: DirectorCommand.Verb
        /// With HOST-UPDATE.
        let vhosts: Int?
        /// Which monitor has sent it.
        let monitor: Int
        let reply: (CommandReply) -> Void
        var isAnswered = false
        /// Whether its reply goes to nobody: the client is gone, or a fault swallows it.
        var isMute = false

        init(
            backend: Int, verb: DirectorCommand.Verb, vhosts: Int?, monitor: Int,
            reply: @escaping (CommandReply) -> Void
        ) {
            self.backend = backend
            self.verb = verb
            self.vhosts = vhosts
            self.monitor = monitor
            self.reply = reply
        }
    }

    enum Process {
        case running
        /// SIGSTOP: it takes connections, and does nothing.
        case stopped
        /// It has ended; connections wait for the next one.
        case gone
    }

    let number: Int
    var process = Process.running
    /// Since when it is not `running`.
    var awaySince = Instant.origin
    /// Counts its restarts: what was under way in a former process is over.
    var incarnation = 0
    /// Whether it is new in the ring, and lists what it was configured with.
    var isHandshaking = false
    var rows: [Row]
    /// Its own changes that have not come round the ring.
    var pending: [(id: Int, backend: Int)] = []
    /// Commands that wait until the ring is synced.
    var held: [Order] = []
    /// Commands that are carried out and not answered.
    var open: [Order] = []
    /// What arrives while it is not running.
    var inbox: [() -> Void] = []

    init(number: Int, backends: Int) {
        self.number = number
        rows = Array(repeating: Row(), count: backends)
    }

    var ring: RingState { isHandshaking ? .handshaking : pending.isEmpty ? .synced : .syncing }

    /// Does something as soon as the process runs.
    func whenRunning(_ work: @escaping () -> Void) {
        if process == .running { work() } else { inbox.append(work) }
    }

    /// Takes over a change, unless it knows a later one; whether it did.
    @discardableResult
    func apply(_ update: Update, at seconds: Int) -> Bool {
        switch update.change {
        case .up(let isUp):
            guard rows[update.backend].switchStamp < update.stamp else { return false }
            rows[update.backend].switchStamp = update.stamp
            rows[update.backend].isUp = isUp
            rows[update.backend].changedAt = seconds
        case .weight(let vhosts):
            guard rows[update.backend].weightStamp < update.stamp else { return false }
            rows[update.backend].weightStamp = update.stamp
            rows[update.backend].vhosts = vhosts
        case .presence(let isListed):
            guard rows[update.backend].presenceStamp < update.stamp else { return false }
            rows[update.backend].presenceStamp = update.stamp
            rows[update.backend].isListed = isListed
        }
        return true
    }

    /// Learns from another director what it does not know yet.
    func merge(_ others: [Row]) {
        for (backend, other) in others.enumerated() {
            if rows[backend].switchStamp < other.switchStamp {
                rows[backend].switchStamp = other.switchStamp
                rows[backend].isUp = other.isUp
                rows[backend].changedAt = other.changedAt
            }
            if rows[backend].weightStamp < other.weightStamp {
                rows[backend].weightStamp = other.weightStamp
                rows[backend].vhosts = other.vhosts
            }
            if rows[backend].presenceStamp < other.presenceStamp {
                rows[backend].presenceStamp = other.presenceStamp
                rows[backend].isListed = other.isListed
            }
        }
    }
}
