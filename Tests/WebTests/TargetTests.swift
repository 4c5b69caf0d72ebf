import Testing

@testable import Web

/// What a request line asks for.
@Suite struct TargetTests {
    @Test("a path is taken apart before it is decoded, so that no escape makes another path of it")
    func paths() throws {
        for (target, path) in [
            ("/", []), ("/metrics", ["metrics"]), ("/metrics/", ["metrics"]), ("//metrics", ["", "metrics"]),
            ("/a/../b", ["a", "..", "b"]), ("/%2e%2e/b", ["..", "b"]), ("/%252f", ["%2f"]), ("/a+b", ["a+b"]),
            ("/api/v1/backends/2001:db8::1", ["api", "v1", "backends", "2001:db8::1"]),
            ("/api/v1/backends/2001%3adb8%3a%3A1", ["api", "v1", "backends", "2001:db8::1"]),
            ("/%C3%A4", ["ä"]), ("http://host", []), ("HTTP://host:1/a?b", ["a"]), ("https://[::1]/a", ["a"]),
        ] as [(String, [String])] {
            #expect(try RequestTarget(target).path == path, "\(target)")
        }
    }

    @Test("parameters are decoded, in their order, as often as they come")
    func queries() throws {
        let request = try Request("/x?backend=10.0.0.1&backend=%3a%3A1&limit=&flag&=v&&a=b=c&d=e+f%2B")
        #expect(request.values(of: "backend") == ["10.0.0.1", "::1"])
        #expect(request.values(of: "limit") == [""])
        #expect(request.values(of: "flag") == [""])
        #expect(request.values(of: "") == ["v"])
        #expect(request.values(of: "a") == ["b=c"])
        #expect(request.values(of: "d") == ["e f+"])
    }

    @Test(
        "what cannot be decoded, or be on this server, is a mistake",
        arguments: [
            "", "a", "*", "/%", "/%4", "/%g0", "/%80", "/%c3", "/%00", "/%1f", "/%7f", "/a%2Fb", "/?%", "/?a=%0a",
            "/#a",
            "http://", "http:///a", "http:/a", "ftp://a/", "http://user@host/", "javascript:alert(1)", "://a",
        ])
    func mistakes(target: String) {
        #expect(throws: RequestTarget.Mistake.self) { try RequestTarget(target) }
    }
}
