import CFuzzer
import FuzzTargets
import Glibc

/// The fuzzer: `TARGET` in the environment names what is fuzzed, the arguments are libFuzzer's.
///
/// Not in an argument, as libFuzzer starts itself anew with its own ones.
@main
enum Program {
    private static let target: FuzzTarget = {
        let name = getenv("TARGET").map { String(cString: $0) } ?? ""
        if let target = FuzzTarget.all.first(where: { $0.name == name }) { return target }
        fatalError("TARGET is one of: \(FuzzTarget.all.map(\.name).joined(separator: " "))")
    }()

    static func main() {
        _ = target
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        exit(
            LLVMFuzzerRunDriver(&count, &arguments) { data, size in
                let complaints = Program.target.complaints(Array(UnsafeBufferPointer(start: data, count: size)))
                if !complaints.isEmpty { fatalError(complaints.joined(separator: "\n")) }
                return 0
            })
    }
}
