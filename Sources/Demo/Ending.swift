import Dispatch
import Glibc
import RingLab
import Synchronization

/// Ends the demo, with the ring cleaned up: when it is done or has failed, at Ctrl-C and SIGTERM, and when it takes too
/// long.
final class Ending: Sendable {
    private let ring = Mutex<Ring?>(nil)
    private let ending = Mutex(())

    private let watched: sigset_t

    /// Holds the signals back. Called before anything that starts threads, for these take over what is blocked here.
    init(limit: Duration) {
        var watched = sigset_t()
        sigemptyset(&watched)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            sigaddset(&watched, number)
            // A shell's background job ignores SIGINT, and an ignored signal is never waited for.
            signal(number, SIG_DFL)
        }
        pthread_sigmask(SIG_BLOCK, &watched, nil)
        self.watched = watched
        let milliseconds = Int(limit / .milliseconds(1))
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { [self] in
            end("The demo failed: it is not done after \(limit.inSeconds)", status: 1)
        }
    }

    /// Waits for a signal. It must be the main thread that waits: were it left to `dispatchMain`, it would take signals.
    func watch() -> Never {
        var signals = watched
        var number: Int32 = 0
        sigwait(&signals, &number)
        end("Interrupted: stopping and removing everything", status: 128 + number)
    }

    /// What is to be cleaned up; nil for nothing. A ring that is still starting is cleaned up by its reaper.
    func cleansUp(_ ring: Ring?) { self.ring.withLock { $0 = ring } }

    /// Ends the process. The first that comes here decides: cleaning up makes the demo fail elsewhere.
    func end(_ text: String, status: Int32) -> Never {
        ending.withLock { _ in
            Console(steps: 0).show("\n\(text)")
            ring.withLock { $0 }?.stop()
            _exit(status)
        }
    }
}
