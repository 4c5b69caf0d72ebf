import DirectorAdmin
import Monitor
import Site
import Surroundings
import Testing

@testable import Health

/// Which changes are announced, and as what.
@Suite struct BackendUpdateTests {
    private let fault = Fault(
        service: Service(.imap, port: 143),
        streak: BackendHealth.Streak(
            count: 3, since: .origin,
            latest: PollFailure(phase: .login, kind: .rejected, code: "UNAVAILABLE", text: "Try later")),
        lasting: .seconds(20))

    private func host(_ state: HostState?, tag: String = "") throws -> Host {
        Host(
            address: try #require(IPAddress("2001:db8::1")), spelling: "2001:db8::1", vhosts: 100, users: 0, tag: tag,
            state: state, lastChange: 0)
    }

    @Test func aConfirmedChangeOfOnesOwnIsAnnounced() throws {
        let event = MonitorEvent.stateChanged(
            try host(.down, tag: "east\n"), .command(.ok, took: .milliseconds(1)), fault)
        #expect(
            BackendUpdate(event)
                == BackendUpdate(
                    backend: "2001:db8::1", state: .down, tag: #"east\n"#, mailProtocol: "imap",
                    reason: "login rejected [UNAVAILABLE]: Try later"))
    }

    @Test func aBackendThatIsUpAgainOfWhichNothingIsKnownIsAnnouncedToo() throws {
        let event = MonitorEvent.stateChanged(try host(.up), .command(.ok, took: .zero), nil)
        #expect(BackendUpdate(event) == BackendUpdate(backend: "2001:db8::1", state: .up))
    }

    /// What a load balancer was told before must not stay wrong for the window's time.
    @Test func oneThatIsConfirmedInAMaintenanceWindowIsAnnouncedToo() throws {
        let event = MonitorEvent.stateChanged(try host(.up), .command(.ok, took: .zero), nil)
        #expect(BackendUpdate(.underMaintenance(event)) == BackendUpdate(backend: "2001:db8::1", state: .up))
        #expect(BackendUpdate(.underMaintenance(.stateChanged(try host(.up), .foreign, nil))) == nil)
    }

    @Test func theChangesOfOthersAreNot() throws {
        #expect(BackendUpdate(.stateChanged(try host(.down), .foreign, fault)) == nil)
        #expect(BackendUpdate(.stateChanged(try host(nil), .command(.ok, took: .zero), fault)) == nil)
        #expect(BackendUpdate(.director(.hostAppeared(try host(.down)))) == nil)
        #expect(BackendUpdate(.backendFaulty(backend: "2001:db8::1", fault, .down)) == nil)
    }
}

@Suite struct StatusLineTests {
    private func host(_ number: Int, _ state: HostState?) throws -> Host {
        Host(
            address: try #require(IPAddress("10.0.0.\(number)")), spelling: "10.0.0.\(number)", vhosts: 100, users: 0,
            tag: "", state: state, lastChange: 0)
    }

    @Test func itCountsTheBackendsAndThoseThatAreDown() throws {
        var line = StatusLine()
        #expect(line.text == "watching 0 backends, 0 down")
        line.follow(.director(.hostAppeared(try host(1, .up))))
        #expect(line.text == "watching 1 backend, 0 down")
        line.follow(.director(.hostAppeared(try host(2, .down))))
        line.follow(.director(.hostAppeared(try host(3, nil))))
        #expect(line.text == "watching 3 backends, 1 down")
        line.follow(.stateChanged(try host(1, .down), .foreign, nil))
        line.follow(.stateChanged(try host(1, .down), .foreign, nil))
        #expect(line.text == "watching 3 backends, 2 down")
        line.follow(.stateChanged(try host(2, .up), .command(.ok, took: .zero), nil))
        #expect(line.text == "watching 3 backends, 1 down")
        line.follow(.director(.hostDisappeared(try host(1, .down))))
        #expect(line.text == "watching 2 backends, 0 down")
    }

    @Test func itTellsThatTheDirectorIsAway() {
        var line = StatusLine()
        line.follow(.director(.lost(DirectorFailure("away"))))
        #expect(line.text == "watching 0 backends, 0 down; the director is away")
        line.follow(.director(.back(after: .seconds(1))))
        #expect(line.text == "watching 0 backends, 0 down")
    }
}
