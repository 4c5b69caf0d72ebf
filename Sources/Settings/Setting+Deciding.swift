// The settings that say when is polled, and when a backend is taken down or up.
extension Setting {
    static let pace = [
        Setting(
            "interval", \.interval, .seconds(upTo: 86_400),
            "from the start of a backend's poll to the start of the next one; 0: as soon as the last one has ended"),
        Setting(
            "timeout", \.timeout, .seconds(upTo: 3_600),
            "how long a poll may take, from connecting to the goodbye; 0: 60 seconds"),
        Setting(
            "retry_count", \.retryCount, .integer(in: 0...1_000),
            "failed polls in a row after which a backend is faulty; 0 is as good as 1"),
        Setting(
            "retry_interval", \.retryInterval, .secondsOrInterval(upTo: 86_400), sample: .seconds(1),
            "from the start of a failed poll to the start of the next one; `interval`: as after a good one"),
        Setting(
            "timeout_growth", \.timeoutGrows, .yesNo, sample: true,
            "after a poll that timed out the next one may take one `timeout` longer, up to `retry_count` times it"),
        Setting("up_count", \.upCount, .integer(in: 1...1_000), sample: 2, "good rounds in a row before HOST-UP"),
        Setting(
            "max_polls", \.maxPolls, .countOrOwn(upTo: 1_000_000),
            "polls under way at once; 0: as many as there are descriptors for"),
        Setting(
            "sentinel", \.keepsSentinels, .yesNo,
            "keep an idle connection to each backend's IMAP greeting, and poll at once when it breaks"),
    ]

    static let deciding = [
        Setting(
            "rapid_rounds", \.rapidRounds, .integer(in: 0...1_000),
            "polls without a pause that follow `retry_count` failures and have the last word; 0: none"),
        Setting(
            "rapid_fails_needed", \.rapidFailuresNeeded, .integer(in: 1...1_000),
            "how many of the rapid polls have to fail; without this line not more than there are"),
        Setting(
            "rapidpoll_timeout", \.rapidTimeout, .seconds(upTo: 3_600),
            "how long a rapid poll may take, and one that takes longer settles it; 0: 60 seconds"),
        Setting("use_delayed_down", \.delaysDown, .yesNo, "put HOST-DOWN off by `delayed_down_delay`"),
        Setting("delayed_down_delay", \.delayedDownDelay, .seconds(upTo: 86_400), "how long HOST-DOWN is put off"),
        Setting(
            "delayed_down_limit", \.delayedDownLimit, .integer(in: 0...100_000),
            "when more backends than this are down or about to be, the HOST-DOWN that was put off is only logged"),
    ]
}
