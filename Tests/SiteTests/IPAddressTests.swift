import Testing

@testable import Site

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("2001:db8::1", "2001:0DB8:0:0:0:0:0:1"),
        ("2001:db8::1", "2001:db8:0::0:1"),
        ("::", "0:0:0:0:0:0:0:0"),
        ("::ffff:10.2.2.75", "::FFFF:0a02:024b"),
        ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
    ])
    func `two spellings of one address are equal`(one: String, other: String) throws {
        let (one, other) = (try #require(IPAddress(one)), try #require(IPAddress(other)))
        #expect(one == other)
        #expect(one.hashValue == other.hashValue)
        #expect(!(one < other) && !(other < one))
    }

    @Test(arguments: [
        ("10.2.2.75", "10.2.2.75"),
        ("0.0.0.0", "0.0.0.0"),
        ("255.255.255.255", "255.255.255.255"),
        ("2001:0DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("::", "::"),
        ("::ffff:0a02:024b", "::ffff:10.2.2.75"),
        ("fe80:0:0:1:0:0:0:1", "fe80:0:0:1::1"),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"),
    ])
    func `the description is the canonical spelling, and reads back as the same address`(
        spelling: String, canonical: String
    ) throws {
        let address = try #require(IPAddress(spelling))
        #expect(address.description == canonical)
        #expect(IPAddress(address.description) == address)
    }

    @Test(arguments: [("10.2.2.75", "::ffff:10.2.2.75"), ("0.0.0.0", "::"), ("0.0.0.1", "::1")])
    func `an IPv4 address differs from an IPv6 one of the same value`(ipv4: String, ipv6: String) throws {
        let (ipv4, ipv6) = (try #require(IPAddress(ipv4)), try #require(IPAddress(ipv6)))
        #expect(ipv4 != ipv6)
        #expect(!ipv4.isIPv6 && ipv6.isIPv6)
        #expect(ipv4 < ipv6)
    }

    @Test(arguments: [
        "", " ", ".", ":", ":::", "10", "10.2", "10.2.2", "10.2.2.", "10.2.2.75.", "10.2.2.75.1", "10..2.75",
        "10.2.2.256", "10.2.2.-1", "10.2.2.75 ", " 10.2.2.75", "10.2.2.75\n", "10.2.2.75/32", "10.2.2.75:143",
        "0x0a.2.2.75", "0x0a02024b", "167903819", "1e1.2.2.2", "٣.2.2.75", "10.2.2.75\u{301}",
        "[::1]", "::1/128", "::1 ", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "::g", "::10.2.2",
        "::10.2.2.256", "::-1", "backend1.example", "localhost", "😀",
    ])
    func `anything else is no address`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: ["010.2.2.75", "10.2.2.075", "10.2.2.00", "00.0.0.0"])
    func `a leading zero is refused, as some would read it as octal`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: ["fe80::1%eth0", "fe80::1%1", "fe80::1%", "10.2.2.75%eth0"])
    func `a zone is refused, as no other machine knows it`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: ["10.2.2.75\0", "10.2.2.75\0x", "\u{0}10.2.2.75", "::1\0", "::1\0:2"])
    func `a NUL does not hide what follows it`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `addresses are ordered by value`() {
        let spellings = ["::2", "10.0.0.10", "2001:db8::", "9.0.0.1", "10.0.0.9", "::1", "255.0.0.1", "ffff::"]
        #expect(
            spellings.compactMap { IPAddress($0) }.sorted().map(\.description)
                == ["9.0.0.1", "10.0.0.9", "10.0.0.10", "255.0.0.1", "::1", "::2", "2001:db8::", "ffff::"])
    }
}
