import Glibc
import RingLab
import Testing

extension RealRing {
    /// What is around the monitor: scripts, the lock file, the service manager, SIGHUP.
    @Suite final class SurroundingsTests {
        private let ring: Ring
        private let victim: Backend

        init() async throws {
            ring = try await Ring.start(directors: 1, backends: 2)
            victim = ring.backends[1]
        }

        deinit { ring.stop() }

        @Test func `beupdatescript runs after the director has confirmed the change, and not for those of others`()
            async throws
        {
            let directory = try ring.newDirectory("script")
            let doveadm = "/usr/bin/doveadm -c \(ring.directors[0].configurationFile) director status"
            try write(
                """
                #!/bin/sh
                echo "$# $1 $2 $DOVEMON_BACKEND $DOVEMON_STATE <$DOVEMON_TAG> $DOVEMON_PROTOCOL $DOVEMON_REASON"
                \(doveadm) | grep "^$2 "
                ulimit -S -n >\(directory)/limit
                [ "$1" = down ]
                """, to: "\(directory)/script")
            // Started with few descriptors, of which dovemon takes more for itself.
            let dovemon = try DovemonProcess(
                ring: ring, settings: [("beupdatescript", "\(directory)/script"), ("war_hold", "0")],
                environment: ["prlimit", "--nofile=777:"])
            try await dovemon.expectAllPolled(ring)
            let limits = readFile("/proc/\(dovemon.pid)/limits")?.split(separator: "\n") ?? []
            #expect(limits.contains { $0.hasPrefix("Max open files") && !$0.contains(" 777 ") }, "\(limits)")
            let address = victim.address

            try await victim.stop()
            _ = try await dovemon.waitForLine(
                containing: "backend=\(address) update=down script=done", within: .seconds(15))
            let down = outputs(dovemon)
            #expect(down.first == "2 down \(address) \(address) down <> imap connect refused: Connection refused")
            #expect(down.last?.split(separator: " ").contains("down") == true, "\(down)")
            #expect(readFile("\(directory)/limit") == "777\n")

            try await victim.start()
            _ = try await dovemon.waitForLine(
                containing: " err: backend=\(address) update=up script=failed status=1", within: .seconds(15))
            let up = outputs(dovemon).dropFirst(down.count)
            #expect(up.first == "2 up \(address) \(address) up <> imap connect refused: Connection refused")
            #expect(up.last?.split(separator: " ").contains("up") == true, "\(up)")

            let count = dovemon.lines.count
            _ = try await ring.directors[0].doveadm("director", "down", address)
            _ = try await dovemon.waitForLine(
                containing: "backend=\(address)", "state=up", "by=dovemon", from: count, within: .seconds(10))
            _ = try await dovemon.waitForLine(containing: "update=up script=failed", from: count, within: .seconds(10))
            #expect(!dovemon.lines.dropFirst(count).contains { $0.text.contains("update=down") })
            #expect(try await dovemon.terminate().status == .exited(0))
        }

        @Test func `A hanging script holds up neither polls nor the end`() async throws {
            let directory = try ring.newDirectory("script")
            try write("#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 1; done\n", to: "\(directory)/script")
            let dovemon = try DovemonProcess(ring: ring, settings: [("beupdatescript", "\(directory)/script")])
            try await dovemon.expectAllPolled(ring)
            try await victim.stop()
            _ = try await dovemon.waitForLine(containing: "state=down", "by=dovemon", within: .seconds(15))
            try await victim.start()
            _ = try await dovemon.waitForLine(containing: "state=up", "by=dovemon", within: .seconds(15))
            let end = try await dovemon.terminate()
            #expect(end.status == .exited(0))
            #expect(end.duration < .seconds(1))
            #expect(dovemon.lines.contains { $0.text.contains("script=failed text=\"killed, as dovemon stops\"") })
        }

        @Test func `A script that takes longer than beupdatescript_timeout is killed`() async throws {
            let directory = try ring.newDirectory("script")
            try write("#!/bin/sh\nexec sleep 100\n", to: "\(directory)/script")
            let dovemon = try DovemonProcess(
                ring: ring,
                settings: [("beupdatescript", "\(directory)/script"), ("beupdatescript_timeout", "1")])
            try await dovemon.expectAllPolled(ring)
            try await victim.stop()
            _ = try await dovemon.waitForLine(
                containing: "update=down script=failed", "killed, as its time was over", within: .seconds(15))
            #expect(try await dovemon.terminate().status == .exited(0))
        }

        @Test func `A second dovemon with the same lock file ends with 255, one that cannot lock with 1`() async throws
        {
            let first = try DovemonProcess(ring: ring)
            try await first.expectAllPolled(ring)
            let lock = "\(first.directory)/dovemon.pid"
            #expect(readFile(lock) == "\(first.pid)\n")
            let second = try DovemonProcess(ring: ring, settings: [("lockfile", lock)])
            #expect(try await second.end(within: .seconds(10)) == .exited(255))
            #expect(second.lines.contains { $0.text.contains("locked by process \(first.pid)") })
            let third = try DovemonProcess(ring: ring, settings: [("lockfile", "\(lock)/none")])
            #expect(try await third.end(within: .seconds(10)) == .exited(1))
            #expect(third.lines.contains { $0.text.contains("cannot be locked: Not a directory; name another file") })

            // Neither looking nor reading the settings needs the lock.
            let files = ["--config", first.configurationFile, "--accounts", first.accountsFile]
            #expect(
                try await ring.run([DovemonProcess.binary, "check"] + files, within: .seconds(20)).status == .exited(0))
            #expect(
                try await ring.run([DovemonProcess.binary, "check-config"] + files, within: .seconds(20)).status
                    == .exited(0))
            #expect(try await first.terminate().status == .exited(0))
            #expect(access(lock, F_OK) != 0)
        }

        @Test func `A second dovemon with the same state file warns, and has it once the first has ended`() async throws
        {
            let first = try DovemonProcess(ring: ring)
            try await first.expectAllPolled(ring)
            let state = "\(first.directory)/state.json"
            #expect(readFile("\(state).lock") == "\(first.pid)\n")
            let second = try DovemonProcess(ring: ring, settings: [("state_file", state)])
            _ = try await second.waitForLine(
                containing: " warning: \(state): process \(first.pid) has it", within: .seconds(10))
            try await second.expectAllPolled(ring)
            #expect(try await first.terminate().status == .exited(0))
            #expect(access("\(state).lock", F_OK) != 0)

            second.reload()
            try await waitUntil("the state of the second", within: .seconds(5)) {
                readFile(state)?.contains("\"dovemon state\"") == true
            }
            #expect(readFile("\(state).lock") == "\(second.pid)\n")
            #expect(try await second.terminate().status == .exited(0))
        }

        @Test func `SIGHUP says which changed settings count from the next start on`() async throws {
            let dovemon = try DovemonProcess(ring: ring)
            try await dovemon.expectAllPolled(ring)
            try dovemon.write(settings: [("lockfile", "\(dovemon.directory)/other.pid"), ("interval", "2")])
            dovemon.reload()
            _ = try await dovemon.waitForLine(
                containing: "setting=lockfile note=\"it has changed, and counts from the next start on\"",
                within: .seconds(5))
            #expect(
                !dovemon.lines.contains { $0.text.contains("setting=interval") || $0.text.contains("setting=debug") })
            #expect(readFile("\(dovemon.directory)/dovemon.pid") == "\(dovemon.pid)\n")
            #expect(try await dovemon.terminate().status == .exited(0))
        }

        @Test func `SIGHUP tells how the last rounds went, whatever is logged`() async throws {
            let dovemon = try DovemonProcess(ring: ring, settings: [("interval", "0.2")])
            try await dovemon.expectAllPolled(ring)
            try await victim.stop()
            _ = try await dovemon.waitForLine(containing: "state=down", "by=dovemon", within: .seconds(15))
            try dovemon.write(settings: [("loglevel", "2")])
            dovemon.reload()
            let good = try await dovemon.waitForLine(
                containing: "backend=\(ring.backends[0].address) rounds=", within: .seconds(5))
            #expect(good.text.contains(/: info: backend=\S+ rounds="?(\d+\.\dms ?){1,10}"?$/), "\(good)")
            let bad = try await dovemon.waitForLine(
                containing: "backend=\(victim.address) rounds=", within: .seconds(5))
            #expect(bad.text.contains(/ms failed failed( failed)*"$/), "\(bad)")
            // Those of a level that is not logged any more are asked for, too.
            let count = dovemon.lines.count
            dovemon.reload()
            _ = try await dovemon.waitForLine(containing: "rounds=", from: count, within: .seconds(5))
            #expect(try await dovemon.terminate().status == .exited(0))
        }

        @Test func `The log goes to the socket that logger_socket_addr names, or to standard output with debug`()
            async throws
        {
            let paths = (1...3).map { "\(ring.directory)/log\($0)" }
            let sockets = try paths.map(NotifySocket.init)
            let dovemon = try DovemonProcess(
                ring: ring, settings: [("logger_socket_addr", paths[0]), ("syslog_facility", "local5")],
                isForeground: false)
            // The facility's number, eight times, and a notice's.
            try await sockets[0].waitForLine { $0.hasPrefix("<173>") && $0.contains("dovemon=started") }
            try dovemon.write(settings: [("logger_socket_addr", paths[1]), ("syslog_facility", "local6")])
            dovemon.reload()
            try await sockets[1].waitForLine { $0.hasPrefix("<181>") && $0.contains("settings=reloaded") }
            #expect(try await dovemon.terminate().status == .exited(0))
            #expect(dovemon.lines.isEmpty)

            let other = try DovemonProcess(
                ring: ring, settings: [("logger_socket_addr", paths[2]), ("debug", "yes")], isForeground: false)
            try await other.expectAllPolled(ring)
            #expect(try await other.terminate().status == .exited(0))
            #expect(sockets[2].message().isEmpty)
        }

        @Test func `systemd hears that it is ready, what it watches, that it lives, reloads and stops`() async throws {
            let path = "\(ring.directory)/notify"
            let systemd = try NotifySocket(path)
            let dovemon = try DovemonProcess(
                ring: ring, environment: ["NOTIFY_SOCKET=\(path)", "WATCHDOG_USEC=200000"])
            try await systemd.waitForLine { $0 == "READY=1" }
            try await systemd.waitForLine { $0 == "STATUS=watching 2 backends, 0 down" }
            for _ in 1...3 { try await systemd.waitForLine { $0 == "WATCHDOG=1" } }
            try await victim.stop()
            try await systemd.waitForLine { $0 == "STATUS=watching 2 backends, 1 down" }
            dovemon.reload()
            try await systemd.waitForLine { $0 == "RELOADING=1" }
            try await systemd.waitForLine { $0 == "READY=1" }
            try dovemon.write(settings: [("interval", "never")])
            dovemon.reload()
            try await systemd.waitForLine { $0 == "RELOADING=1" }
            try await systemd.waitForLine { $0 == "READY=1" }
            #expect(try await dovemon.terminate().status == .exited(0))
            try await systemd.waitForLine { $0 == "STOPPING=1" }
        }

        /// What the script has printed so far.
        private func outputs(_ dovemon: DovemonProcess) -> [String] {
            dovemon.lines.compactMap { line in
                line.text.firstMatch(of: /\ script=output text="?(.*?)"?$/).map { String($0.1) }
            }
        }

        private func write(_ text: String, to path: String) throws {
            let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o755)
            defer { close(file) }
            try #require(Glibc.write(file, text, text.utf8.count) == text.utf8.count)
        }
    }
}
