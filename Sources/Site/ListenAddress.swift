/// Where this program listens: an address of this machine and a TCP port, as `127.0.0.1:9393` or `[::1]:9393`.
package struct ListenAddress: Hashable, Sendable {
    /// The address; `0.0.0.0` and `::` are all that this machine has.
    package let address: IPAddress
    /// The port, 1 to 65535; 0 for one that the system chooses.
    package let port: Int

    /// Makes one.
    package init(_ address: IPAddress, port: Int) {
        self.address = address
        self.port = port
    }

    /// Reads `ADDRESS:PORT`, where an IPv6 address stands in brackets (RFC 3986, section 3.2.2), with a port of 1 at least;
    /// nil for anything else.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(digits), (1...65_535).contains(port), String(port) == digits
        else { return nil }
        let host = text[..<colon]
        let isBracketed = host.first == "[" && host.last == "]" && host.count > 2
        let name = isBracketed ? host.dropFirst().dropLast() : host
        guard let address = IPAddress(String(name)), address.isIPv6 == isBracketed else { return nil }
        self.init(address, port: port)
    }
}

extension ListenAddress: CustomStringConvertible {
    /// As it is written.
    package var description: String { address.isIPv6 ? "[\(address)]:\(port)" : "\(address):\(port)" }
}
