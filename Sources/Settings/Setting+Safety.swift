// The settings that keep the monitor from doing harm.
extension Setting {
    static let safety = [
        Setting(
            "min_healthy", \.minHealthy, .minHealthy, sample: .count(1),
            "HOST-DOWN is withheld where fewer healthy backends of the tag would be left; 0: never"),
        Setting(
            "auth_failure", \.accountRule, .oneOf,
            "down: a rejected test account counts against the backend; alert: it is only told"),
        Setting(
            "relay_failure", \.relayRule, .oneOf,
            "the same of trouble that a submission server has with its relay"),
        Setting(
            "up_policy", \.upPolicy, .oneOf,
            "any: every backend that polls well goes up; own: only what this dovemon took down"),
        Setting(
            "war_hold", \.warHold, .seconds(upTo: 14_400),
            "how long a backend that others take down again stays so, doubling up to four hours"),
        Setting(
            "flap_limit", \.flapLimit, .integer(in: 0...1_000),
            "so many downs within `flap_window` are flapping; 0: nothing is"),
        Setting("flap_window", \.flapWindow, .seconds(from: 1, upTo: 86_400), "see `flap_limit`"),
        Setting(
            "flap_hold", \.flapHold, .seconds(from: 1, upTo: 3_600),
            "how long a flapping backend has to poll well before HOST-UP, doubling up to an hour"),
        Setting(
            "slow_start", \.slowStart, .seconds(upTo: 86_400),
            "how long a backend that comes back takes to its whole weight; 0: it has that at once"),
        Setting(
            "slow_start_steps", \.slowStartSteps, .integer(in: 2...100),
            "in how many steps, the one included that it comes up with"),
        Setting(
            "state_file", \.stateFile, .path,
            "where is written down what a restart must not forget; empty: nowhere"),
    ]
}

/// Which backends get HOST-UP.
package enum UpPolicy: String, Hashable, Sendable, CaseIterable {
    /// All that poll well.
    case any
    /// Those alone that this monitor took down.
    case own
}

/// Whether what may be no fault of the backend's counts against it.
package enum DoubtfulFailure: String, Hashable, Sendable, CaseIterable {
    /// It does.
    case down
    /// It is only told.
    case alert
}
