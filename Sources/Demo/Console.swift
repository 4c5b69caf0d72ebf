import Glibc

/// Prints what the demo sees, at once, so that it can be watched through a pipe too.
struct Console: Sendable {
    private let steps: Int

    init(steps: Int) { self.steps = steps }

    /// A new step.
    func step(_ number: Int, _ text: String) { show("\n[\(number)/\(steps)] \(text)") }

    /// What was seen in it.
    func note(_ text: String) { show("      \(text)") }

    /// A program's output, set apart.
    func quote(_ text: String) {
        for line in text.split(separator: "\n") { show("      | \(line)") }
    }

    /// Anything else.
    func show(_ text: String) {
        var rest = Array((text + "\n").utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

extension Duration {
    /// `1.83 s`
    var inSeconds: String {
        let hundredths = Int((self / .milliseconds(10)).rounded())
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) s"
    }
}
