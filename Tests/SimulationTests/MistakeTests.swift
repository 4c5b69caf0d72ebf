import Simulation
import Testing

/// Each invariant bites: a mistake that is built in on purpose, between the machine and its world, is found by what is meant
/// for it.
@Suite struct MistakeTests {
    @Test(arguments: Mistake.allCases)
    func isFound(_ mistake: Mistake) {
        let seed = ([mistake.likelySeed] + (1...600)).first { seed in
            let violation = simulate(seed: seed, mistake: mistake).violation
            return violation.map { mistake.finders.contains($0.invariant) } ?? false
        }
        #expect(seed != nil, "no seed finds it")
    }
}

extension Mistake {
    /// A seed that has found it: others are tried when it does not any more, which takes long.
    fileprivate var likelySeed: UInt64 {
        switch self {
        case .upTwice, .othersDownsEnded: 1
        case .drainsKept, .stateUnread: 9
        case .maintenanceIgnored, .movesOthersUsers, .warIgnored: 13
        case .weightsForgotten: 17
        case .pollLost: 24
        case .ownTroubleCounts: 28
        case .repliesUnread, .downTwice, .listStale, .alertLost, .alertTwice, .guardOff, .outageForgotten,
            .stateUnwritten, .windowsForgotten:
            29
        case .slowStartEndless: 38
        case .downLate: 40
        case .dryRunSends: 46
        case .ringIgnored, .outageUnseen: 58
        case .windowIgnored: 65
        case .oneFailureCounts, .settingsLate: 73
        case .removesAll: 78
        case .upSwallowed: 79
        case .neverAbandons: 80
        }
    }

    /// The invariants that are meant for it.
    fileprivate var finders: Set<Invariant> {
        switch self {
        case .repliesUnread: [.alertsInTime]
        case .downTwice, .upTwice, .neverAbandons: [.oneCommand]
        case .ringIgnored: [.freshList]
        case .maintenanceIgnored: [.maintenance]
        case .listStale, .alertLost, .alertTwice: [.alerts]
        case .ownTroubleCounts, .oneFailureCounts: [.evidence]
        case .dryRunSends: [.dryRun]
        case .pollLost: [.pollsGoOn]
        case .removesAll: [.pollsAsSet]
        case .downLate: [.downInTime]
        case .upSwallowed: [.upInTime]
        case .movesOthersUsers: [.usersOfOwnDowns]
        case .guardOff: [.poolGuard]
        case .outageForgotten, .outageUnseen: [.everythingAtOnce]
        case .stateUnwritten: [.stateFirst]
        case .stateUnread: [.upInTime, .convergence, .maintenance]
        case .warIgnored: [.noWar]
        case .weightsForgotten, .drainsKept, .slowStartEndless: [.weights]
        case .windowsForgotten, .windowIgnored: [.maintenance]
        case .settingsLate: [.evidence, .ownDowns]
        case .othersDownsEnded: [.ownDowns]
        }
    }
}
