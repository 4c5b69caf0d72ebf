import DirectorAdmin
import Site
import Testing

/// Stalls, under a clock that is moved: what takes a director a minute takes a test none.
@Suite struct StallTests {
    private static let up = Self.listing(.up)
    private static let down = Self.listing(.down)

    private static func listing(_ state: HostState, ring: RingState? = .synced) -> Listing {
        Listing(ring: ring, hosts: [host(state)])
    }

    private static func host(_ state: HostState) -> Host {
        guard let address = IPAddress("127.0.1.1") else { preconditionFailure() }
        return Host(
            address: address, spelling: "127.0.1.1", vhosts: 100, users: 3, tag: "", state: state, lastChange: 0)
    }

    /// A reconciliation with a director that answers lists at once, as long as it is told to.
    private struct Play {
        var machine = Reconciliation(manners: .init(interval: .seconds(5)))
        var now = Instant.origin + .seconds(1)
        var listing: Listing
        var sent: [String] = []
        var abandoned: [Reconciliation.CommandID] = []
        var events: [DirectorEvent] = []
        var lastID = 0

        init(_ listing: Listing) {
            self.listing = listing
            follow(machine.woke(at: now))
        }

        mutating func follow(_ actions: [Reconciliation.Action]) {
            for action in actions {
                switch action {
                case .list: follow(machine.listed(listing, at: now))
                case .send(let id, let command):
                    lastID = id
                    sent.append("\(command.verb.rawValue) \(command.spelling)")
                case .abandon(let id):
                    abandoned.append(id)
                    follow(machine.replied(id, .abandoned, at: now))
                case .report(let event): events.append(event)
                case .record, .poll: Issue.record("\(action) is not asked for")
                }
            }
        }

        /// Moves the clock, and wakes the machine whenever it wants to be.
        mutating func pass(_ time: Duration) {
            let end = now + time
            while machine.nextWake <= end {
                now = max(now, machine.nextWake)
                follow(machine.woke(at: now))
            }
            now = end
        }

        mutating func want(_ state: HostState?) {
            follow(machine.wanted(state, for: StallTests.host(.up).address, at: now))
        }

        mutating func reply(_ reply: CommandReply) { follow(machine.replied(lastID, reply, at: now)) }
    }

    @Test("A command that is never answered is given up after 65 s, and counts as held for 60 s more")
    func unanswered() {
        var play = Play(Self.up)
        play.want(.down)
        #expect(play.sent == ["HOST-DOWN 127.0.1.1"])
        play.pass(.seconds(64))
        #expect(play.abandoned == [])
        play.pass(.seconds(2))
        #expect(play.abandoned == [1])
        // It may still be run: the backend's recovery must not cross it.
        play.want(.up)
        play.pass(.seconds(10))
        play.want(.down)
        play.pass(.seconds(44))
        #expect(play.sent.count == 1)
        play.pass(.seconds(15))
        #expect(play.sent == ["HOST-DOWN 127.0.1.1", "HOST-DOWN 127.0.1.1"])
        #expect(play.events.last == .commandWithoutEffect(Self.host(.up), .hostDown, .abandoned))
    }

    @Test(
        "A command that was given up and takes effect all the same is told when a list shows it, and undone if need be")
    func lateEffect() {
        var play = Play(Self.up)
        play.want(.down)
        play.pass(.seconds(70))
        play.want(.up)
        play.listing = Self.down
        play.pass(.seconds(6))
        #expect(play.sent == ["HOST-DOWN 127.0.1.1"])
        guard case .stateChanged(_, .command(.abandoned, _)) = play.events.last else {
            Issue.record("\(play.events)")
            return
        }
        play.pass(.seconds(60))
        #expect(play.sent == ["HOST-DOWN 127.0.1.1", "HOST-UP 127.0.1.1"])
    }

    @Test("A backend that vanishes from the list and comes back has no second command while the first is unanswered")
    func vanishing() {
        var play = Play(Self.up)
        play.want(.down)
        play.listing.hosts = []
        play.pass(.seconds(5))
        #expect(play.events.last == .hostDisappeared(Self.host(.up)))
        play.listing = Self.up
        play.pass(.seconds(5))
        play.want(.down)
        play.pass(.seconds(20))
        #expect(play.sent == ["HOST-DOWN 127.0.1.1"])
        // Once it is answered, the next list decides.
        play.reply(.ringSyncTimedOut)
        play.pass(.seconds(6))
        #expect(play.sent == ["HOST-DOWN 127.0.1.1", "HOST-DOWN 127.0.1.1"])
    }

    @Test("Nor while a command that was given up may still be held")
    func vanishingWhileHeld() {
        var play = Play(Self.up)
        play.want(.down)
        play.pass(.seconds(66))
        #expect(play.abandoned == [1])
        play.listing.hosts = []
        play.pass(.seconds(5))
        play.listing = Self.up
        play.pass(.seconds(5))
        play.want(.down)
        play.pass(.seconds(40))
        #expect(play.sent == ["HOST-DOWN 127.0.1.1"])
        play.pass(.seconds(20))
        #expect(play.sent == ["HOST-DOWN 127.0.1.1", "HOST-DOWN 127.0.1.1"])
    }

    @Test("A backend that stays away is forgotten with its command, once that has ended")
    func vanished() {
        var play = Play(Self.up)
        play.want(.down)
        play.listing.hosts = []
        play.pass(.seconds(5))
        play.reply(.ok)
        play.pass(.seconds(200))
        #expect(play.sent == ["HOST-DOWN 127.0.1.1"])
        #expect(!play.events.contains { if case .stateChanged = $0 { true } else { false } })
    }

    @Test("A director that does not answer DIRECTOR-LIST and stays silent on HOST-RESET-USERS is warned of once")
    func silentOnMoves() {
        var play = Play(Self.listing(.up, ring: nil))
        for round in 1...2 {
            play.want(.down)
            play.listing = Self.listing(.down, ring: nil)
            play.reply(.ok)
            #expect(play.sent.suffix(2) == ["HOST-DOWN 127.0.1.1", "HOST-RESET-USERS 127.0.1.1"])
            play.pass(.seconds(64))
            #expect(play.abandoned.count == round - 1)
            play.pass(.seconds(2))
            #expect(play.abandoned.count == round)
            #expect(play.events.count { if case .moveUnknown = $0 { true } else { false } } == 1)
            play.want(.up)
            play.listing = Self.listing(.up, ring: nil)
            play.reply(.ok)
            // A move that was given up may still be going on: another one waits for a minute.
            play.pass(.seconds(61))
        }
        #expect(!play.events.contains { if case .moveGivenUp = $0 { true } else { false } })
    }

    @Test("A director that does answer DIRECTOR-LIST may take its time with moves")
    func slowMoves() {
        var play = Play(Self.up)
        play.want(.down)
        play.listing = Self.down
        play.reply(.ok)
        play.pass(.seconds(3_600))
        #expect(play.abandoned == [])
        play.reply(.ok)
        play.pass(.seconds(10))
        #expect(play.events.last == .usersMoved(Self.host(.down), took: .seconds(3_600)))
    }
}
