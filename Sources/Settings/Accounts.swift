package import Site

/// The test accounts: with which one each backend is polled.
package struct Accounts: Equatable, Sendable {
    private var accounts: [IPAddress: Account]

    /// Makes the table of these accounts; without any, backends are polled without a login.
    package init(_ accounts: [IPAddress: Account] = [:]) { self.accounts = accounts }

    /// The account of a backend, nil when it has none.
    package subscript(address: IPAddress) -> Account? { accounts[address] }

    /// How many there are.
    package var count: Int { accounts.count }
    /// Whether there is none.
    package var isEmpty: Bool { accounts.isEmpty }
}

extension Accounts: Sequence {
    /// The backends with their accounts, by address.
    package func makeIterator() -> IndexingIterator<[(address: IPAddress, account: Account)]> {
        accounts.sorted { $0.key < $1.key }.map { (address: $0.key, account: $0.value) }.makeIterator()
    }
}
