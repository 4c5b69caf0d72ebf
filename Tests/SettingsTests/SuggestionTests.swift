import Testing

@testable import Settings

@Suite struct SuggestionTests {
    @Test(arguments: [
        ("logelevel", "loglevel"), ("LogLevel", "loglevel"), ("log_level", "loglevel"), ("imapssl", "imap_ssl"),
        ("poll-imap", "poll_imap"), ("intreval", "interval"), ("retrycount", "retry_count"), ("imap_prot", "imap_port"),
    ])
    func aNearNameIsSuggested(word: String, meant: String) {
        #expect(suggestion(for: word, among: Setting.table.map(\.name)) == meant)
    }

    @Test(arguments: ["", "x", "director", "smtp_banner_check", "10.2.2.75", String(repeating: "a", count: 100_000)])
    func aFarNameIsNot(word: String) {
        #expect(suggestion(for: word, among: Setting.table.map(\.name)) == nil)
    }
}
