import Testing

@testable import Site

@Suite struct InstantTests {
    private static let first = Instant(nanoseconds: .min)

    @Test func `a duration later is later by that duration`() {
        let instant = Instant(nanoseconds: 5) + .seconds(3)
        #expect(instant == Instant(nanoseconds: 3_000_000_005))
        #expect(instant - Instant(nanoseconds: 5) == .seconds(3))
        #expect(Instant.origin - Instant(nanoseconds: 1) == .nanoseconds(-1))
        #expect(Instant.origin + .nanoseconds(-7) == Instant(nanoseconds: -7))
    }

    @Test func `the earlier one comes first`() {
        #expect(Self.first < .origin)
        #expect(.origin < Instant(nanoseconds: 1))
        #expect(Instant(nanoseconds: 1) < .distantFuture)
        #expect(!(Instant.origin < .origin))
    }

    @Test(arguments: [.nanoseconds(1), .seconds(1), .seconds(Int64.max)] as [Duration])
    func `nothing is later than the distant future`(duration: Duration) {
        #expect(Instant.distantFuture + duration == .distantFuture)
        #expect(Instant(nanoseconds: .max - 1) + duration == .distantFuture)
    }

    @Test(arguments: [.nanoseconds(-1), .seconds(-1), .seconds(Int64.min)] as [Duration])
    func `going back too far does not lead into the future`(duration: Duration) {
        #expect(Self.first + duration == Self.first)
    }

    @Test func `a difference too large to be counted is the largest of its sign`() {
        #expect(Instant.distantFuture - Self.first == .nanoseconds(Int64.max))
        #expect(Instant.distantFuture - Instant(nanoseconds: -1) == .nanoseconds(Int64.max))
        #expect(Self.first - .distantFuture == .nanoseconds(Int64.min))
    }

    @Test(
        arguments: [
            (.zero, 0), (.nanoseconds(1), 1), (.milliseconds(-1500), -1_500_000_000), (.nanoseconds(Int64.max), .max),
            (.nanoseconds(Int64.min), .min),
        ] as [(Duration, Int64)])
    func `a duration has its nanoseconds`(duration: Duration, nanoseconds: Int64) {
        #expect(duration.nanoseconds == nanoseconds)
    }

    @Test func `a duration of more than 292 years counts as 292 years`() {
        #expect((.nanoseconds(Int64.max) + .nanoseconds(1) as Duration).nanoseconds == .max)
        #expect((.nanoseconds(Int64.min) - .nanoseconds(1) as Duration).nanoseconds == .min)
        #expect(Duration.seconds(Int64.max).nanoseconds == .max)
        #expect(Duration.seconds(Int64.min).nanoseconds == .min)
    }

    @Test func `less than a nanosecond is none`() {
        #expect(Duration(secondsComponent: 0, attosecondsComponent: 999_999_999).nanoseconds == 0)
        #expect(Duration(secondsComponent: 0, attosecondsComponent: -999_999_999).nanoseconds == 0)
    }

    @Test func `for people, a duration is a decimal number`() {
        #expect(Duration.milliseconds(1500).inSeconds == 1.5)
        #expect(Duration.microseconds(1500).inMilliseconds == 1.5)
        #expect(Duration.milliseconds(-250).inSeconds == -0.25)
    }
}
