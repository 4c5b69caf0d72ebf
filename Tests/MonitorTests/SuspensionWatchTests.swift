import Site
import Testing

@testable import Monitor

@Suite struct SuspensionWatchTests {
    private func at(_ seconds: Double) -> Instant { .origin + .milliseconds(Int(seconds * 1000)) }

    @Test func onlyATimeThatTheClockHasMissedIsASuspension() {
        var watch = SuspensionWatch(at: at(10), sinceBoot: at(500))
        var slept = [watch.hasSlept(at: at(10), sinceBoot: at(500))]
        // A process that was stopped: both clocks go on.
        slept.append(watch.hasSlept(at: at(4000), sinceBoot: at(4490.9)))
        #expect(slept == [false, false])
        slept = [watch.hasSlept(at: at(4000.1), sinceBoot: at(8090))]
        slept.append(watch.hasSlept(at: at(4000.2), sinceBoot: at(8090.1)))
        #expect(slept == [true, false], "once")
    }
}
