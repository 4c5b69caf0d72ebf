import Simulation
import Testing

/// Each invariant bites: a mistake that is built in on purpose, between the machine and its world, is found by what is meant
/// for it.
@Suite struct MistakeTests {
    @Test(arguments: Mistake.allCases)
    func isFound(_ mistake: Mistake) {
        let seed = (1...600).first { seed in
            let violation = simulate(seed: UInt64(seed), mistake: mistake).violation
            return violation.map { mistake.finders.contains($0.invariant) } ?? false
        }
        #expect(seed != nil, "no seed finds it")
    }
}

extension Mistake {
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
        case .stateUnread: [.upInTime, .convergence]
        case .warIgnored: [.noWar]
        case .weightsForgotten, .drainsKept, .slowStartEndless: [.weights]
        case .windowsForgotten, .windowIgnored: [.maintenance]
        case .settingsLate: [.evidence, .ownDowns]
        case .othersDownsEnded: [.ownDowns]
        }
    }
}
