internal import Glibc
internal import NIOCore
package import Site

extension Instant {
    /// Now, by the monotonic clock that NIO's timers use (CLOCK_MONOTONIC).
    package static func now() -> Instant {
        Instant(nanoseconds: Int64(clamping: NIODeadline.now().uptimeNanoseconds))
    }

    /// Now, by the monotonic clock that goes on while the machine is suspended (CLOCK_BOOTTIME). Not to be compared with
    /// `now`.
    package static func sinceBoot() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return .origin + .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
