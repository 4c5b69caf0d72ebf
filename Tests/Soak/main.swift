import Glibc
import RingLab

/// Tells how it goes, at once, also through a pipe.
func show(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    _ = write(STDOUT_FILENO, bytes, bytes.count)
}

var limit = rlimit()
getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
limit.rlim_cur = limit.rlim_max
setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)

let plan = Plan()
show("\(plan.backends) backends, polled every \(plan.interval) s, for \(plan.minutes) minutes; SEED=\(plan.seed)")
let workshop = try Workshop()
var complaints: [String]
do {
    complaints = try await Soak(plan, in: workshop).run()
} catch {
    complaints = ["the run failed: \(error)"]
}
workshop.stop()
for complaint in complaints { show("FAILED: \(complaint)") }
if complaints.isEmpty { show("all as it should be") }
exit(complaints.isEmpty ? 0 : 1)
