import Foundation

/// posix_spawn_file_actions_addclosefrom_np(3), which Glibc's module does not show.
private func closeOthers(_ actions: inout posix_spawn_file_actions_t, from first: Int32) {
    typealias Function = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32
    guard let symbol = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np") else { return }
    _ = unsafeBitCast(symbol, to: Function.self)(&actions, first)
}

/// A Chromium that takes commands at its descriptor 3 and answers at 4, in a process group and a profile of its own.
///
/// It ends by itself when these pipes are closed, and so also when the test's process is killed.
struct ChromiumProcess {
    let pid: pid_t
    /// Where commands are written to.
    let commands: Int32
    /// Where answers and events are read from.
    let answers: Int32
    private let profile: URL

    init(_ program: String) throws {
        profile = FileManager.default.temporaryDirectory.appending(path: "dovemon-browser-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: profile, withIntermediateDirectories: true)
        let (itsCommands, ourCommands) = try Self.pipe()
        let (ourAnswers, itsAnswers) = try Self.pipe()
        defer {
            close(itsCommands)
            close(itsAnswers)
        }
        commands = ourCommands
        answers = ourAnswers

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for stream in Int32(0)...2 { posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0) }
        posix_spawn_file_actions_adddup2(&actions, itsCommands, 3)
        posix_spawn_file_actions_adddup2(&actions, itsAnswers, 4)
        closeOthers(&actions, from: 5)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))

        // Without a sandbox, as root has none: the page is this project's own. /dev/shm is small in containers.
        let arguments = [
            program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
            "--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--disable-default-apps", "--disable-breakpad", "--force-color-profile=srgb",
            "--user-data-dir=\(profile.path)", "--remote-debugging-pipe", "about:blank",
        ]
        let words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var started: pid_t = 0
        let code = posix_spawn(&started, program, &actions, &attributes, words, environ)
        guard code == 0 else {
            close(ourCommands)
            close(ourAnswers)
            try? FileManager.default.removeItem(at: profile)
            throw BrowserError.gone("\(program): \(String(cString: strerror(code)))")
        }
        pid = started
    }

    /// Ends it and all that it started, and removes its profile. The reader of `answers` closes that.
    func end() {
        close(commands)
        kill(-pid, SIGKILL)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) == -1, errno == EINTR {}
        try? FileManager.default.removeItem(at: profile)
    }

    /// A pipe that no other child gets, at descriptors which a child's 3 and 4 do not overwrite.
    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Foundation.pipe(&ends) == 0 else { throw BrowserError.gone("no pipe") }
        let high = ends.map { fcntl($0, F_DUPFD_CLOEXEC, 10) }
        for end in ends { close(end) }
        return (high[0], high[1])
    }
}
