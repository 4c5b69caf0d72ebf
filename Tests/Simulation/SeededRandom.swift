/// Random numbers that are the same in every run (SplitMix64).
package struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    /// A series of its own for each seed and stream.
    package init(seed: UInt64, stream: UInt64 = 0) {
        state = seed &* 0xd134_2543_de82_ef95 &+ stream &* 0x2545_f491_4f6c_dd1d
        for _ in 0..<3 { _ = next() }
    }

    /// The next number of the series.
    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to 1.
    mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }
    /// Whether something of this probability happens.
    mutating func chance(_ probability: Double) -> Bool { probability > 0 && fraction() < probability }
    /// A whole number from 0 to less than `limit`.
    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(1, limit))) }
    /// One of these; those that are there twice come twice as often.
    mutating func one<Element>(of elements: [Element]) -> Element { elements[below(elements.count)] }
    /// A time between two, to the microsecond.
    mutating func time(_ shortest: Duration, _ longest: Duration) -> Duration {
        let span =
            max(0, (longest - shortest).components.seconds) * 1_000_000
            + (longest - shortest).components.attoseconds / 1_000_000_000_000
        return shortest + .microseconds(Int64(fraction() * Double(span)))
    }
}
