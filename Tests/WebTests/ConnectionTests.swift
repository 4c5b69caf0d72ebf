import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import Web

/// What one connection may do, by a clock that is moved.
@Suite struct ConnectionTests {
    @Test("a request is answered, with what keeps browsers from misusing it, and another may follow")
    func anAnswer() throws {
        let rig = try Rig()
        try rig.get("/a")
        let answer = try rig.sent()
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        for header in [
            "x-content-type-options: nosniff", "cache-control: no-store", "content-length: 3", "connection: keep-alive",
            "content-security-policy: default-src 'none'; frame-ancestors 'none'", "date: ",
            "content-type: text/plain; charset=utf-8",
        ] { #expect(answer.contains("\r\n\(header)"), "\(header)") }
        #expect(answer.hasSuffix("\r\n\r\n/a\n"))
        try rig.get("/b")
        #expect(try rig.sent().hasSuffix("\r\n\r\n/b\n"))
        #expect(rig.isOpen)
    }

    @Test("HEAD is answered as GET is, without the body")
    func head() throws {
        let rig = try Rig()
        try rig.send("HEAD /a HTTP/1.1\r\nHost: localhost\r\n\r\n")
        let answer = try rig.sent()
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.contains("\r\ncontent-length: 3\r\n"))
        #expect(answer.hasSuffix("\r\n\r\n"))
        try rig.get("/b")
        #expect(try rig.statuses() == ["200"])
    }

    @Test(
        "only GET and HEAD are served, and the answer says so",
        arguments: ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "PROPFIND"])
    func otherMethods(method: String) throws {
        let rig = try Rig()
        try rig.send("\(method) \(method == "OPTIONS" ? "*" : "/") HTTP/1.1\r\nHost: localhost\r\n\r\n")
        let answer = try rig.sent()
        #expect(answer.hasPrefix("HTTP/1.1 405 Method Not Allowed\r\n"))
        #expect(answer.contains("\r\nallow: GET, HEAD\r\n"))
        #expect(rig.answers.requests == [])
        #expect(rig.isOpen)
    }

    @Test("CONNECT, and what asks for another protocol, ends the connection with its answer")
    func upgrades() throws {
        let connecting = try Rig()
        try connecting.send("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n\u{16}\u{3}\u{1}")
        #expect(try connecting.statuses() == ["405"])
        #expect(!connecting.isOpen)
        let upgrading = try Rig()
        try upgrading.get("/", headers: "Connection: Upgrade\r\nUpgrade: websocket\r\n")
        #expect(try upgrading.statuses() == ["200"])
        #expect(!upgrading.isOpen)
    }

    @Test("a request with too many headers is told so")
    func manyHeaders() throws {
        let rig = try Rig()
        try rig.get(headers: (0..<200).map { "X-\($0): y\r\n" }.joined())
        #expect(try rig.sent().hasSuffix("a request has at most 100 headers here\n"))
    }

    @Test(
        "a request with a body is refused before it is read",
        arguments: [
            "Content-Length: 1\r\n", "Content-Length: 99999999999\r\n", "Transfer-Encoding: chunked\r\n",
        ])
    func bodies(header: String) throws {
        for (method, status) in [("POST", "405"), ("GET", "413")] {
            let rig = try Rig()
            try rig.send("\(method) / HTTP/1.1\r\nHost: localhost\r\n\(header)\r\n")
            let answer = try rig.sent()
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
            #expect(answer.contains("\r\nallow: GET, HEAD\r\n") == (status == "405"))
            #expect(!rig.isOpen)
            #expect(rig.answers.requests == [])
        }
        let empty = try Rig()
        try empty.get("/", headers: "Content-Length: 0\r\n")
        #expect(try empty.statuses() == ["200"])
    }

    @Test(
        "what is no request is told so, and the connection ends",
        arguments: [
            "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/2.0\r\n\r\n",
            "GET / HTTP/1.1\r\nHost localhost\r\n\r\n", "GET / HTTP/1.1\r\n: x\r\n\r\n", " GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", "GET /\u{0} HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "EHLO me\r\n", "GET / HTTP/1.1\nHost: \u{1}\r\n\r\n",
        ])
    func malformed(text: String) throws {
        let rig = try Rig()
        try rig.send(text)
        let statuses = try rig.statuses()
        #expect(statuses == ["400"])
        #expect(!rig.isOpen)
        #expect(rig.answers.requests == [])
    }

    @Test("a request of HTTP/1.1 has one Host; a target that cannot be here is refused, and the connection goes on")
    func targets() throws {
        let rig = try Rig()
        try rig.send("GET / HTTP/1.1\r\n\r\n")
        #expect(try rig.statuses() == ["400"])
        try rig.send("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n")
        #expect(try rig.statuses() == ["400"])
        for target in ["*", "/%", "/%zz", "/%00", "/a%2fb", "/%ff", "ftp://localhost/", "http://", "/%0a", "/a#b"] {
            try rig.get(target)
            #expect(try rig.statuses() == ["400"], "\(target)")
        }
        try rig.get("http://localhost:9393/a%20b?c=d+e&f")
        #expect(try rig.statuses() == ["200"])
        #expect(rig.answers.requests.map(\.path) == [["a b"]])
        #expect(rig.answers.requests.first?.values(of: "c") == ["d e"])
    }

    @Test("without keep-alive the connection ends with the answer")
    func lastRequests() throws {
        for request in [
            "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        ] {
            let rig = try Rig()
            try rig.send(request)
            let answer = try rig.sent()
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("\r\nconnection: close\r\n"))
            #expect(!rig.isOpen)
        }
        let rig = try Rig()
        try rig.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(try rig.sent().contains("\r\nconnection: keep-alive\r\n"))
        #expect(rig.isOpen)
    }

    @Test("what the client has is not sent again")
    func notModified() throws {
        let rig = try Rig(answer: { _ in .notModified(tag: "\"7\"") })
        try rig.get()
        let answer = try rig.sent()
        #expect(answer.hasPrefix("HTTP/1.1 304 Not Modified\r\n"))
        #expect(answer.contains("\r\netag: \"7\"\r\n"))
        #expect(!answer.contains("content-length") && !answer.contains("transfer-encoding"))
        #expect(answer.hasSuffix("\r\n\r\n"))
    }

    @Test("requests that come together are answered one after the other, in their order")
    func pipelining() throws {
        let rig = try Rig(answer: nil)
        try rig.send(["/1", "/2", "/3"].map { "GET \($0) HTTP/1.1\r\nHost: localhost\r\n\r\n" }.joined() + "GE")
        #expect(rig.answers.requests.map(\.path) == [["1"]])
        for number in 1...3 {
            #expect(rig.answers.requests.count == number)
            rig.answers.promises[number - 1].succeed(.text(.ok, "\(number)"))
            rig.loop.run()
            #expect(try rig.sent().hasSuffix("\r\n\r\n\(number)\n"))
        }
        try rig.send("T /4 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(rig.answers.requests.map(\.path).last == ["4"])
    }

    @Test("hundreds of requests at once are answered without a deep stack")
    func manyAtOnce() throws {
        let rig = try Rig()
        try rig.send(String(repeating: "GET / HTTP/1.1\r\nHost:localhost\r\n\r\n", count: 400))
        #expect(try rig.statuses().count == 400)
    }

    @Test("what is malformed behind a good request is told behind its answer")
    func malformedBehindGood() throws {
        let rig = try Rig(answer: nil)
        try rig.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n\u{16}\u{3}\u{1}\r\n\r\n")
        #expect(try rig.statuses() == [])
        rig.answers.promises[0].succeed(.text(.ok, "good"))
        rig.loop.run()
        #expect(try rig.statuses() == ["200", "400"])
        #expect(!rig.isOpen)
    }
}
