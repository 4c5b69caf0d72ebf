import DirectorAdmin
import Site
import Testing

@testable import Check

@Suite struct StatusTests {
    private static let healthy = CheckResult.Backend.listed(.good)
    private static let faulty = CheckResult.Backend.listed(.bad)
    private static let unknown = CheckResult.Backend.listed(.undetermined)
    private static let downThoughHealthy = CheckResult.Backend.listed(state: .down, .good)
    private static let downAndFaulty = CheckResult.Backend.listed(state: .down, .bad)

    @Test(
        arguments: [
            ([healthy], .ok), ([healthy, .named("10.0.0.2", .good)], .ok), ([.listed(state: nil, .good)], .ok),
            ([downThoughHealthy], .warning), ([faulty], .critical), ([downAndFaulty], .critical), ([unknown], .unknown),
            ([.named("10.0.0.1", .bad)], .critical), ([.named("10.0.0.1")], .unknown), ([], .unknown),
        ] as [([CheckResult.Backend], CheckStatus)])
    func `the status tells how the backends are`(backends: [CheckResult.Backend], status: CheckStatus) {
        #expect(CheckResult(checkedAt: 0, backends: backends).status == status)
    }

    @Test(
        arguments: [
            ([healthy, downThoughHealthy], .warning), ([downThoughHealthy, healthy], .warning),
            ([healthy, unknown], .unknown), ([unknown, downThoughHealthy], .unknown),
            ([unknown, faulty], .critical), ([downThoughHealthy, faulty], .critical),
            ([healthy, unknown, downThoughHealthy, faulty], .critical),
        ] as [([CheckResult.Backend], CheckStatus)])
    func `the gravest one decides, a fault before what is unknown, that before a warning`(
        backends: [CheckResult.Backend], status: CheckStatus
    ) {
        #expect(CheckResult(checkedAt: 0, backends: backends).status == status)
        #expect(CheckResult(checkedAt: 0, backends: backends.reversed()).status == status)
    }

    @Test(
        arguments: [
            .listed(vhosts: 0, .bad), .listed(state: .down, vhosts: 0, .bad), .listed(state: .down, vhosts: 0, .good),
            .listed(vhosts: 0, .undetermined),
        ] as [CheckResult.Backend])
    func `a backend under maintenance raises nothing`(backend: CheckResult.Backend) {
        #expect(CheckResult(backend).status == .ok)
        #expect(CheckResult(Self.healthy, backend).status == .ok)
        #expect(CheckResult(Self.faulty, backend).status == .critical)
    }

    @Test func `a director that cannot be asked leaves everything unknown`() {
        #expect(CheckResult(failure: "no such socket").status == .unknown)
    }

    @Test func `one faulty protocol makes a backend faulty, even beside an undetermined one`() {
        #expect(CheckResult.Backend.listed(.good, .bad, .good).isHealthy == false)
        #expect(CheckResult.Backend.listed(.undetermined, .bad).isHealthy == false)
        #expect(CheckResult.Backend.listed(.good, .undetermined).isHealthy == nil)
        #expect(CheckResult.Backend.listed(.good, .good).isHealthy == true)
    }

    @Test func `the exit statuses are those of the guidelines`() {
        #expect([CheckStatus.ok, .warning, .critical, .unknown].map(\.rawValue) == [0, 1, 2, 3])
    }
}

@Suite struct LeftAloneTests {
    private static let alone = CheckResult.Backend(
        spelling: "10.0.0.9", listed: CheckResult.Backend.listed("10.0.0.9").listed, polls: [], isLeftAlone: true)

    @Test func `a backend that is not polled for want of an account raises nothing`() {
        #expect(CheckResult(.listed(.good), Self.alone).status == .ok)
        #expect(CheckResult(.listed(.bad), Self.alone).status == .critical)
        #expect(CheckResult(Self.alone).status == .unknown)
    }

    @Test func `it is shown as such`() {
        #expect(
            CheckResult(.listed(.good), Self.alone).table(colours: false) == """
                BACKEND   STATE  VHOSTS  USERS  PROTOCOL    TIME  RESULT
                10.0.0.1  up        100      7  imap:143  5.2 ms  ok
                10.0.0.9  up        100      7                    not polled: no account

                2 backends: 1 healthy, 1 not polled
                """)
        let json = CheckResult(Self.alone).json
        #expect(json.contains("\"healthy\" : null"))
        #expect(json.contains("\"polls\" : [\n\n      ]") || json.contains("\"polls\" : []"))
    }
}
