package import Site

/// A backend as the director lists it: one row of HOST-LIST.
package struct Host: Hashable, Sendable {
    /// The address, by value.
    package let address: IPAddress
    /// The address as the director spells it, which is how commands name it.
    package let spelling: String
    /// The weight: 0 takes the backend out for maintenance; 100 is usual.
    package let vhosts: Int
    /// How many users are assigned to it.
    package let users: Int
    /// The pool it belongs to; empty for the pool without a name.
    package let tag: String
    /// Whether users are sent to it; nil for a state that this program does not know.
    package let state: HostState?
    /// When the state last changed, in seconds since 1970; 0 when it never did.
    package let lastChange: Int

    /// Makes a row.
    package init(
        address: IPAddress, spelling: String, vhosts: Int, users: Int, tag: String, state: HostState?, lastChange: Int
    ) {
        self.address = address
        self.spelling = spelling
        self.vhosts = vhosts
        self.users = users
        self.tag = tag
        self.state = state
        self.lastChange = lastChange
    }

    /// Whether an administrator has taken it out by its weight.
    package var isInMaintenance: Bool { vhosts == 0 }
}

/// The watchdog's switch of a backend.
package enum HostState: String, Hashable, Sendable {
    /// Users are sent to it.
    case up
    /// None are.
    case down
}

extension Host {
    /// Reads a line of HOST-LIST: `address vhosts users tag state changed`, separated by TAB; more fields may follow.
    /// Nil when it is none.
    init?(_ line: ArraySlice<UInt8>) {
        let fields = DirectorFields(line)
        guard let spelling = fields[0], let address = IPAddress(spelling),
            let vhosts = fields.number(1), vhosts >= 0, let users = fields.number(2), users >= 0,
            let tag = fields[3], let state = fields[4]
        else { return nil }
        self.init(
            address: address, spelling: spelling, vhosts: vhosts, users: users, tag: tag,
            state: state == "U" ? .up : state == "D" ? .down : nil,
            lastChange: fields.number(5) ?? 0)
    }
}
