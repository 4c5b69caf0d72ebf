internal import Site

/// What happened in a run: a fingerprint of all of it, and the text where somebody wants to read it.
final class Timeline {
    private let agenda: Agenda
    /// Gets each line; nil when nobody reads them.
    private let write: ((String) -> Void)?
    private(set) var fingerprint: UInt64 = 0xcbf2_9ce4_8422_2325
    private(set) var entries = 0

    init(agenda: Agenda, write: ((String) -> Void)?) {
        self.agenda = agenda
        self.write = write
    }

    /// Something happened: `marks` tell it from all else that can happen.
    func note(_ marks: Int..., text: () -> String) {
        entries += 1
        mix(UInt64(bitPattern: agenda.now.nanoseconds))
        for mark in marks { mix(UInt64(bitPattern: Int64(mark))) }
        if let write { write("\(padded(agenda.now - .origin)) \(text())") }
    }

    /// Something that is told apart by its text; for what is rare.
    func note(_ text: String) {
        entries += 1
        mix(UInt64(bitPattern: agenda.now.nanoseconds))
        for byte in text.utf8 { mix(UInt64(byte)) }
        write?("\(padded(agenda.now - .origin)) \(text)")
    }

    private func mix(_ number: UInt64) {
        fingerprint = (fingerprint ^ number) &* 0x0000_0100_0000_01b3
        fingerprint ^= fingerprint >> 29
    }
}

/// Seconds with three decimals, ten characters wide.
func padded(_ time: Duration) -> String {
    let milliseconds = time.nanoseconds / 1_000_000
    let decimals = String(1000 + milliseconds % 1000).dropFirst()
    let text = "\(milliseconds / 1000).\(decimals)"
    return String(repeating: " ", count: max(0, 9 - text.utf8.count)) + text
}
