import DirectorAdmin
import Site
import Testing

@testable import DirectorAdmin

/// The steps of slow start.
@Suite struct SlowStartTests {
    private func ladder(_ target: Int, _ steps: Int) -> [Int] {
        let rule = SlowStart(duration: .seconds(300), steps: steps)
        guard var weight = rule.first(of: target) else { return [] }
        var ladder = [weight]
        while weight < target, ladder.count < 200 {
            weight = rule.next(after: weight, of: target)
            ladder.append(weight)
        }
        return ladder
    }

    @Test(arguments: [
        (100, 5, [20, 40, 60, 80, 100]), (7, 3, [2, 4, 7]), (3, 5, [1, 2, 3]), (2, 2, [1, 2]), (1000, 2, [500, 1000]),
    ])
    func weightsRiseInEvenSteps(target: Int, steps: Int, expected: [Int]) {
        #expect(ladder(target, steps) == expected)
    }

    @Test func allStepsRiseFromOneAtLeastToTheWholeWeight() {
        for target in 2...1000 {
            for steps in [2, 3, 5, 7, 99, 100] {
                let ladder = ladder(target, steps)
                #expect(ladder.first.map { $0 >= 1 } ?? false)
                #expect(ladder.last == target)
                #expect(ladder.count == min(steps, target))
                #expect(zip(ladder, ladder.dropFirst()).allSatisfy { $0 < $1 })
            }
        }
    }

    @Test func aWeightOfOneHasNoSteps() {
        #expect(ladder(1, 5) == [])
        #expect(ladder(0, 5) == [])
    }

    @Test func theLastStepIsTakenWhenTheTimeIsOver() {
        let rule = SlowStart(duration: .seconds(300), steps: 5)
        #expect(rule.pause(of: 100) == .seconds(75))
        #expect(rule.pause(of: 3) == .seconds(150))
    }
}
