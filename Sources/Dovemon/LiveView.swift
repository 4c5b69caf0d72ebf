internal import Control
internal import Glibc

/// A text that is drawn anew each second in a terminal, in place, until q or Ctrl-C is pressed.
struct LiveView {
    /// The text for so many columns and lines; nil where something was to be read from `keys` first, or a signal came.
    let draw: (_ columns: Int, _ lines: Int, _ keys: CInt) -> String?

    /// Shows it; leaves the terminal as it was, however it ends.
    func run() throws {
        var former = termios()
        let hasKeys = tcgetattr(STDIN_FILENO, &former) == 0
        for number in [SIGTERM, SIGINT, SIGHUP] { signal(number) { _ in hasToEnd = 1 } }
        // Wakes the wait for a key, and nothing else.
        signal(SIGWINCH) { _ in }
        if hasKeys {
            // Lines, echo and Ctrl-C's signal are off: a key comes by itself.
            var raw = former
            raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
            tcsetattr(STDIN_FILENO, TCSANOW, &raw)
        }
        defer { if hasKeys { tcsetattr(STDIN_FILENO, TCSANOW, &former) } }
        // The other screen, without a cursor (xterm's private modes 1049 and 25).
        try write("\u{1B}[?1049h\u{1B}[?25l")
        defer { try? write("\u{1B}[?25h\u{1B}[?1049l") }
        while hasToEnd == 0 {
            guard let size = terminalSize() else { return }
            let drawn = draw(size.columns, size.lines, hasKeys ? STDIN_FILENO : -1)
            if let drawn { try show(drawn, size) }
            if isEnded(hasKeys: hasKeys, waitingFor: drawn == nil ? 0 : 1_000) { return }
        }
    }

    /// A line that goes on in the terminal's next one would have it scroll.
    private func show(_ text: String, _ size: (columns: Int, lines: Int)) throws {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).prefix(max(1, size.lines - 1))
        let shown = lines.map { cut($0, to: size.columns) + "\u{1B}[K\r\n" }.joined()
        try write("\u{1B}[H" + shown + "\u{1B}[J")
    }

    /// Waits so many milliseconds for a key.
    private func isEnded(hasKeys: Bool, waitingFor time: CInt) -> Bool {
        guard hasKeys else {
            poll(nil, 0, time)
            return false
        }
        var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard poll(&input, 1, time) > 0 else { return false }
        var key: UInt8 = 0
        guard read(STDIN_FILENO, &key, 1) == 1 else { return true }
        // Ctrl-C and Ctrl-D are what they are without signals.
        return [UInt8(ascii: "q"), UInt8(ascii: "Q"), 3, 4].contains(key)
    }

    private func write(_ text: String) throws { try standardOutput(text, terminator: "") }
}

/// Set by a signal's handler.
nonisolated(unsafe) private var hasToEnd: sig_atomic_t = 0
