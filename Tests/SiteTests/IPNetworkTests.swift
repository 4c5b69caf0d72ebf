import Site
import Testing

@Suite struct IPNetworkTests {
    @Test(
        "a network has the addresses that share its prefix",
        arguments: [
            ("10.2.0.0/16", "10.2.255.255", true), ("10.2.0.0/16", "10.3.0.0", false), ("0.0.0.0/0", "255.1.2.3", true),
            ("0.0.0.0/0", "2001:db8::1", false), ("::/0", "2001:db8::1", true), ("::/0", "10.0.0.1", false),
            ("2001:db8::/33", "2001:db8:7fff::1", true), ("2001:db8::/33", "2001:db8:8000::1", false),
            ("2001:db8::/64", "2001:db8::ffff:0:0:1", true), ("2001:db8:0:0:8000::/65", "2001:db8::8000:0:0:1", true),
            ("2001:db8:0:0:8000::/65", "2001:db8::1", false), ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false), ("192.0.2.1/32", "::ffff:192.0.2.1", true),
            ("::ffff:0.0.0.0/96", "::ffff:192.0.2.1", true), ("128.0.0.0/1", "127.255.255.255", false),
            ("128.0.0.0/1", "128.0.0.0", true),
        ])
    func contains(network: String, address: String, isIn: Bool) throws {
        #expect(try #require(IPNetwork(network)).contains(try #require(IPAddress(address))) == isIn)
    }

    @Test("an address is this machine's own or not")
    func loopback() throws {
        for (address, isLoopback) in [
            ("127.0.0.1", true), ("127.255.0.9", true), ("128.0.0.1", false), ("::1", true), ("::2", false),
            ("::ffff:127.0.0.1", true), ("::ffff:10.0.0.1", false), ("0.0.0.0", false), ("::", false),
        ] {
            #expect(try #require(IPAddress(address)).isLoopback == isLoopback, "\(address)")
        }
    }
}
