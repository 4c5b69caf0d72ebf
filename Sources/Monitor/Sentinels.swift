internal import HeapModule
internal import Site

/// Which backends have a sentinel, an idle connection that breaks when they do, and when it is renewed.
///
/// Pure: it is told who is well and what has become of the connections, and says which to open and to close. One that breaks
/// is not opened again within `pause` of its opening, so that a server that closes each at once is neither hammered nor
/// polled for it all the time. One beside which polls fail is closed, as the server may have no room for both.
struct Sentinels: Sendable {
    typealias ID = MonitorMachine.SentinelID

    /// What is to be done with a connection.
    enum Step: Hashable, Sendable {
        case open(ID)
        case close(ID)
    }

    private struct Post: Sendable {
        /// The number of the one whose greeting was read.
        var standing: Int?
        /// The number of the one that is being opened.
        var arriving: Int?
        var openedAt: Instant?
        /// When the one that stands is to be renewed.
        var renewal = Instant.distantFuture
        /// Whether a round has succeeded beside it.
        var hasServed = false

        var connections: [Int] { [standing, arriving].compactMap(\.self) }
    }

    private struct Renewal: Comparable, Sendable {
        let time: Instant
        let address: IPAddress
        /// Of the connection; outdated ones bear one that stands no more.
        let number: Int

        static func < (left: Renewal, right: Renewal) -> Bool { (left.time, left.number) < (right.time, right.number) }
    }

    /// Dovecot ends a connection that has not logged in after three minutes.
    private static let lifetime = Duration.seconds(150)

    private var limit: Int
    private var pause: Duration
    private var posts: [IPAddress: Post] = [:]
    /// How many of a backend's latest ones were closed for a failed poll before a round had succeeded beside them.
    private var vain: [IPAddress: Int] = [:]
    /// After so many of these there are no more.
    private static let mostVain = 2
    private var renewals = Heap<Renewal>()
    private var connections = 0
    private var count = 0
    private var hasToldShortage = false

    /// No sentinels yet, and never more than `limit` connections.
    init(limit: Int, pause: Duration) {
        self.limit = limit
        self.pause = max(.seconds(1), pause)
    }

    /// Puts other numbers in force; where there are too many connections now, all are closed.
    mutating func change(limit: Int, pause: Duration) -> [Step] {
        self.limit = limit
        self.pause = max(.seconds(1), pause)
        hasToldShortage = false
        vain = [:]
        return connections > limit ? clear() : []
    }

    /// Whether no backend has one, or awaits one.
    var isEmpty: Bool { posts.isEmpty }

    /// When `woke` is to be called at the latest.
    var nextWake: Instant? { renewals.min?.time }

    /// How many stand.
    var standing: Int { posts.values.count { $0.standing != nil } }

    /// A round has succeeded.
    mutating func succeeded(_ address: IPAddress) {
        guard let post = posts[address], post.standing != nil, !post.hasServed else { return }
        posts[address]?.hasServed = true
        vain[address] = nil
    }

    /// A poll has failed: it is tried again without a sentinel. Gives also whether there will be no more of them.
    mutating func failed(_ address: IPAddress) -> (steps: [Step], isGivenUp: Bool) {
        guard var post = posts[address], !post.connections.isEmpty else { return ([], false) }
        let steps = post.connections.map { close($0, address) }
        if !post.hasServed { vain[address, default: 0] += 1 }
        (post.standing, post.arriving) = (nil, nil)
        posts[address] = post
        return (steps, !post.hasServed && vain[address] == Self.mostVain)
    }

    /// A backend is not listed any more.
    mutating func forget(_ address: IPAddress) { vain[address] = nil }

    /// A backend is well: it gets a sentinel if it has none, or an old one that could not be renewed.
    mutating func wanted(_ address: IPAddress, at now: Instant) -> [Step] {
        guard limit > 0, vain[address] ?? 0 < Self.mostVain else { return [] }
        let post = posts[address] ?? Post()
        guard post.standing == nil || post.renewal <= now else { return [] }
        guard post.openedAt.map({ now - $0 >= pause }) ?? true else { return [] }
        return open(address, at: now)
    }

    /// A backend is to have none.
    mutating func unwanted(_ address: IPAddress) -> [Step] {
        guard let post = posts.removeValue(forKey: address) else { return [] }
        return post.connections.map { close($0, address) }
    }

    /// None is to be kept from now on.
    mutating func clear() -> [Step] { posts.keys.sorted().flatMap { unwanted($0) } }

    /// `nextWake` has come: old ones are renewed.
    mutating func woke(at now: Instant) -> [Step] {
        var steps: [Step] = []
        while let next = renewals.min, next.time <= now || posts[next.address]?.standing != next.number {
            renewals.removeMin()
            if posts[next.address]?.standing == next.number { steps += open(next.address, at: now) }
        }
        return steps
    }

    /// A greeting was read: the one before it can go.
    mutating func stands(_ id: ID, at now: Instant) -> [Step] {
        guard var post = posts[id.address], post.arriving == id.number else { return [] }
        let former = post.standing
        post.arriving = nil
        post.standing = id.number
        if former == nil { post.hasServed = false }
        // The first of each is renewed sooner, each at its own time: so they stay spread.
        let share = (Double(id.number) * 0.618_033_988_749_894_9).truncatingRemainder(dividingBy: 1)
        post.renewal = now + (former == nil ? Self.lifetime * (0.5 + share / 2) : Self.lifetime)
        posts[id.address] = post
        renewals.insert(Renewal(time: post.renewal, address: id.address, number: id.number))
        return former.map { [close($0, id.address)] } ?? []
    }

    /// A connection has ended that was not closed from here; gives whether it stood.
    mutating func ended(_ id: ID) -> Bool {
        guard let post = posts[id.address], post.connections.contains(id.number) else { return false }
        connections -= 1
        guard post.standing == id.number else {
            posts[id.address]?.arriving = nil
            return false
        }
        posts[id.address]?.standing = nil
        return true
    }

    /// Something to tell, once, where there are more backends than may have a sentinel.
    mutating func shortage(of backends: Int) -> SentinelShortage? {
        guard backends > limit, !hasToldShortage else { return nil }
        hasToldShortage = true
        return SentinelShortage(backends: backends, limit: limit)
    }

    private mutating func open(_ address: IPAddress, at now: Instant) -> [Step] {
        var post = posts[address] ?? Post()
        guard post.arriving == nil else { return [] }
        var steps: [Step] = []
        if connections >= limit {
            guard let former = post.standing else { return [] }
            steps.append(close(former, address))
            post.standing = nil
        }
        count += 1
        connections += 1
        post.arriving = count
        post.openedAt = now
        posts[address] = post
        return steps + [.open(ID(address: address, number: count))]
    }

    private mutating func close(_ number: Int, _ address: IPAddress) -> Step {
        connections -= 1
        return .close(ID(address: address, number: number))
    }
}

/// Not all backends can have a sentinel.
package struct SentinelShortage: Hashable, Sendable {
    /// So many are listed.
    package let backends: Int
    /// So many can have one.
    package let limit: Int

    /// Makes one.
    package init(backends: Int, limit: Int) {
        self.backends = backends
        self.limit = limit
    }
}
