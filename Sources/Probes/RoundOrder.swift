package import Site

/// Which polls of one backend's round start together, and which wait for others.
///
/// An IMAP poll that has to find what an LMTP poll of the same round delivers starts when that one has ended; where there
/// are several of each, they make pairs. A POP3 poll that empties the whole INBOX starts when no IMAP poll has anything to
/// find there any more. All others start side by side.
package struct RoundOrder: Hashable, Sendable {
    private var plans: [PollPlan]
    /// The polls, by their place among the plans, that are waited for, and by whom.
    private var obstacles: [Int: Set<Int>] = [:]

    /// The order of a round that has not started.
    package init(_ plans: [PollPlan]) {
        self.plans = plans
        guard plans.count > 1 else { return }
        let places = { (mailProtocol: MailProtocol) in
            plans.indices.filter { plans[$0].service.mailProtocol == mailProtocol && plans[$0].account != nil }
        }
        for (deliverer, finder) in zip(places(.lmtp), places(.imap))
        where plans[deliverer].options.lmtp.delivers && plans[finder].options.imap.selects {
            obstacles[finder] = [deliverer]
        }
        let finders = places(.imap).filter { obstacles[$0] != nil || plans[$0].options.imap.findsAppended }
        for emptier in places(.pop3) where plans[emptier].options.pop3.removal == .all && !finders.isEmpty {
            obstacles[emptier] = Set(finders)
        }
    }

    /// The polls that start at once, by their place among the plans.
    package var first: [Int] { plans.indices.filter { obstacles[$0] == nil } }

    /// How the poll at this place is made; to be asked when it starts.
    package func plan(_ place: Int) -> PollPlan { plans[place] }

    /// A poll has ended; gives those that start now, by their place among the plans.
    package mutating func ended(_ place: Int, _ report: PollReport) -> [Int] {
        var ready: [Int] = []
        for waiting in plans.indices where obstacles[waiting]?.remove(place) != nil {
            if plans[waiting].service.mailProtocol == .imap { plans[waiting].expectedMessage = report.deliveredMessage }
            guard obstacles[waiting]?.isEmpty == true else { continue }
            obstacles[waiting] = nil
            ready.append(waiting)
        }
        return ready
    }

    /// The place of the poll of this service; nil when the round has none.
    package func place(of service: Service) -> Int? { plans.firstIndex { $0.service == service } }
}

extension IMAPChecks {
    /// Whether a poll looks for what it has written itself.
    fileprivate var findsAppended: Bool { selects && appends }
}
