import Glibc
import RingLab
import Surroundings
import Testing

/// What systemd hears, at a datagram socket in its place.
@Suite struct ServiceManagerTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func manage(_ environment: [String: String]) -> ServiceManager? {
        ServiceManager { environment[$0] }
    }

    @Test(arguments: [false, true])
    func theMessagesAreThoseOfSdNotify(isAbstract: Bool) throws {
        let name = isAbstract ? "@dovemon\(scratch.path)" : "\(scratch.path)/notify"
        let listener = try NotifySocket(name)
        let manager = try #require(manage(["NOTIFY_SOCKET": name]))
        for waits in [false, true] {
            #expect(manager.send(.ready, .status("watching\n12 backends"), waits: waits))
            #expect(listener.message() == ["READY=1", "STATUS=watching 12 backends"])
        }
        manager.send(.stopping)
        #expect(listener.message() == ["STOPPING=1"])
        manager.send(.watchdog)
        #expect(listener.message() == ["WATCHDOG=1"])
        #expect(listener.message() == [])
    }

    @Test func aReloadTellsTheTimeOfTheMonotonicClock() throws {
        let listener = try NotifySocket("\(scratch.path)/notify")
        let manager = try #require(manage(["NOTIFY_SOCKET": "\(scratch.path)/notify"]))
        func now() -> Int {
            var now = timespec()
            clock_gettime(CLOCK_MONOTONIC, &now)
            return now.tv_sec * 1_000_000 + now.tv_nsec / 1000
        }
        let before = now()
        manager.send(.reloading)
        let message = listener.message()
        #expect(message.first == "RELOADING=1")
        let time = try #require(message.last?.split(separator: "=").last.flatMap { Int($0) })
        #expect(message.last?.hasPrefix("MONOTONIC_USEC=") == true)
        #expect(before...now() ~= time)
    }

    @Test func withoutASocketThereIsNobodyToTell() {
        #expect(manage([:]) == nil)
        for name in ["relative", "@", "/" + String(repeating: "x", count: 107), "vsock:2:1"] {
            #expect(manage(["NOTIFY_SOCKET": name]) == nil)
        }
    }

    @Test func aManagerThatIsGoneOrBusyIsNoObstacle() throws {
        let manager = try #require(manage(["NOTIFY_SOCKET": "\(scratch.path)/notify"]))
        #expect(manager.send(.ready, waits: true) == false)
        let listener = try NotifySocket("\(scratch.path)/notify")
        var count = 0
        while count < 100_000, manager.send(.watchdog) { count += 1 }
        #expect(count < 100_000)
        let start = ContinuousClock.now
        #expect(manager.send(.ready, waits: true) == false)
        #expect(start.duration(to: .now) < .seconds(5))
        #expect(listener.message() == ["WATCHDOG=1"])
        #expect(manager.send(.stopping))
    }

    @Test func theWatchdogIsForThisProcessAlone() {
        func timeout(_ variables: [String: String]) -> Duration? {
            manage(variables.merging(["NOTIFY_SOCKET": "/run/systemd/notify"]) { $1 })?.watchdogTimeout
        }
        #expect(timeout([:]) == nil)
        #expect(timeout(["WATCHDOG_USEC": "30000000"]) == .seconds(30))
        #expect(timeout(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "\(getpid())"]) == .seconds(30))
        #expect(timeout(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"]) == nil)
        for text in ["0", "-1", "x", "99999999999999999999"] { #expect(timeout(["WATCHDOG_USEC": text]) == nil) }
    }
}
