internal import DequeModule
package import DirectorAdmin
package import NIOCore
package import Probes
internal import Site
internal import Transport

/// Runs the monitor's machine on an event loop: does what it asks for, and feeds it what happens.
///
/// Loop-confined: created and used on its loop alone.
package final class MonitorDriver {
    private var machine: MonitorMachine
    private let loop: NIOIsolatedEventLoop
    private let prober: Prober
    private var director: DirectorClient
    private let keeper: StateKeeper?
    private let tell: (MonitorEvent) -> Void

    private let pollLimit: Int
    private var openPolls = 0
    /// Polls that wait for a place; none of their time is running yet.
    private var waitingPolls: Deque<(MonitorMachine.PollID, PollPlan, within: Duration)> = []
    private var commands: [Reconciliation.CommandID: RunningConversation] = [:]
    private var timer: (Scheduled<Void>, at: Instant)?
    /// What came in while something else was being handled: a connection can fail before its start returns.
    private var inbox: [MonitorMachine.Event] = []
    private var isHandling = false
    private var isStopped = false

    /// A driver that does nothing yet; `tell` is called on the loop.
    ///
    /// At most `pollLimit` polls are open at once, each with a descriptor: a process that has none left cannot do anything.
    package init(
        _ policy: Policy, prober: Prober, director: DirectorClient, loop: any EventLoop, pollLimit: Int = .max,
        restored: MonitorState = MonitorState(), keeper: StateKeeper? = nil,
        tell: @escaping (MonitorEvent) -> Void
    ) {
        self.machine = MonitorMachine(policy, restored: restored, unixOrigin: Int(UnixClock.origin()), at: .now())
        self.keeper = keeper
        self.loop = loop.assumeIsolated()
        self.prober = prober
        self.pollLimit = max(1, pollLimit)
        self.director = director
        self.tell = tell
    }

    /// Begins to monitor.
    package func start() {
        keeper?.saved = { [weak self] in self?.feed(.saved(version: $0)) }
        keeper?.tell = tell
        feed(.woke)
    }

    /// Does nothing more, whatever still happens. What is under way at the director is left as it is.
    package func stop() {
        isStopped = true
        timer?.0.cancel()
        timer = nil
    }

    /// Puts other settings in force; `director` is nil where its socket is the same.
    package func change(to policy: Policy, director: DirectorClient?) {
        if let director { self.director = director }
        feed(.policyChanged(policy))
    }

    /// How the last rounds of each backend went.
    package var recentRounds: [(backend: String, rounds: RecentRounds)] { machine.recentRounds }

    private func feed(_ event: MonitorMachine.Event) {
        inbox.append(event)
        guard !isHandling else { return }
        isHandling = true
        while !isStopped, !inbox.isEmpty {
            let events = inbox
            inbox.removeAll()
            for event in events {
                for action in machine.handle(event, at: .now()) { perform(action) }
            }
        }
        isHandling = false
        setTimer()
    }

    private func perform(_ action: MonitorMachine.Action) {
        guard !isStopped else { return }
        switch action {
        case .poll(let id, let plan, let time):
            waitingPolls.append((id, plan, within: time))
            startPolls()
        case .list:
            let asked = director
            director.list { result in
                switch result {
                case _ where asked !== self.director:
                    self.feed(.directorFailed(DirectorFailure("the settings name another director-admin socket now")))
                case .success(let listing): self.feed(.directorListed(listing))
                case .failure(let failure): self.feed(.directorFailed(failure))
                }
            }
        case .send(let id, let command):
            var hasEnded = false
            let conversation = director.send(command) { reply in
                hasEnded = true
                self.commands[id] = nil
                self.feed(.commandEnded(id, reply))
            }
            if !hasEnded { commands[id] = conversation }
        case .abandon(let id): commands[id]?.cancel()
        case .save(let state, let version):
            guard let keeper else { return feed(.saved(version: version)) }
            keeper.keep(state, version)
        case .tell(let event): tell(event)
        }
    }

    private func startPolls() {
        while !isStopped, openPolls < pollLimit, let (id, plan, time) = waitingPolls.popFirst() {
            openPolls += 1
            prober.poll(id.address, plan: plan, within: time) { report in
                self.openPolls -= 1
                self.feed(.pollEnded(id, report))
                self.startPolls()
            }
        }
    }

    private func setTimer() {
        let next = machine.nextWake
        if let timer, timer.at == next { return }
        timer?.0.cancel()
        timer = nil
        guard !isStopped, next != .distantFuture else { return }
        let task = loop.scheduleTask(deadline: .uptimeNanoseconds(UInt64(max(0, next.nanoseconds)))) {
            self.timer = nil
            self.feed(.woke)
        }
        timer = (task, next)
    }
}
