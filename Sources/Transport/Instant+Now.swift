internal import NIOCore
package import Site

extension Instant {
    /// Now, by the monotonic clock that NIO's timers use (CLOCK_MONOTONIC).
    package static func now() -> Instant {
        Instant(nanoseconds: Int64(clamping: NIODeadline.now().uptimeNanoseconds))
    }
}
