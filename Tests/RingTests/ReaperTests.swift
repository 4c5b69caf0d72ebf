import Glibc
import RingLab
import Testing

@Suite struct ReaperTests {
    @Test func `a lab collects what it started, whoever has forgotten it`() throws {
        let workshop = try Workshop()
        let process = try workshop.start("sleep", ["/bin/sleep", "60"])
        workshop.stop()
        var information = siginfo_t()
        #expect(waitid(P_PID, id_t(process.pid), &information, WEXITED | WNOHANG | WNOWAIT) == -1 && errno == ECHILD)
    }
}
