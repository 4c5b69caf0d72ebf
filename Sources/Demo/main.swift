import Glibc
import RingLab

let ending = Ending(limit: .seconds(115))
let keep = getenv("KEEP").map { !["", "0"].contains(String(cString: $0)) } ?? false

if let reason = Ring.unavailableReason {
    Console(steps: 0).show("The demo cannot run here: \(reason).")
    exit(1)
}
let demo = Demo(ending: ending, keep: keep)
Task.detached {
    do {
        try await demo.run()
    } catch {
        demo.ending.end("The demo failed: \(error)", status: 1)
    }
}
ending.watch()
