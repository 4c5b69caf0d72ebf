internal import Site
internal import Transport

/// A poll that needs its backend's name, which is looked up while the backend is approached already: that one is dead can be
/// seen without its name. Loop-confined.
///
/// Of three things the first decides: the approach fails, and that is the report; the name is known, and the poll itself
/// takes the approach's place; there is no name, and then the report is that, once the approach has shown all else to be
/// well.
final class UnnamedPoll {
    /// Starts a conversation that gives its report once.
    typealias Start = (_ completion: @escaping (PollReport) -> Void) -> RunningConversation

    /// Nil once called.
    private var completion: ((PollReport) -> Void)?
    private var isNamed = false
    /// What is told when the approach has ended well: there is no name.
    private var unresolved: PollReport?
    private var hasArrived = false
    private var conversation: RunningConversation?
    /// The lookup that goes on.
    var lookup: RunningConversation?

    init(completion: @escaping (PollReport) -> Void) { self.completion = completion }

    /// Approaches the backend, unless its name was known at once.
    func approach(_ start: Start) {
        guard !isNamed else { return }
        conversation = start { self.approached($0) }
    }

    /// The name is known.
    func named(_ start: Start) {
        guard completion != nil else { return }
        isNamed = true
        conversation?.cancel()
        conversation = start { self.end($0) }
    }

    /// There is no name, which `report` says.
    func unnamed(_ report: PollReport) {
        unresolved = report
        if hasArrived { end(report) }
    }

    /// Gives it up.
    func cancel() {
        lookup?.cancel()
        conversation?.cancel()
    }

    private func approached(_ report: PollReport) {
        guard !isNamed else { return }
        hasArrived = true
        if !report.succeeded {
            end(report)
            lookup?.cancel()
        } else if let unresolved {
            end(unresolved)
        }
    }

    private func end(_ report: PollReport) {
        guard let completion else { return }
        self.completion = nil
        completion(report)
    }
}
