import Site
import Testing

@testable import Check

/// What is told of a backend that is healthy, and wants to be seen to all the same.
@Suite struct WarningTests {
    private let expiring = CheckResult(.listed(.good, .warned))
    private let relayless = CheckResult(.listed(.good, .relay))

    @Test func `a warning leaves a backend healthy, and a check is none the less one`() {
        for result in [expiring, relayless] {
            #expect(result.backends.map(\.isHealthy) == [true])
            #expect(result.status == .warning)
        }
        #expect(CheckResult(.listed(.relay, .undetermined)).status == .unknown)
        #expect(CheckResult(.listed(.warned, .bad)).status == .critical)
        #expect(CheckResult(.listed(vhosts: 0, .warned)).status == .ok)
    }

    @Test func `the table tells it in place of the result`() {
        let expiry = expiring.table(colours: false).split(separator: "\n")[2]
        #expect(expiry.contains("sieve+starttls:4190"))
        #expect(expiry.hasSuffix("ok, WARNING certificate_expires expires on 2026-12-04, in 13 days"))
        let relay = relayless.table(colours: true)
        #expect(relay.contains("\u{1B}[33mWARNING login relay [451] no relay\u{1B}[0m"))
        #expect(relay.hasSuffix("1 backend: 1 healthy"))
    }

    @Test func `JSON and Nagios tell it too`() {
        #expect(expiring.json.contains("\"kind\" : \"certificate_expires\""))
        #expect(expiring.json.contains("\"tls\" : \"starttls\""))
        #expect(expiring.nagios.hasPrefix("DOVEMON WARNING - 1 of 1 backends healthy; 10.0.0.1 sieve expires on"))
        #expect(
            relayless.nagios.hasPrefix("DOVEMON WARNING - 1 of 1 backends healthy; 10.0.0.1 submission login relay"))
        let both = CheckResult(.listed(.relay, .bad)).nagios
        #expect(both.contains("; 10.0.0.1 imap login rejected"), "the fault goes before the warning")
    }
}
