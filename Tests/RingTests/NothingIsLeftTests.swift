import Glibc
import RingLab
import Testing

extension RealRing {
    /// Whatever ends a lab, nothing of it is left.
    @Suite struct NothingIsLeft {
        @Test func stopRemovesProcessesAndDirectory() async throws {
            let ring = try await Ring.start()
            let groups = try Self.groups(of: ring.directory)
            #expect(groups.count == 7)
            try ring.backends[0].freeze()
            ring.stop()
            #expect(groups.allSatisfy { processes(inGroup: $0).isEmpty })
            #expect(access(ring.directory, F_OK) != 0)
            ring.stop()
        }

        @Test(arguments: [SIGKILL, SIGTERM, SIGINT])
        func aKilledDemoLeavesNothing(signal: Int32) async throws {
            // The demo stands for any process that runs a lab; what it runs as dovemon just sleeps.
            try await withRing(directors: 1, backends: 1) { ring in
                let sleeper = "\(ring.directory)/sleeper"
                try write("#!/bin/sh\nexec sleep 100\n", to: sleeper)
                let demo = try LabProcess(
                    ring: ring, ["/usr/bin/env", "KEEP=", "DOVEMON_BINARY=\(sleeper)", builtProgram("Demo")])
                var directory = ""
                try await waitUntil("the demo's ring", within: .seconds(20)) {
                    let words = demo.output.split { " ,\n".contains($0) }
                    directory = words.last { $0.hasPrefix("/") && $0.contains("dovemon-ring") }.map(String.init) ?? ""
                    return directory != "" && demo.output.contains("[2/7]")
                }
                let groups = try Self.groups(of: directory)
                #expect(groups.count >= 7)
                demo.signal(signal)
                try await waitUntil("the demo's ring to be gone", within: .seconds(10)) {
                    demo.exitStatus != nil && access(directory, F_OK) != 0
                        && groups.allSatisfy { processes(inGroup: $0).isEmpty }
                }
                #expect(demo.exitStatus == (signal == SIGKILL ? .killed(signal: SIGKILL) : .exited(128 + signal)))
            }
        }

        /// The process groups that a ring has written down.
        private static func groups(of directory: String) throws -> [Int32] {
            try #require(listDirectory("\(directory)/pids")).compactMap { Int32($0) }
        }

        private func write(_ text: String, to path: String) throws {
            let file = open(path, O_WRONLY | O_CREAT, 0o755)
            defer { close(file) }
            try #require(Glibc.write(file, text, text.utf8.count) == text.utf8.count)
        }
    }
}
