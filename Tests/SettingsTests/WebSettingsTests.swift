import Settings
import Site
import Testing

private func read(_ text: String) -> Loaded<Settings> { Settings.read(Array(text.utf8), file: "c") }

private func complaints(_ text: String) -> [String] { read(text).diagnostics.map(\.description) }

@Suite struct WebSettingsTests {
    private static let addresses = "a list of at most 8 of ADDRESS:PORT, such as 127.0.0.1:9393 or \"[::1]:9393\""
    private static let networks =
        "a list of at most 100 of ADDRESS or ADDRESS/LENGTH, such as 10.2.0.0/16 or \"2001:db8::/32\""

    @Test("where HTTP is served is a list of addresses with ports, or one alone, or none")
    func addressesAreRead() {
        for (text, expected) in [
            ("127.0.0.1:9393", ["127.0.0.1:9393"]), ("[127.0.0.1:80, '[::1]:80']", ["127.0.0.1:80", "[::1]:80"]),
            ("\n- 127.9.9.9:65535\n", ["127.9.9.9:65535"]), ("", []), ("[]", []), ("~", []),
        ] {
            #expect(read("http_listen: \(text)\n").value?.httpListen.map(\.description) == expected, "\(text)")
            #expect(complaints("http_listen: \(text)\n") == [])
        }
    }

    @Test(
        "what is no address with a port is named",
        arguments: [
            "9393", "127.0.0.1", "localhost:9393", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:09", "::1:9393",
            "[::1]",
            "[127.0.0.1]:9393", "127.0.0.1:", ":9393", "127.1:9393", "[]:1",
        ])
    func wrongAddresses(text: String) {
        #expect(
            complaints("http_listen: ['\(text)']\n") == [
                "c:1:15: http_listen: \"\(text)\" is no address with a port, accepted: \(Self.addresses)"
            ])
    }

    @Test("an address that others can reach needs to be told who may ask, and the mistake has its place")
    func openAddressesNeedNetworks() {
        let accepted =
            "accepted: loopback addresses alone, as 127.0.0.1:9393, or with http_allow the networks that may ask there"
        for address in ["0.0.0.0:9393", "10.2.2.1:9393", "[::]:9393", "[2001:db8::1]:9393"] {
            #expect(
                complaints("interval: 10\nhttp_listen: ['127.0.0.1:1', '\(address)']\n") == [
                    "c:2:1: http_listen: \(address) is not this machine's alone, and http_allow does not say who may ask"
                        + " there, \(accepted)"
                ])
            #expect(complaints("http_listen: ['\(address)']\nhttp_allow: 10.2.0.0/16\n") == [])
        }
        #expect(complaints("http_listen: ['127.0.0.1:9393', '127.1.2.3:9393', '[::1]:9393']\n") == [])
    }

    @Test("networks are read as they are written, and no others")
    func networksAreRead() {
        let text =
            "http_listen: 0.0.0.0:1\nhttp_allow: [10.2.0.0/16, '2001:db8::/32', 192.0.2.1, 0.0.0.0/0, '::1/128']\n"
        #expect(
            read(text).value?.httpAllow.map(\.description) == [
                "10.2.0.0/16", "2001:db8::/32", "192.0.2.1", "0.0.0.0/0", "::1",
            ])
        for wrong in [
            "10.2.2.75/16", "10.2.0.0/33", "::/129", "10.2.0.0/", "10.2.0.0/016", "example.com", "10.2/16", "",
        ] {
            #expect(
                complaints("http_allow: ['\(wrong)']\n").first
                    == "c:1:14: http_allow: \"\(wrong)\" is no network, accepted: \(Self.networks)")
        }
        #expect(complaints("http_allow: [10.0.0.1, 10.0.0.1/32]\n").first?.contains("comes twice") == true)
    }

    @Test("names are compared in lower case, and what is set without a server is advice")
    func names() {
        #expect(
            read("http_listen: 127.0.0.1:1\nhttp_names: [Mon.Example.COM, mon]\n").value?.httpNames == [
                "mon.example.com", "mon",
            ])
        #expect(complaints("http_names: 'a b'\n").first?.contains("\"a b\" is no host name") == true)
        #expect(
            complaints("http_names: a\n") == [
                "c:1:1: advice: http_names: http_names without http_listen: nothing is served"
            ])
    }
}
