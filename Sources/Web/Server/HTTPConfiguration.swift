package import Site

/// Where is served, and whom.
package struct HTTPConfiguration: Hashable, Sendable {
    /// Where; none for nowhere.
    package var addresses: [ListenAddress]
    /// Who may ask besides this machine itself.
    package var allowed: [IPNetwork]
    /// By which names it may be asked, in lower case, besides by addresses and `localhost`.
    package var names: Set<String>

    /// Makes it.
    package init(addresses: [ListenAddress] = [], allowed: [IPNetwork] = [], names: Set<String> = []) {
        self.addresses = addresses
        self.allowed = allowed
        self.names = names
    }

    /// Whether somebody at an address may ask. Over loopback, everybody may.
    func admits(_ peer: IPAddress) -> Bool { peer.isLoopback || allowed.contains { $0.contains(peer) } }

    /// Whether a request for this host, as `Host` has it, is meant for this server.
    ///
    /// A page from elsewhere can have its own name point here (DNS rebinding), and would then be allowed to read the answers.
    /// It cannot make its name an address, `localhost`, or one of those that an administrator has named.
    func answers(to host: String) -> Bool {
        var name = host[...]
        if name.first == "[" {
            guard let end = name.firstIndex(of: "]") else { return false }
            return isPort(name[name.index(after: end)...]) && IPAddress(String(name[..<end].dropFirst())) != nil
        }
        if let colon = name.firstIndex(of: ":") {
            guard isPort(name[colon...]) else { return false }
            name = name[..<colon]
        }
        var plain = name.lowercased()
        if plain.hasSuffix(".") { plain.removeLast() }
        return plain == "localhost" || IPAddress(plain) != nil || names.contains(plain)
    }
}

/// Whether it is nothing, or a colon and digits.
private func isPort(_ text: Substring) -> Bool {
    text.isEmpty || text.first == ":" && text.dropFirst().utf8.allSatisfy { (0x30...0x39).contains($0) }
}
