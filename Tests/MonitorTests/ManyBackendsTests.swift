import DirectorAdmin
import Monitor
import Probes
import Site
import Testing

/// Ten thousand backends, and nothing that takes the square of that.
@Suite struct ManyBackendsTests {
    @Test(.timeLimit(.minutes(1))) func tenThousandDieWhileTheRingIsOutOfSyncAndGo() {
        var watch = Watch(.polling(imap, failuresNeeded: 1))
        watch.rows = (0..<10_000).map { row($0) }
        watch.ring = .syncing
        watch.faults = Dictionary(uniqueKeysWithValues: watch.rows.map { ($0.address, [imap: refused]) })
        watch.run(to: 30.5)
        #expect(watch.sent == [])
        #expect(watch.plans.count >= 30_000)
        watch.rows = []
        watch.run(to: 45)
        let polls = watch.plans.count
        watch.run(to: 60)
        #expect(watch.plans.count == polls)
    }
}
