package import DirectorAdmin
package import Probes
package import Site

/// Makes one round of polls. Loop-confined.
package final class Checker {
    /// A backend to be polled, and how.
    package struct Target: Sendable {
        /// Its address as the director or the user spelled it.
        package let spelling: String
        /// Its address.
        package let address: IPAddress
        /// Its row in HOST-LIST; nil when the director was not asked.
        package let listed: Host?
        /// How its services are polled; none where it is left alone.
        package let plans: [PollPlan]

        /// Makes a target.
        package init(spelling: String, address: IPAddress, listed: Host?, plans: [PollPlan]) {
            self.spelling = spelling
            self.address = address
            self.listed = listed
            self.plans = plans
        }
    }

    /// Backends polled at once: a thousand sockets are more than a process may have by default.
    private static let concurrency = 128

    private let prober: Prober
    private let targets: [Target]
    private let timeout: Duration
    private var reports: [[PollReport?]]
    private var orders: [RoundOrder]
    private var started = 0
    private var finished = 0
    private var isStarting = false
    private var isOver = false
    private let progress: (_ done: Int, _ all: Int) -> Void
    private let completion: ([CheckResult.Backend]) -> Void

    /// A round that has not started. `progress` is called whenever a backend is done, `completion` once.
    package init(
        _ targets: [Target], timeout: Duration, prober: Prober, progress: @escaping (_ done: Int, _ all: Int) -> Void,
        completion: @escaping ([CheckResult.Backend]) -> Void
    ) {
        self.targets = targets
        self.timeout = timeout
        self.prober = prober
        self.progress = progress
        self.completion = completion
        self.reports = targets.map { $0.plans.map { _ in nil } }
        self.orders = targets.map { RoundOrder($0.plans) }
    }

    /// Starts the round.
    package func start() {
        progress(0, targets.count)
        startMore()
    }

    /// A poll can end before its start returns: only the outermost call starts more, so that the stack does not grow.
    private func startMore() {
        guard !isStarting else { return }
        isStarting = true
        defer { isStarting = false }
        while started < targets.count, started - finished < Self.concurrency {
            let index = started
            started += 1
            if targets[index].plans.isEmpty {
                finished += 1
                progress(finished, targets.count)
            }
            for number in orders[index].first { poll(index, number) }
        }
        if finished == targets.count { finish() }
    }

    private func poll(_ index: Int, _ number: Int) {
        prober.poll(targets[index].address, plan: orders[index].plan(number), within: timeout) { report in
            self.reports[index][number] = report
            for next in self.orders[index].ended(number, report) { self.poll(index, next) }
            if self.reports[index].allSatisfy({ $0 != nil }) { self.backendFinished() }
        }
    }

    private func backendFinished() {
        finished += 1
        progress(finished, targets.count)
        startMore()
    }

    private func finish() {
        // A poll can end before its start returns, and so the last one within another's start.
        guard !isOver else { return }
        isOver = true
        completion(
            zip(targets, reports).map { target, reports in
                CheckResult.Backend(
                    spelling: target.spelling, listed: target.listed,
                    polls: zip(target.plans, reports).compactMap { plan, report in
                        report.map { CheckResult.Poll(service: plan.service, report: $0) }
                    }, isLeftAlone: target.plans.isEmpty)
            })
    }
}
