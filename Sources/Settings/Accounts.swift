package import Site

/// The test accounts: with which one each backend is polled.
package struct Accounts: Sendable {
    /// Whose account an entry is.
    enum Owner: Hashable, Sendable {
        /// One backend's.
        case backend(IPAddress)
        /// Of all backends without one of their own.
        case others
    }

    private var accounts: [IPAddress: Account]
    /// The account of all backends without one of their own; nil where they have none.
    package let fallback: Account?
    /// Where in the file each entry begins; that is no part of what the accounts are.
    let positions: [Owner: Position]

    /// Makes the table of these accounts; without any, backends are polled without a login.
    package init(_ accounts: [IPAddress: Account] = [:], fallback: Account? = nil) {
        self.init(accounts, fallback: fallback, positions: [:])
    }

    init(_ accounts: [IPAddress: Account], fallback: Account?, positions: [Owner: Position]) {
        self.accounts = accounts
        self.fallback = fallback
        self.positions = positions
    }

    /// The account that a backend is polled with, nil when it has none.
    package subscript(address: IPAddress) -> Account? { accounts[address] ?? fallback }

    /// How many there are, the one for all other backends included.
    package var count: Int { accounts.count + (fallback == nil ? 0 : 1) }
    /// Whether there is none.
    package var isEmpty: Bool { count == 0 }

    /// The backends with an account of their own.
    package var addresses: Set<IPAddress> { Set(accounts.keys) }
}

extension Accounts: Equatable {
    /// By the accounts alone.
    package static func == (left: Accounts, right: Accounts) -> Bool {
        left.accounts == right.accounts && left.fallback == right.fallback
    }
}

extension Accounts: Sequence {
    /// The backends with an account of their own, by address.
    package func makeIterator() -> IndexingIterator<[(address: IPAddress, account: Account)]> {
        accounts.sorted { $0.key < $1.key }.map { (address: $0.key, account: $0.value) }.makeIterator()
    }
}
