import Site
import Testing
import Transport

@testable import DirectorAdmin

private let version = "VERSION\tdirector-doveadm\t1\t0\n"

private func read(
    _ text: String, asksForRing: Bool = true, then end: Interruption? = nil
) -> Fed<ListConversation.Outcome>? {
    feedInAllWays(ListConversation(asksForRing: asksForRing), text, then: end)
}

private func listing(_ fed: Fed<ListConversation.Outcome>?) -> Listing? {
    guard case .listed(let listing) = fed?.outcome else { return nil }
    return listing
}

private func failure(_ fed: Fed<ListConversation.Outcome>?) -> String? {
    guard case .failed(let failure) = fed?.outcome else { return nil }
    return failure.text
}

private func selfLine(_ status: String) -> String { "127.0.0.11\t9090\tself\t0\t\(status)\t0\n" }

@Suite struct ListConversationTests {
    @Test func theRingAndThenTheBackendsAreAskedForOnOneConnection() {
        let fed = read(
            version + selfLine("ring synced") + "127.0.0.12\t9090\tright\t0\tsynced\t0\n\n"
                + "10.0.0.1\t100\t0\t\tU\t0\n10.0.0.2\t100\t0\t\tD\t0\n\n")
        #expect(fed?.sent == version + "DIRECTOR-LIST\nHOST-LIST\n")
        #expect(listing(fed) == Listing(ring: .synced, hosts: [row(1), row(2, .down)]))
    }

    @Test func nothingIsPipelined() {
        #expect(read("")?.sent == version)
        #expect(read(version)?.sent == version + "DIRECTOR-LIST\n")
        #expect(read(version + selfLine("ring synced"))?.sent == version + "DIRECTOR-LIST\n")
        #expect(read(version + selfLine("ring synced") + "\n")?.sent == version + "DIRECTOR-LIST\nHOST-LIST\n")
    }

    @Test func withoutTheRingOnlyTheBackendsAreAskedFor() {
        let fed = read(version + "10.0.0.1\t100\t0\t\tU\t0\n\n", asksForRing: false)
        #expect(fed?.sent == version + "HOST-LIST\n")
        #expect(listing(fed) == Listing(ring: nil, hosts: [row(1)]))
    }

    @Test func aListOfNoBackendsIsOne() {
        #expect(listing(read(version + "\n\n")) == Listing(ring: nil, hosts: []))
    }

    @Test func linesMayEndWithCRLF() {
        let text = version + selfLine("ring synced") + "\n10.0.0.1\t100\t0\t\tU\t0\n\n"
        let fed = read(String(text.flatMap { $0 == "\n" ? ["\r", "\n"] : [$0] }))
        #expect(listing(fed) == Listing(ring: .synced, hosts: [row(1)]))
    }

    @Test(arguments: [
        ("ring synced", RingState.synced), ("ring syncing - last sync 30 secs ago", .syncing),
        ("ring handshaking", .handshaking), ("ring exploding", .syncing), ("", .syncing), ("synced", .syncing),
    ])
    func theSelfLineTellsTheRingsState(status: String, ring: RingState) {
        #expect(listing(read(version + selfLine(status) + "\n\n"))?.ring == ring)
    }

    @Test func aShortSelfLineIsNotSynced() {
        #expect(listing(read(version + "127.0.0.11\t9090\tself\n\n\n"))?.ring == .syncing)
    }

    @Test func otherDirectorsLinesDoNotTellTheRingsState() {
        let lines = "127.0.0.12\t9090\tleft\t0\tring handshaking\t0\n\t\nx\n127.0.0.13\t9090\t\t0\tring synced\n"
        #expect(listing(read(version + lines + "\n\n")) == Listing(ring: nil, hosts: []))
    }

    @Test func aLineThatIsNoRowIsKeptForPeopleAndPassedOver() {
        let fed = read(version + "\nnonsense\u{7}\n10.0.0.1\t100\t0\t\tU\t0\nhost.example\t1\t0\t\tU\t0\n\n")
        #expect(
            listing(fed)
                == Listing(
                    ring: nil, hosts: [row(1)], unreadable: ["nonsense\\x07", "host.example\\t1\\t0\\t\\tU\\t0"]))
    }

    @Test func atMostTenUnreadableLinesAreKept() {
        let lines = (0..<50).map { "n\($0)\n" }.joined()
        #expect(listing(read(version + "\n" + lines + "\n"))?.unreadable == (0..<10).map { "n\($0)" })
    }

    @Test(arguments: [
        "VERSION\tdirector-doveadm\t1\t0\n", "VERSION\tdirector-doveadm\t1\t9\n", "VERSION\tdirector-doveadm\t1\n",
        "VERSION\tdirector-doveadm\t1\t0\tmore\n",
    ])
    func aHigherMinorVersionIsCompatible(line: String) {
        #expect(listing(read(line + "\n\n")) != nil)
    }

    @Test(arguments: [
        ("VERSION\tdirector-doveadm\t2\t0\n", "version 2 of the director-admin protocol; 1 is known here"),
        ("VERSION\tdirector-doveadm\n", "version none of the director-admin protocol; 1 is known here"),
        (
            "VERSION\tdirector\t1\t0\n",
            "not a director-admin socket: it greets with \"VERSION\\tdirector\\t1\\t0\""
        ),
        ("* OK Dovecot ready.\n", "not a director-admin socket: it greets with \"* OK Dovecot ready.\""),
        ("\n", "not a director-admin socket: it greets with \"\""),
    ])
    func anotherGreetingIsRefusedAndNothingAsked(line: String, text: String) {
        let fed = read(line + "\n\n")
        #expect(failure(fed) == text)
        #expect(fed?.sent == version)
    }

    @Test func aLongForeignGreetingIsCutShort() {
        let text = failure(read(String(repeating: "x", count: 500) + "\n")) ?? ""
        #expect(text.utf8.count < 150)
    }

    @Test(arguments: [Interruption.closed("reset"), .deadline])
    func silenceAfterDirectorListMeansThatItIsNotKnown(end: Interruption) {
        #expect(read(version, then: end)?.outcome == .ringUnanswered)
    }

    @Test(arguments: [
        ("", Interruption.refused("no socket"), "no socket"), ("", .deadline, "no answer in time"),
        ("", .closed("closed"), "closed"), (version, .local("no descriptors"), "DIRECTOR-LIST: no descriptors"),
        (version, .oversized("too long"), "DIRECTOR-LIST: too long"), (version, .cancelled, "DIRECTOR-LIST: given up"),
        (version + selfLine("ring synced"), .closed("closed"), "DIRECTOR-LIST: closed"),
        (version + selfLine("ring synced"), .deadline, "DIRECTOR-LIST: no answer in time"),
        (version + "\n", .closed("closed"), "HOST-LIST: closed"),
        (version + "\n10.0.0.1\t100\t0\t\tU\t0\n", .deadline, "HOST-LIST: no answer in time"),
    ])
    func aListThatIsCutShortIsNone(text: String, end: Interruption, message: String) {
        #expect(failure(read(text, then: end)) == message)
    }

    @Test func withoutTheRingSilenceIsAFault() {
        #expect(failure(read(version, asksForRing: false, then: .deadline)) == "HOST-LIST: no answer in time")
    }

    @Test func aLineWithoutEndIsAFault() {
        let fed = read(version + "\n" + String(repeating: "x", count: 5000))
        #expect(failure(fed) == "HOST-LIST: a long line")
    }
}
