import Settings
import Site
import Testing

/// Whatever becomes of a file, reading it ends, and no diagnostic shows a secret.
@Suite struct DamagedFileTests {
    private static let secrets = ["tosivaikeasalasana", "user0001", "user0002"]

    private func check(_ bytes: [UInt8]) {
        let accounts = Accounts.read(bytes, file: "a")
        for diagnostic in accounts.diagnostics {
            let text = "\(diagnostic)".lowercased()
            #expect(!Self.secrets.contains { text.contains($0) }, "\(diagnostic) for \(printable(bytes, limit: 2_000))")
            #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F })
        }
        if let words = try? PoolmonImport.options(inFile: Array("OPTIONS=".utf8) + bytes) {
            _ = try? PoolmonImport(words) { _ in bytes }
        }
        let settings = Settings.read(bytes, file: "c")
        #expect(settings.value == nil || settings.value?.services.isEmpty == false)
        #expect((settings.value == nil) == settings.diagnostics.contains { $0.severity == .error })
    }

    @Test(arguments: ["config.yml.sample", "test.accounts.yml.sample"])
    func everyPrefixIsRead(file: String) throws {
        let bytes = try withoutComments(file)
        for length in 0...bytes.count { check(Array(bytes.prefix(length))) }
    }

    @Test(arguments: ["config.yml.sample", "test.accounts.yml.sample"])
    func everyMutationIsRead(file: String) throws {
        let plain = try withoutComments(file)
        var random = SplitMix(state: 0x00D0_7EC0)
        for _ in 0..<4_000 {
            var mutant = plain
            for _ in 0...Int.random(in: 0...4, using: &random) { mutate(&mutant, &random) }
            check(mutant)
        }
    }

    /// Most mutations would hit nothing else.
    private func withoutComments(_ file: String) throws -> [UInt8] {
        let lines = try Repository.text(of: file).split(separator: "\n").filter { !$0.hasPrefix("#") }
        return Array(lines.joined(separator: "\n").utf8)
    }

    /// The bytes that mean something in YAML, more often than others.
    private static let telling = Array(":\n \t-[]{},#&*!|>'\"%@`?~\\0x\r\u{85}\u{FEFF}".utf8) + [0x00, 0xFF, 0xC3]

    private func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix) {
        guard !bytes.isEmpty else { return }
        let index = Int.random(in: 0..<bytes.count, using: &random)
        let telling = Self.telling[Int.random(in: 0..<Self.telling.count, using: &random)]
        let byte = Bool.random(using: &random) ? telling : UInt8.random(in: 0...255, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[index] = byte
        case 1: bytes.insert(byte, at: index)
        case 2: bytes.remove(at: index)
        default:
            let end = min(bytes.count, index + Int.random(in: 1...40, using: &random))
            bytes.insert(contentsOf: bytes[index..<end], at: Int.random(in: 0...bytes.count, using: &random))
        }
    }
}

/// A generator whose numbers are the same in every run (Steele, Lea and Flood 2014).
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
