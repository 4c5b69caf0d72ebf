internal import Health
internal import Monitor
internal import Site

/// A monitor with its settings, as a line of the table.
struct Contestant: Sendable {
    let name: String
    let make: @Sendable () -> any Watcher

    static let all = [
        dovemon("dovemon, defaults") { _ in },
        dovemon("dovemon, `config.yml.sample`") {
            $0.retryInterval = .seconds(1)
            $0.timeoutGrows = true
            $0.goodRoundsNeeded = 2
        },
        dovemon("dovemon, `rapid_rounds: 10`, `timeout_growth: yes`") {
            $0.rapidRounds = 10
            $0.timeoutGrows = true
        },
        dovemon("dovemon, the sample with `retry_count: 5`", failuresNeeded: 5) {
            $0.retryInterval = .seconds(1)
            $0.timeoutGrows = true
            $0.goodRoundsNeeded = 2
        },
        Contestant(name: "the original dovemon, first manual") { OriginalWatcher(isLater: false) },
        Contestant(name: "the original dovemon, later manual") { OriginalWatcher(isLater: true) },
        Contestant(name: "poolmon (brandond)") { PoolmonWatcher(.original) },
        Contestant(name: "poolmon (HeinleinSupport)") { PoolmonWatcher(.fork) },
    ]

    private static func dovemon(
        _ name: String, failuresNeeded: Int = 3, _ change: @Sendable (inout Deciding) -> Void
    ) -> Contestant {
        var deciding = Deciding()
        change(&deciding)
        return Contestant(name: name) { [deciding] in
            guard
                let watcher = DovemonWatcher(
                    interval: .seconds(10), timeout: .seconds(3), failuresNeeded: failuresNeeded, deciding: deciding)
            else { preconditionFailure("the address is none") }
            return watcher
        }
    }
}
