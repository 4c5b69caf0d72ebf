import Surroundings
import Testing

@Suite struct UpdateQueueTests {
    private func update(_ number: Int, _ reason: String = "") -> BackendUpdate {
        BackendUpdate(backend: "10.0.0.\(number)", state: .down, reason: reason)
    }

    @Test func updatesOfOneBackendComeOneAfterTheOther() {
        var queue = UpdateQueue(runningLimit: 8, waitingLimit: 100)
        for reason in ["a", "b", "c"] { #expect(queue.add(update(1, reason)) == true) }
        for reason in ["a", "b", "c"] {
            #expect(queue.start() == update(1, reason))
            #expect(queue.start() == nil)
            queue.ended("10.0.0.1")
        }
        #expect(queue.start() == nil)
        #expect(queue.isIdle == true)
    }

    @Test func updatesOfDifferentBackendsRunSideBySideUpToTheLimit() {
        var queue = UpdateQueue(runningLimit: 2, waitingLimit: 100)
        for number in 1...4 { #expect(queue.add(update(number)) == true) }
        #expect(queue.start() == update(1))
        #expect(queue.start() == update(2))
        #expect(queue.start() == nil)
        queue.ended("10.0.0.2")
        #expect(queue.start() == update(3))
        #expect(queue.start() == nil)
    }

    @Test func oneBackendWithManyUpdatesDoesNotKeepOthersWaiting() {
        var queue = UpdateQueue(runningLimit: 1, waitingLimit: 100)
        for reason in ["a", "b", "c"] { #expect(queue.add(update(1, reason)) == true) }
        #expect(queue.start() == update(1, "a"))
        #expect(queue.add(update(2)) == true)
        queue.ended("10.0.0.1")
        #expect(queue.start() == update(2))
        queue.ended("10.0.0.2")
        #expect(queue.start() == update(1, "b"))
    }

    @Test func thereIsNoRoomForMoreThanTheLimit() {
        var queue = UpdateQueue(runningLimit: 1, waitingLimit: 2)
        #expect(queue.add(update(1)) == true)
        #expect(queue.start() == update(1))
        #expect(queue.add(update(1, "b")) == true)
        #expect(queue.add(update(2)) == true)
        #expect(queue.add(update(3)) == false)
        #expect(queue.clear() == 2)
        queue.ended("10.0.0.1")
        #expect(queue.start() == nil)
        #expect(queue.add(update(3)) == true)
        #expect(queue.start() == update(3))
    }

    @Test func whatDidNotRunCannotEnd() {
        var queue = UpdateQueue(runningLimit: 1, waitingLimit: 2)
        #expect(queue.add(update(1)) == true)
        queue.ended("10.0.0.1")
        #expect(queue.start() == update(1))
        #expect(queue.start() == nil)
    }
}
