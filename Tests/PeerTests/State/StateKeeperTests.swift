import DirectorAdmin
import Glibc
import NIOCore
import NIOEmbedded
import ScriptedPeers
import Site
import Synchronization
import Testing

@testable import Monitor

/// The state on a disk that does not answer.
@Suite(.timeLimit(.minutes(2))) struct StateKeeperTests {
    private let disk: HungDisk

    init() throws { disk = try HungDisk() }

    @Test func `A write is waited for for a second, and then given up once for all that wait behind it`() async throws {
        let run = try await KeeperRun(disk)
        try await run.keep(1)
        try await run.pass(.milliseconds(999))
        #expect(run.heard == [])
        try await run.pass(.milliseconds(1))
        #expect(run.heard == ["failed: no answer from the disk for a second", "saved 1"])
        try await run.keep(2)
        try await run.keep(3)
        try await run.pass(.seconds(1))
        #expect(run.heard.dropFirst(2) == ["saved 2", "saved 3"])

        disk.answer()
        // The second was left out, and nobody waits for the first any more.
        await run.hear("written")
        await run.hear("saved 3", times: 2)
        #expect(disk.written == [1, 3])
        #expect(run.heard.count { $0.hasPrefix("failed") } == 1)
        await run.end()
    }

    @Test func `A disk that answers in time is not told of`() async throws {
        let run = try await KeeperRun(disk)
        disk.answer()
        try await run.keep(1)
        await run.hear("saved 1")
        try await run.pass(.seconds(5))
        #expect(run.heard == ["saved 1"])
        await run.end()
    }

    /// One whose first state found the disk full.
    private func failedOnce() async throws -> KeeperRun {
        let run = try await KeeperRun(disk)
        disk.answer()
        disk.fill()
        try await run.keep(1)
        await run.hear("saved 1")
        return run
    }

    /// Nothing may change for days: the state on the disk would be the one of before.
    @Test func `What could not be written is written a minute later, and that is told`() async throws {
        let run = try await failedOnce()
        #expect(run.heard == ["failed: full", "saved 1"])
        try await run.pass(.seconds(60))
        await run.hear("saved 1", times: 2)
        #expect(run.heard == ["failed: full", "saved 1", "saved 1"], "told once")
        disk.empty()
        try await run.pass(.seconds(59))
        #expect(disk.written == [])
        try await run.pass(.seconds(1))
        await run.hear("written")
        #expect(disk.written == [1])
        try await run.pass(.seconds(600))
        #expect(disk.written == [1], "and no more")
        await run.end()
    }

    @Test func `A later state takes its place`() async throws {
        let run = try await failedOnce()
        disk.empty()
        try await run.keep(2)
        await run.hear("saved 2")
        try await run.pass(.seconds(600))
        #expect(disk.written == [2])
        await run.end()
    }

    @Test func `What could not be written is tried once more at the end`() async throws {
        let run = try await failedOnce()
        disk.empty()
        try await run.settle()
        #expect(disk.written == [1])
        await run.end()
    }

    @Test func `What one file could not hold is not for another`() async throws {
        let run = try await failedOnce()
        disk.empty()
        try await run.change()
        try await run.pass(.seconds(600))
        #expect(disk.written == [] && !run.heard.contains("written"))
        await run.end()
    }

    @Test func `A HOST-DOWN goes out without the disk, after it is told, and what was decided is written later`()
        async throws
    {
        let backend = "127.0.1.1"
        try await Scene.play(
            [backend, "127.0.1.2"], ill: [backend], policy: { $0.hasStateFile = true },
            state: { [disk] in try disk.write($0) }
        ) { scene in
            try await scene.wait(forLine: "backend=\(backend) protocol=imap port=\(scene.backends.port) state=down")
            let failure = scene.entries.firstIndex { $0.line?.contains("state_file=failed") == true }
            let command = scene.entries.firstIndex { $0.heard?.hasPrefix("HOST-DOWN") == true }
            #expect(try #require(failure) < #require(command))
            #expect(scene.entries.lines(with: "no answer from the disk for a second").count == 1)
            #expect(disk.written == [])
            disk.answer()
            try await scene.wait(forLine: "state_file=written")
            try await scene.wait(for: "the confirmed down to be written") { [disk] _ in disk.written.last == 1 }
        }
        disk.answer()
    }
}

/// A disk that does not answer until it is told to.
private final class HungDisk: Sendable {
    private let reading: CInt
    private let writing: Mutex<CInt?>
    private let states = Mutex<[Int]>([])
    private let isFull = Mutex(false)

    init() throws {
        var ends: [CInt] = [-1, -1]
        try #require(pipe(&ends) == 0)
        reading = ends[0]
        writing = Mutex(ends[1])
    }

    deinit {
        answer()
        close(reading)
    }

    /// How many downs the states have that were written.
    var written: [Int] { states.withLock(\.self) }

    /// From now on it answers at once.
    func answer() {
        writing.withLock { end in
            if let end { close(end) }
            end = nil
        }
    }

    func fill() { isFull.withLock { $0 = true } }
    func empty() { isFull.withLock { $0 = false } }

    func write(_ state: MonitorState) throws {
        var byte: UInt8 = 0
        while read(reading, &byte, 1) < 0, errno == EINTR {}
        if isFull.withLock(\.self) { throw PeerError("full") }
        states.withLock { $0.append(state.intents.count) }
    }
}

/// A keeper on a loop whose time the test moves.
private final class KeeperRun: Sendable {
    private let loop = NIOAsyncTestingEventLoop()
    private let disk: HungDisk
    private let keeper: NIOLoopBound<StateKeeper>
    private let log = Mutex<[String]>([])
    private let news: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    var heard: [String] { log.withLock(\.self) }

    init(_ disk: HungDisk) async throws {
        self.disk = disk
        (news, continuation) = AsyncStream<Void>.makeStream()
        let loop = loop
        keeper = try await loop.executeInContext {
            NIOLoopBound(StateKeeper(loop: loop) { try disk.write($0) }, eventLoop: loop)
        }
        try await loop.executeInContext { [self] in
            keeper.value.saved = { [weak self] in self?.add("saved \($0)") }
            keeper.value.tell = { [weak self] event in
                if case .stateSaved(let failure) = event { self?.add(failure.map { "failed: \($0)" } ?? "written") }
            }
        }
    }

    /// Has a state with so many downs written, as the version of that number.
    func keep(_ version: Int) async throws {
        let addresses = (1...version).compactMap { IPAddress("10.0.0.\($0)") }
        let intents = Dictionary(uniqueKeysWithValues: addresses.map { ($0, DownIntent(at: .origin)) })
        try await loop.executeInContext { [keeper] in keeper.value.keep(MonitorState(intents: intents), version) }
    }

    /// A task that is still to come holds its loop.
    func end() async { await loop.shutdownGracefully() }

    /// As at the end of the program.
    func settle() async throws {
        try await loop.executeInContext { [keeper] in keeper.value.settle() }.get()
    }

    /// Has states written by the same means, under another name.
    func change() async throws {
        try await loop.executeInContext { [keeper, disk] in keeper.value.change { try disk.write($0) } }
    }

    func pass(_ time: TimeAmount) async throws { await loop.advanceTime(by: time) }

    /// Waits until something has been heard.
    func hear(_ what: String, times: Int = 1) async {
        if heard.count(where: { $0 == what }) >= times { return }
        for await _ in news where heard.count(where: { $0 == what }) >= times { return }
    }

    private func add(_ what: String) {
        log.withLock { $0.append(what) }
        continuation.yield()
    }
}

extension Journal.Entry {
    fileprivate var line: String? { if case .told(_, let line) = self { line.text } else { nil } }
    fileprivate var heard: String? { if case .heard(_, let line) = self { line } else { nil } }
}
