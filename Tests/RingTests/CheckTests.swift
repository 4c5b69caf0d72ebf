import RingLab
import Testing

extension RealRing {
    /// `dovemon check` against a real ring: what it tells, its exit status, and that it changes nothing at the director.
    @Suite struct CheckTests {
        @Test func `It tells what is, with an exit status, and changes nothing`() async throws {
            try await withRing(directors: 1, backends: 3) { ring in
                let dovemon = try DovemonProcess(ring: ring, settings: [("poll_pop3", "yes"), ("poll_lmtp", "yes")])
                try await dovemon.kill()
                func check(_ arguments: String...) async throws -> (output: String, status: RingLab.ExitStatus) {
                    let files = ["--config", dovemon.configurationFile, "--accounts", dovemon.accountsFile]
                    return try await ring.run(
                        [DovemonProcess.binary, "check"] + files + arguments, within: .seconds(20))
                }
                let (director, victim) = (ring.directors[0], ring.backends[1])
                let well = try await check()
                #expect(well.status == .exited(0))
                #expect(well.output.contains("3 backends: 3 healthy"))

                for format in ["table", "json"] {
                    let verbose = try await check("--verbose", "--format", format).output
                    #expect(verbose.contains("[password]") && verbose.contains("Logged in"), "\(verbose)")
                    #expect(!verbose.contains(victim.account.password), "\(verbose)")
                    #expect(!well.output.contains("Logged in"))
                }

                _ = try await director.command("HOST-DOWN\t\(victim.address)")
                #expect(try await check().status == .exited(1), "it polls well, but gets no users")
                _ = try await director.command("HOST-UP\t\(victim.address)")

                try await victim.stop()
                let nagios = try await check("--format", "nagios")
                #expect(nagios.status == .exited(2))
                #expect(nagios.output.hasPrefix("DOVEMON CRITICAL - 2 of 3 backends healthy; \(victim.address) imap "))
                let json = try await check("--format", "json", "--backend", victim.address)
                #expect(json.status == .exited(2))
                #expect(json.output.contains("\"kind\" : \"refused\""))
                #expect(json.output.contains("\"state\" : null"))
                #expect(try await director.host(victim.address)?.state == .up)

                _ = try await director.doveadm("director", "update", victim.address, "0")
                #expect(try await check().status == .exited(0), "a backend under maintenance raises nothing")
                try await director.stop()
                #expect(try await check().status == .exited(3))
            }
        }

        @Test func `It removes no mail but test messages, and a result that nobody gets is none`() async throws {
            try await withRing(directors: 1, backends: 1) { ring in
                let backend = ring.backends[0]
                let dovemon = try DovemonProcess(ring: ring)
                try await dovemon.kill()
                try dovemon.write(settings: [
                    ("poll_imap_append", "yes"), ("poll_imap_expunge", "all"), ("poll_pop3", "yes"),
                    ("poll_pop3_delete", "all"),
                ])
                try await backend.save(subject: "stranger")
                let before = try await backend.messages()
                let command =
                    "\(DovemonProcess.binary) check --config \(dovemon.configurationFile)"
                    + " --accounts \(dovemon.accountsFile)"
                let well = try await ring.run(["/bin/sh", "-c", command], within: .seconds(20))
                #expect(well.status == .exited(0), "\(well.output)")
                #expect(well.output.contains("test messages are removed here, and no others"))
                #expect(try await backend.messages() == before)

                for format in ["table", "json", "nagios"] {
                    let full = try await ring.run(
                        ["/bin/sh", "-c", "\(command) --format \(format) > /dev/full"], within: .seconds(20))
                    #expect(full.status == .exited(3))
                    #expect(full.output.contains("dovemon: standard output: No space left on device"))
                }
            }
        }
    }
}
