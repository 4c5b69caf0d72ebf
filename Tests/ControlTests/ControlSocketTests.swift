import Foundation
import Glibc
import NIOCore
import NIOPosix
import TemporaryFiles
import Testing

@testable import Control
@testable import Monitor

/// The control socket and its client, before a monitor that does not run: who asks, and what comes of it.
@Suite(.timeLimit(.minutes(1))) struct ControlSocketTests {
    private let directory: TemporaryDirectory
    private let group = MultiThreadedEventLoopGroup.singleton

    init() throws { directory = try TemporaryDirectory() }

    private var path: String { directory.path + "/control.sock" }

    private func open() async throws -> ControlServer {
        try await ControlServer.open(
            path: path, desk: StatusDesk(StoppedMonitor(loop: group.any())), on: group)
    }

    private func serving(_ body: () async throws -> Void) async throws {
        let server = try await open()
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        await server.close()
        try result.get()
    }

    private func mode(_ path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode : nil
    }

    /// A connection that says what no client would; gives what is answered until it is closed.
    private func said(_ bytes: [UInt8], endsInput: Bool = true) -> String? {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let isConnected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard isConnected == 0 else { return nil }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
        if endsInput { shutdown(descriptor, CInt(SHUT_WR)) }
        var answer: [UInt8] = []
        var space = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = recv(descriptor, &space, space.count, 0)
            guard count > 0 else { break }
            answer += space.prefix(count)
        }
        return String(decoding: answer, as: UTF8.self)
    }

    private func bindSocket(_ descriptor: CInt) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        _ = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    @Test func `its owner and its group may ask, and nothing is left of it`() async throws {
        let server = try await open()
        #expect(mode(path).map { $0 & 0o7777 } == 0o660)
        await server.close()
        #expect(mode(path) == nil)
    }

    @Test func `one that nobody answers on is replaced, one that somebody does is left alone`() async throws {
        let first = try await open()
        let failure = await #expect(throws: ControlServer.Failure.self) { _ = try await open() }
        #expect(failure?.description.contains("another process answers there") == true)
        await first.close()
        // Left over, as after a kill.
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        bindSocket(descriptor)
        close(descriptor)
        #expect(mode(path) != nil)
        let second = try await open()
        await second.close()
    }

    @Test func `a file that is no socket is never removed`() async throws {
        try Data("mine".utf8).write(to: URL(fileURLWithPath: path))
        await #expect(throws: ControlServer.Failure.self) { _ = try await open() }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
    }

    @Test(arguments: ["", String(repeating: "x", count: 108), "/nonexistent/control.sock"])
    func `a place where there can be none is told with what to do`(path: String) async throws {
        let desk = StatusDesk(StoppedMonitor(loop: group.any()))
        let failure = await #expect(throws: ControlServer.Failure.self) {
            _ = try await ControlServer.open(path: path, desk: desk, on: group)
        }
        #expect(failure?.description.isEmpty == false)
        #expect(throws: ControlClient.Failure.self) {
            _ = try ControlClient(path: path).ask(ControlRequest(.status), for: StatusDocument.self)
        }
    }

    @Test func `what is no request is refused, in a line, and the next one is answered`() async throws {
        try await serving {
            let lines = [
                "", "{", "[]", "null", "{\"command\":\"format_disk\"}", "{\"command\":7}", "\u{0}",
                "{\"command\":\"maintenance_start\",\"backend\":\"10.0.0.1\",\"seconds\":1e999}",
                "{\"command\":\"maintenance_start\",\"backend\":\"10.0.0.1\"}", "{\"command\":\"backend\"}",
                "{\"command\":\"status\",\"backends\":[\"rm -rf\"]}", "{\"command\":\"events\",\"limit\":0}",
            ]
            let answers = try #require(said(Array(lines.map { $0 + "\n" }.joined().utf8))).split(separator: "\n")
            #expect(answers.count == lines.count)
            #expect(answers.allSatisfy { $0.hasPrefix("{\"error\":\"") && $0.hasSuffix("\"ok\":false}") }, "\(answers)")
            #expect(answers.last?.contains("limit: give it from 1 to 10000") == true)
        }
    }

    @Test func `neither endless requests nor many of them take more than their place`() async throws {
        try await serving {
            #expect(said([UInt8](repeating: UInt8(ascii: "x"), count: 200_000)) == "")
            let many = Array(String(repeating: "{\"command\":\"status\"}\n", count: 20_000).utf8)
            #expect((said(many) ?? "").split(separator: "\n").count < 20_000)
            #expect(
                said(Array("{\"command\":\"status\"}\n".utf8))?.hasPrefix("{\"error\":\"the monitor does not run")
                    == true)
        }
    }

    @Test func `a client is told what it is that does not answer`() async throws {
        #expect(throws: ControlClient.Failure.noDaemon(path: path, reason: "No such file or directory")) {
            _ = try ControlClient(path: path).ask(ControlRequest(.status), for: StatusDocument.self)
        }
        try await serving {
            #expect(throws: ControlClient.Failure.refused("the monitor does not run any more, or not yet")) {
                _ = try ControlClient(path: path).ask(ControlRequest(.status), for: StatusDocument.self)
            }
        }
    }

    @Test func `the last request need not end in a newline`() async throws {
        try await serving {
            let refusal = "{\"error\":\"the monitor does not run any more, or not yet\",\"ok\":false}\n"
            #expect(said(Array("{\"command\":\"status\"}".utf8)) == refusal)
            #expect(said(Array("{\"command\":\"status\"}\n{\"command\":\"status\"}".utf8)) == refusal + refusal)
        }
    }

    @Test func `a daemon that hangs keeps nobody who presses a key`() throws {
        let listener = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        var keys: [CInt] = [0, 0]
        pipe(&keys)
        defer { for descriptor in keys + [listener] { close(descriptor) } }
        bindSocket(listener)
        listen(listener, 8)
        write(keys[1], "q", 1)
        // Its own patience would be ten seconds.
        let clock = ContinuousClock.now
        #expect(throws: ControlClient.Failure.interrupted) {
            _ = try ControlClient(path: path).ask(ControlRequest(.status), for: StatusDocument.self, until: keys[0])
        }
        #expect(ContinuousClock.now - clock < .seconds(5))
    }

    @Test func `of those that begin at once on one path, one is there, and answers`() async throws {
        for _ in 0..<20 {
            let (path, desk, group) = (path, StatusDesk(StoppedMonitor(loop: group.any())), group)
            let servers = await withTaskGroup(of: ControlServer?.self, returning: [ControlServer].self) { tasks in
                for _ in 0..<4 { tasks.addTask { try? await ControlServer.open(path: path, desk: desk, on: group) } }
                var servers: [ControlServer] = []
                for await server in tasks { if let server { servers.append(server) } }
                return servers
            }
            #expect(servers.count == 1)
            #expect(servers.first?.isInPlace == true)
            for server in servers { await server.close() }
        }
    }

    @Test func `one that was removed is known to be gone, and leaves another one in its place alone`() async throws {
        let first = try await open()
        #expect(first.isInPlace)
        unlink(path)
        #expect(!first.isInPlace)
        let second = try await open()
        await first.close()
        #expect(second.isInPlace)
        await second.close()
        #expect(mode(path) == nil)
    }
}
