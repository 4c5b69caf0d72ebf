/// A range of addresses in CIDR notation (RFC 4632; RFC 4291, section 2.3): `10.2.0.0/16`, `2001:db8::/32`.
package struct IPNetwork: Hashable, Sendable {
    private let address: IPAddress
    private let length: Int

    /// Reads an address, or an address with a prefix's length behind a slash; nil for anything else, and for an address that
    /// has bits behind the prefix (`10.2.2.75/16`), which may be a mistake in either.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(String(first)) else { return nil }
        let bits = address.isIPv6 ? 128 : 32
        guard parts.count == 2 else {
            self.init(address, bits)
            return
        }
        let digits = parts[1]
        guard (1...3).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let length = Int(digits), length <= bits, String(length) == digits
        else { return nil }
        self.init(address, length)
        guard address == address.masked(to: length) else { return nil }
    }

    private init(_ address: IPAddress, _ length: Int) {
        self.address = address
        self.length = length
    }

    /// Whether an address is one of the network's. An IPv6 address that maps an IPv4 one counts as that one.
    package func contains(_ address: IPAddress) -> Bool {
        let address = self.address.isIPv6 ? address : address.unmapped
        return address.isIPv6 == self.address.isIPv6 && address.masked(to: length) == self.address
    }
}

extension IPNetwork: CustomStringConvertible {
    /// As it is written; an address alone without a length.
    package var description: String {
        length == (address.isIPv6 ? 128 : 32) ? "\(address)" : "\(address)/\(length)"
    }
}

extension IPAddress {
    /// The IPv4 address that an IPv6 address maps (RFC 4291, section 2.5.5.2); itself where it maps none.
    package var unmapped: IPAddress {
        guard isIPv6, high == 0, low >> 32 == 0xffff else { return self }
        return IPAddress(high: 0, low: low & 0xffff_ffff, isIPv6: false)
    }

    /// Whether only this machine itself can be there (RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.3).
    package var isLoopback: Bool {
        let address = unmapped
        return address.isIPv6 ? address.high == 0 && address.low == 1 : address.low >> 24 == 127
    }

    /// The first `length` bits of it.
    fileprivate func masked(to length: Int) -> IPAddress {
        func mask(_ bits: Int) -> UInt64 { bits <= 0 ? 0 : bits >= 64 ? .max : ~(.max >> bits) }
        guard isIPv6 else { return IPAddress(high: 0, low: low & (mask(32 + length) & 0xffff_ffff), isIPv6: false) }
        return IPAddress(high: high & mask(length), low: low & mask(length - 64), isIPv6: true)
    }
}
