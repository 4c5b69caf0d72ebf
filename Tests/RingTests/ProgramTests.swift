import Glibc
import RingLab
import ScriptedPeers
import Testing

extension RealRing {
    /// The program as a process: exit statuses, signals, descriptors, and the commands that need no director.
    @Suite final class ProgramTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop() }

        deinit { workshop.stop() }

        private var directory: String { workshop.directory }

        private func dovemon(_ arguments: String...) async throws -> (output: String, status: RingLab.ExitStatus) {
            try await workshop.run([DovemonProcess.binary] + arguments)
        }

        /// Settings with which nobody else's files are touched, and no director is found.
        private var settings: String {
            "director_admin_socket: \(directory)/director-admin\nlockfile: \(directory)/dovemon.pid\n"
        }

        // MARK: Exit statuses

        @Test func `Status 2: the default configuration cannot be written`() async throws {
            let run = try await dovemon("run", "--write-missing-config", "--config", "\(directory)/none/config.yml")
            #expect(run.status == .exited(2))
            #expect(run.output == "dovemon: \(directory)/none/config.yml: no such directory, create it\n")
        }

        @Test func `Status 3: the configuration or the accounts cannot be used, or the command line`() async throws {
            let config = try workshop.write("interval: never\n", to: "config.yml")
            let wrong = try await dovemon("run", "--config", config)
            #expect(wrong.status == .exited(3))
            #expect(wrong.output.hasPrefix("\(config):1:11: interval: \"never\" is not a number, accepted: "))
            // As by a user who may not read it.
            let unreadable = try await dovemon("run", "--config", directory)
            #expect(unreadable.status == .exited(3))
            #expect(unreadable.output == "\(directory): is a directory, name a file in it\n")
            try workshop.write(settings, to: "config.yml")
            let accounts = try await dovemon("run", "--config", config, "--accounts", "\(directory)/none.yml")
            #expect(accounts.status == .exited(3))
            #expect(try await dovemon("run", "--no-such-option").status == .exited(3))
        }

        @Test func `Status 4: there is no configuration`() async throws {
            for command in ["run", "check-config"] {
                let run = try await dovemon(command, "--config", "\(directory)/none.yml")
                #expect(run.status == .exited(4))
                #expect(run.output == "\(directory)/none.yml: no such file, check the path\n")
            }
        }

        // MARK: Signals

        /// A dovemon that has trapped its signals and cannot go on, for nobody reads what it has to say of the
        /// configuration that it has just written; it will find `settings` then.
        private func stuck() async throws -> (process: LabProcess, errors: FullPipe) {
            let errors = try FullPipe("\(directory)/errors")
            let config = "\(directory)/config.yml"
            let process = try workshop.start(
                "run",
                [
                    "/bin/sh", "-c", #"exec "$0" "$@" 2>\#(directory)/errors"#, DovemonProcess.binary, "run",
                    "--write-missing-config", "--config", config, "--dry-run", "--foreground",
                ])
            try await waitUntil("the configuration", within: .seconds(10)) { access(config, F_OK) == 0 }
            try workshop.write(settings, to: "config.yml")
            return (process, errors)
        }

        @Test(arguments: [SIGTERM, SIGINT])
        func `A signal to end that comes while it starts ends it in order`(signal: Int32) async throws {
            let (process, errors) = try await stuck()
            process.signal(signal)
            try await waitUntil("it to end", within: .seconds(10)) {
                errors.drain()
                return process.exitStatus != nil
            }
            #expect(process.exitStatus == .exited(0))
            #expect(errors.text.contains("dovemon=stopped"))
            #expect(access("\(directory)/dovemon.pid", F_OK) != 0)
        }

        @Test func `A SIGHUP that comes while it starts does not kill it, and is obeyed`() async throws {
            let (process, errors) = try await stuck()
            process.signal(SIGHUP)
            try await waitUntil("the reload", within: .seconds(10)) {
                errors.drain()
                return errors.text.contains("settings=reloaded") || process.exitStatus != nil
            }
            process.signal(SIGTERM)
            try await waitUntil("it to end", within: .seconds(10)) {
                errors.drain()
                return process.exitStatus != nil
            }
            #expect(process.exitStatus == .exited(0))
            #expect(errors.text.contains("settings=reloaded"))
        }

        // MARK: Files

        @Test
        func `Accounts that every user can read are a warning at the start and at each reload, until they are closed`()
            async throws
        {
            let config = try workshop.write(settings + "state_file: ''\n", to: "config.yml")
            let accounts = try workshop.write("default: {username: u, password: secret}\n", to: "accounts.yml")
            try #require(chmod(accounts, 0o644) == 0)
            let process = try workshop.start(
                "run",
                [DovemonProcess.binary, "run", "--config", config, "--accounts", accounts, "--foreground"])
            let warning =
                " warning: \(accounts): warning: every user of this machine can read the passwords in it, close it"
            func waitFor(_ count: Int, _ text: String) async throws {
                try await waitUntil("\(count) lines with \(text)", within: .seconds(10)) {
                    process.output.split(separator: "\n").count { $0.contains(text) } >= count
                }
            }
            try await waitFor(1, warning)
            try await waitFor(1, "dovemon=started")
            process.signal(SIGHUP)
            try await waitFor(1, "settings=reloaded")
            try await waitFor(2, warning)
            try #require(chmod(accounts, 0o640) == 0)
            process.signal(SIGHUP)
            try await waitFor(2, "settings=reloaded")
            process.signal(SIGTERM)
            #expect(try await process.end(within: .seconds(10)) == .exited(0))
            #expect(process.output.split(separator: "\n").count { $0.contains("every user") } == 2)
            #expect(!process.output.contains("secret"))
        }

        // MARK: Descriptors

        @Test func `Closed standard descriptors are filled, so that no socket takes their place`() async throws {
            let systemd = try NotifySocket("\(directory)/notify")
            let config = try workshop.write(settings, to: "config.yml")
            let process = try workshop.start(
                "run",
                [
                    "/usr/bin/env", "NOTIFY_SOCKET=\(directory)/notify", "/bin/sh", "-c",
                    #"exec "$0" "$@" <&- >&- 2>&-"#,
                    DovemonProcess.binary, "run", "--config", config, "--foreground", "--lockfile",
                    "\(directory)/other.pid",
                ])
            try await systemd.waitForLine { $0 == "READY=1" }
            for descriptor in 0...2 { #expect(target(ofDescriptor: descriptor, process.pid) == "/dev/null") }
            #expect(readFile("\(directory)/other.pid") == "\(process.pid)\n", "what --lockfile names")
            process.signal(SIGTERM)
            #expect(try await process.end(within: .seconds(10)) == .exited(0))
        }

        private func target(ofDescriptor number: Int, _ pid: Int32) -> String {
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
            let count = max(0, readlink("/proc/\(pid)/fd/\(number)", &buffer, buffer.count))
            return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
        }

        // MARK: Commands

        @Test func `check-config tries the file of trusted issuers`() async throws {
            let certificate = try TestCertificate(names: ["Test Authority"], isAuthority: true)
            let good = try workshop.write(certificate.pem, to: "good.pem")
            let key = try workshop.write(certificate.keyPEM, to: "key.pem")
            let empty = try workshop.write("", to: "empty.pem")
            func check(_ file: String) async throws -> (output: String, status: RingLab.ExitStatus) {
                let config = try workshop.write("interval: 5\nssl_ca_file: \(file)\n", to: "config.yml")
                return try await dovemon("check-config", "--config", config)
            }
            #expect(try await check(good).status == .exited(0))
            for file in ["\(directory)/none.pem", key, empty, directory] {
                let run = try await check(file)
                #expect(run.status == .exited(3))
                #expect(run.output.hasPrefix("\(directory)/config.yml:2:1: ssl_ca_file: \(file): "), "\(run.output)")
                #expect(
                    run.output.hasSuffix(
                        ", accepted: a PEM file with a certificate in it, which dovemon's user can read\n"))
                // The daemon does not begin with it either.
                #expect(try await dovemon("run", "--config", "\(directory)/config.yml").output == run.output)
            }
            #expect(try await check("\(directory)/none.pem").output.contains("No such file or directory"))
        }

        @Test func `import-poolmon writes both files to a directory that it makes, and check-config takes them`()
            async throws
        {
            let files = ["config.yml", "test.accounts.yml"].map { "\(directory)/new/\($0)" }
            let imported = try await dovemon(
                "import-poolmon", "--output", "\(directory)/new", "--", "-f", "-p", "143", "-i", "5")
            #expect(imported.status == .exited(0))
            #expect(files.allSatisfy { imported.output.contains($0 + "\n") })
            let check = try await dovemon("check-config", "--config", files[0], "--accounts", files[1])
            #expect(check.status == .exited(0))
            #expect(check.output.contains("\ninterval: 5\n") && check.output.contains("# no accounts"))
            #expect(readFile(files[1])?.contains("# default:\n#   username: ") == true)

            // The options of a file, an account with a password that nobody is to see.
            let secret = "dont-tell"
            try workshop.write("probe\n\(secret)\n", to: "credentials")
            try workshop.write("OPTIONS=\"-f -p 143 -c \(directory)/credentials\"\n", to: "poolmon")
            try #require(mkdir("\(directory)/there", 0o755) == 0)
            let further = try await dovemon(
                "import-poolmon", "--output", "\(directory)/there", "--file", "\(directory)/poolmon")
            #expect(further.status == .exited(0) && !further.output.contains(secret))
            #expect(readFile("\(directory)/there/test.accounts.yml")?.contains(secret) == true)

            let again = try await dovemon("import-poolmon", "--output", "\(directory)/new", "--", "-f", "-p", "143")
            #expect(again.status == .exited(2))
            let astray = try await dovemon(
                "import-poolmon", "--output", "\(directory)/none/new", "--", "-f", "-p", "143")
            #expect(astray.status == .exited(2))
            #expect(astray.output.hasSuffix("dovemon: \(directory)/none/new: No such file or directory\n"))
        }
    }
}

/// A FIFO that takes nothing more, until it is drained.
private final class FullPipe {
    private let descriptor: Int32
    /// What has been written to it beside what filled it.
    private(set) var text = ""

    init(_ path: String) throws {
        try #require(mkfifo(path, 0o600) == 0)
        descriptor = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        try #require(descriptor >= 0)
        let filling = [UInt8](repeating: 0, count: 4_096)
        while write(descriptor, filling, filling.count) > 0 {}
        try #require(errno == EAGAIN)
    }

    deinit { close(descriptor) }

    /// Takes all that is in it.
    func drain() {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(descriptor, &bytes, bytes.count), count > 0 {
            text += String(decoding: bytes[..<count].filter { $0 != 0 }, as: UTF8.self)
        }
    }
}
