import FakePeers
import Glibc
import struct NIOCore.NIOLoopBound
import protocol NIOCore.EventLoop
import NIOPosix
import RingLab
import ScriptedPeers
import Subprocess
import SystemPackage
import Testing

/// What a whole dovemon serves of what its parts know.
@Suite(.timeLimit(.minutes(1))) struct ProgramMetricsTests {
    /// A pipe that takes nothing more, as one whose reader sleeps.
    private func fullPipe() throws -> (readEnd: FileDescriptor, writeEnd: FileDescriptor) {
        let pipe = try FileDescriptor.pipe()
        try #require(fcntl(pipe.writeEnd.rawValue, F_SETFL, O_NONBLOCK) == 0)
        let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 4_096)
        while write(pipe.writeEnd.rawValue, bytes, bytes.count) > 0 {}
        return pipe
    }

    @Test func `metrics tell when certificates end, and how many lines the log has lost`() async throws {
        let lifetime = 20 * 86_400
        let before = time(nil)
        let certificate = try TestCertificate(names: ["127.0.0.1"], validUntil: lifetime)
        let ends = (before + lifetime)...(time(nil) + lifetime)
        let peer = try await ScriptedPeer.start(tls: PeerTLS(certificate)) { connection in
            try await connection.write("* OK [CAPABILITY IMAP4rev1] ready\r\n")
            try await connection.answer("d1 LOGIN", "d1 OK\r\n")
            try await connection.answer("d2 LOGOUT", "d2 OK\r\n")
        }
        let scratch = try Scratch()
        let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let director = try await loop.submit {
            let director = FakeDirector(["127.0.0.1"], needed: 0, path: "\(scratch.path)/director", loop: loop)
            return NIOLoopBound(director, eventLoop: loop)
        }.get()
        try await loop.flatSubmit { director.value.listen() }.get()
        let port = try freePort()
        let config = try scratch.write(
            """
            director_admin_socket: \(scratch.path)/director
            lockfile: \(scratch.path)/dovemon.pid
            state_file: \(scratch.path)/state.json
            control_socket: \(scratch.path)/control.sock
            http_listen: 127.0.0.1:\(port)
            imap_ssl: yes
            imaps_port: \(peer.port)
            poll_imap_list: no
            interval: 0.5
            timeout: 0.4
            loglevel: 3
            """, to: "config.yml")
        let accounts = try scratch.write("default: {username: u, password: p}\n", to: "accounts.yml", mode: 0o600)
        let log = try fullPipe()
        defer {
            try? log.readEnd.close()
            try? log.writeEnd.close()
        }
        _ = try await Subprocess.run(
            .path(FilePath(DovemonProcess.binary)),
            arguments: ["run", "--foreground", "--config", config, "--accounts", accounts],
            input: .none, output: .discarded, error: .fileDescriptor(log.writeEnd, closeAfterSpawningProcess: false)
        ) { execution in
            defer { kill(execution.processIdentifier.value, SIGTERM) }
            var metrics = ""
            func number(of sample: String) -> Int? {
                metrics.split(separator: "\n").first { $0.hasPrefix(sample + " ") }
                    .flatMap { Int($0.dropFirst(sample.count + 1)) }
            }
            let expiry =
                #"dovemon_certificate_expiry_timestamp_seconds{backend="127.0.0.1",tag="",protocol="imap",port="\#(peer.port)"}"#
            try await waitUntil("the certificate and the lost lines", within: .seconds(20)) {
                metrics = (try? await httpGet(port: port, "/metrics").body) ?? ""
                return number(of: expiry) != nil && number(of: "dovemon_log_lines_dropped_total") ?? 0 > 0
            }
            #expect(number(of: expiry).map(ends.contains) == true, "\(metrics)")
        }
        try await loop.submit { director.value.leave() }.get()
        await peer.stop()
    }
}
