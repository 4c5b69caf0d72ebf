internal import CLinux
package import Dispatch
internal import Glibc
internal import HeapModule
internal import NIOConcurrencyHelpers
package import NIOCore
package import Site
internal import Synchronization

/// An event loop on epoll(7) with a thread of its own: sockets, timers, and tasks of other threads.
///
/// NIO's own loops bring channels along, and a poll through one of those costs twice what it costs here
/// (docs/performance.md). To all else this is one of NIO's loops. It runs as long as the process.
package final class Reactor: @unchecked Sendable {
    // What is not behind `inbox` is used on the reactor's thread alone.
    private struct Due: Comparable {
        let time: Instant
        /// Of the same moment the one that was asked for first.
        let number: Int
        let timer: Timer

        static func < (left: Due, right: Due) -> Bool { (left.time, left.number) < (right.time, right.number) }
        static func == (left: Due, right: Due) -> Bool { left.number == right.number }
    }

    private struct Slot {
        let handler: any ReadinessHandler
        let generation: UInt32
    }

    /// What came up is seen to in portions of so many sockets.
    private static let portion = 256

    /// So many descriptors are left to all that is no connection over TCP: the director, files, the log. libdispatch looks into
    /// /proc each second while it has work, and ends the process where it cannot (`_dispatch_workq_count_runnable_workers`).
    package static let spareDescriptors = 4

    /// Connections to backends have descriptors below this one. As the limit was when the reactor was made.
    let backendDescriptors: Int32
    private let epoll: Int32
    private let wakeup: Int32
    // Not of Synchronization: ThreadSanitizer does not see through that one's locks.
    private let inbox = NIOLockedValueBox<[@Sendable () -> Void]>([])
    private let thread = Atomic<UInt>(0)
    /// What came up in the latest wait.
    private let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: Reactor.portion)
    /// By descriptor.
    private var slots: [Slot?] = []
    private var generation: UInt32 = 0
    private var timers = Heap<Due>()
    private var timerCount = 0
    private var cancelledCount = 0
    /// What waits until there is nothing else to do, or its time is over.
    private var forIdleness: [Timer] = []
    /// How often there was nothing else to do. On the reactor's thread.
    package private(set) var idleMoments = 0
    /// Holds what is read, until it is dealt with: one for all sockets, as they are read one after the other.
    let space = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)

    /// Begins to run. Fails without descriptors or threads.
    package init() throws(SystemError) {
        var limit = rlimit()
        let isKnown = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        backendDescriptors = isKnown ? max(0, Int32(clamping: limit.rlim_cur) - Int32(Self.spareDescriptors)) : .max
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw SystemError(errno) }
        wakeup = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard wakeup >= 0, shim_epoll_add(epoll, wakeup, 0) == 0 else { throw SystemError(errno) }
        var started = pthread_t()
        let code = pthread_create(
            &started, nil,
            { box in
                shim_prctl_set_name("reactor")
                if let box { Unmanaged<Reactor>.fromOpaque(box).takeRetainedValue().run() }
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        guard code == 0 else { throw SystemError(code) }
        pthread_detach(started)
        thread.store(UInt(started), ordering: .releasing)
    }

    private func run() {
        thread.store(UInt(pthread_self()), ordering: .releasing)
        while true {
            let hadTasks = runTasks()
            let pause = hadTasks || !forIdleness.isEmpty ? 0 : untilNextTimer()
            if pause != 0 { idleMoments += 1 }
            let hadEvents = wait(upTo: pause)
            let hadTimers = runTimers()
            if !hadTasks, !hadEvents, !hadTimers, !forIdleness.isEmpty { idle() }
        }
    }

    // MARK: Sockets

    /// Whether there was one that is ready.
    private func wait(upTo milliseconds: Int32) -> Bool {
        let count = epoll_wait(epoll, events, Int32(Self.portion), milliseconds)
        for index in 0..<max(0, Int(count)) {
            let event = events + index
            let token = shim_epoll_token(event)
            guard token != 0 else {
                var value: UInt64 = 0
                read(wakeup, &value, 8)
                continue
            }
            // A descriptor may have been closed, and given to another socket, since it was ready.
            let descriptor = Int(token & 0xffff_ffff)
            guard let slot = slots[descriptor], slot.generation == UInt32(token >> 32) else { continue }
            slot.handler.ready(
                Readiness(
                    isReadable: shim_epoll_is_readable(event) != 0, isWritable: shim_epoll_is_writable(event) != 0,
                    isEnded: shim_epoll_is_ended(event) != 0, isFailed: shim_epoll_is_failed(event) != 0))
        }
        return count > 0
    }

    /// Has a handler told when a descriptor becomes ready, at once where it is.
    func register(_ descriptor: Int32, _ handler: any ReadinessHandler) throws(SystemError) {
        let index = Int(descriptor)
        if slots.count <= index { slots.append(contentsOf: repeatElement(nil, count: index + 1 - slots.count)) }
        // Never 0, so that no token is that of the wake-up.
        generation = generation == .max ? 1 : generation + 1
        guard shim_epoll_add(epoll, descriptor, UInt64(generation) << 32 | UInt64(index)) == 0 else {
            throw SystemError(errno)
        }
        slots[index] = Slot(handler: handler, generation: generation)
    }

    /// Forgets a descriptor that is about to be closed, which takes it from epoll's list, too.
    func forget(_ descriptor: Int32) {
        if slots.indices.contains(Int(descriptor)) { slots[Int(descriptor)] = nil }
    }

    // MARK: Timers

    /// Does something at a moment, unless that is cancelled before. On the reactor's thread.
    package func timer(at time: Instant, _ action: @escaping () -> Void) -> Timer {
        assert(inEventLoop)
        let timer = Timer(self, action)
        set(timer, at: time)
        return timer
    }

    private func set(_ timer: Timer, at time: Instant) {
        timerCount += 1
        timers.insert(Due(time: time, number: timerCount, timer: timer))
    }

    /// Most timers are deadlines, and most deadlines are cancelled long before.
    fileprivate func timerCancelled() {
        cancelledCount += 1
        guard cancelledCount > 256, cancelledCount > timers.count / 2 else { return }
        timers = Heap(timers.unordered.filter { $0.timer.isSet })
        cancelledCount = 0
    }

    /// Those that are cancelled count until they are forgotten.
    var timersKept: Int { timers.count }

    /// In milliseconds, rounded up; -1 for ever.
    private func untilNextTimer() -> Int32 {
        guard let next = timers.min else { return -1 }
        let left = next.time - .now()
        return left <= .zero ? 0 : Int32(clamping: (left.nanoseconds + 999_999) / 1_000_000)
    }

    /// Whether there was one that is due.
    private func runTimers() -> Bool {
        let now = Instant.now()
        var hadOne = false
        while let next = timers.min, next.time <= now {
            timers.removeMin()
            if next.timer.isSet { next.timer.fire() } else { cancelledCount -= 1 }
            hadOne = true
        }
        return hadOne
    }

    /// Does something as soon as there is nothing else to do, and after `time` even so. On the reactor's thread.
    package func whenIdle(within time: Duration, _ action: @escaping () -> Void) {
        // Those whose time was over first.
        forIdleness.removeAll { !$0.isSet }
        forIdleness.append(timer(at: .now() + time, action))
    }

    private func idle() {
        idleMoments += 1
        let timers = forIdleness
        forIdleness = []
        for timer in timers { timer.fireNow() }
    }

    // MARK: Tasks

    /// Whether there were any. One that asks for another has the sockets seen to in between.
    private func runTasks() -> Bool {
        let tasks = inbox.withLockedValue { inbox in
            let tasks = inbox
            inbox = []
            return tasks
        }
        for task in tasks { task() }
        return !tasks.isEmpty
    }
}

/// What a socket is ready for.
struct Readiness {
    let isReadable: Bool
    let isWritable: Bool
    /// Nothing comes behind what can still be read.
    let isEnded: Bool
    /// Nor can anything be written.
    let isFailed: Bool
}

/// Deals with a socket that is ready.
protocol ReadinessHandler: AnyObject {
    func ready(_ readiness: Readiness)
}

/// Something that is done at a moment, unless it is cancelled before.
package final class Timer: @unchecked Sendable {
    // Used on its reactor's thread alone.
    private var action: (() -> Void)?
    private unowned let reactor: Reactor

    fileprivate init(_ reactor: Reactor, _ action: @escaping () -> Void) {
        self.reactor = reactor
        self.action = action
    }

    fileprivate var isSet: Bool { action != nil }

    fileprivate func fire() {
        let action = action
        self.action = nil
        action?()
    }

    /// Before its time.
    fileprivate func fireNow() {
        let action = action
        cancel()
        action?()
    }

    /// On the reactor's thread.
    package func cancel() {
        guard action != nil else { return }
        action = nil
        reactor.timerCancelled()
    }
}

/// What the system said no with.
package struct SystemError: Error, Hashable, CustomStringConvertible {
    /// The error's number (errno(3)).
    package let code: CInt

    init(_ code: CInt) { self.code = code }

    /// The system's words.
    package var description: String { String(cString: strerror(code)) }
}

extension Reactor: EventLoop {
    package var inEventLoop: Bool { thread.load(ordering: .acquiring) == UInt(pthread_self()) }

    package func execute(_ task: @escaping @Sendable () -> Void) {
        let isFirst = inbox.withLockedValue { inbox in
            inbox.append(task)
            return inbox.count == 1
        }
        guard isFirst, !inEventLoop else { return }
        var one: UInt64 = 1
        write(wakeup, &one, 8)
    }

    @discardableResult
    package func scheduleTask<T>(
        deadline: NIODeadline, _ task: @escaping @Sendable () throws -> T
    ) -> Scheduled<T> {
        let promise = makePromise(of: T.self)
        let timer = Timer(self) {
            do { promise.assumeIsolated().succeed(try task()) } catch { promise.fail(error) }
        }
        soon { [self] in set(timer, at: Instant(nanoseconds: Int64(clamping: deadline.uptimeNanoseconds))) }
        return Scheduled(promise: promise) { [self] in soon { timer.cancel() } }
    }

    /// At once where that is on the thread.
    private func soon(_ task: @escaping @Sendable () -> Void) {
        if inEventLoop { task() } else { execute(task) }
    }

    @discardableResult
    package func scheduleTask<T>(in time: TimeAmount, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
        scheduleTask(deadline: .now() + time, task)
    }

    /// A reactor is never shut down.
    package func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
        queue.async { callback(nil) }
    }
}
