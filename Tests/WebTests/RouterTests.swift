import Monitor
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Site
import Testing

@testable import Web

/// What is served where.
@Suite struct RouterTests {
    private let source = StubSource()

    private func answer(_ target: String, accept: [String] = [], ifNoneMatch: [String] = []) throws -> Response {
        let request = try Request(target, accept: accept, ifNoneMatch: ifNoneMatch)
        return try StatusRouter(source, on: source.loop).answer(request).wait()
    }

    private func header(_ name: String, _ response: Response) -> String? {
        response.headers.first { $0.name == name }?.value
    }

    @Test("each path has its answer, and whatever is none of them is not found")
    func paths() throws {
        for (target, asked) in [
            ("/api/v1/status", "status "), ("/api/v1/status/?backend=a&backend=b", "status a,b"),
            ("/api/v1/backends/10.0.0.1", "backend 10.0.0.1"), ("/api/v1/history?backend=a&backend=b", "history 2"),
            ("/api/v1/events", "events 200"), ("/api/v1/events?limit=3", "events 3"),
            ("/api/v1/events?limit=9999", "events 200"),
        ] {
            let response = try answer(target)
            #expect(response.status == .ok, "\(target)")
            #expect(header("content-type", response) == "application/json")
            #expect(source.asked.last == asked)
        }
        let count = source.asked.count
        for target in [
            "/x", "/api", "/api/v1", "/api/v1/backends", "/api/v2/status", "/metrics/x", "/index.html",
            "/../etc/passwd",
            "/api/v1/backends/10.0.0.1/x", "//metrics", "/page.css", "/API/v1/status",
        ] {
            #expect(try answer(target).status == .notFound, "\(target)")
        }
        for target in [
            "/api/v1/history", "/api/v1/events?limit=0", "/api/v1/events?limit=x", "/api/v1/events?limit=-1",
            "/api/v1/history?" + String(repeating: "backend=a&", count: 101),
        ] {
            #expect(try answer(target).status == .badRequest, "\(target)")
        }
        #expect(source.asked.count == count)
        let unlisted = try answer("/api/v1/backends/10.0.0.2")
        #expect(unlisted.status == .notFound && String(buffer: unlisted.body) == "10.0.0.2: none\n")
    }

    @Test("who has the document of this revision is told that it is still so")
    func tags() throws {
        // A weak one: not all that the document says is news.
        #expect(header("etag", try answer("/api/v1/status")) == "W/\"7\"")
        for (values, isKnown) in [
            (["\"7\""], true), (["W/\"7\""], true), (["\"6\", \"7\""], true), (["\"6\"", " W/\"7\" "], true),
            (["7"], false), (["\"77\""], false), (["*"], false), ([""], false), (["\""], false), (["\"\""], false),
        ] {
            let response = try answer("/api/v1/status", ifNoneMatch: values)
            #expect(response.status == (isKnown ? .notModified : .ok), "\(values)")
            #expect(header("etag", response) == "W/\"7\"")
        }
    }

    @Test("all is well only while the monitor answers, and says that it is")
    func health() throws {
        #expect(try answer("/healthz").status == .ok)
        #expect(String(buffer: try answer("/healthz").body) == "ok\n")
        source.health.listedAt = nil
        let response = try answer("/healthz")
        #expect(response.status == .serviceUnavailable)
        #expect(String(buffer: response.body) == "the director has not been read yet\n")
    }

    @Test("a monitor that does not answer is ill after two seconds, whatever it says then")
    func hanging() throws {
        source.hangs = true
        let future = StatusRouter(source, on: source.loop).answer(try Request("/healthz"))
        nonisolated(unsafe) var response: Response?
        future.whenSuccess { response = $0 }
        source.loop.advanceTime(by: .milliseconds(1_999))
        #expect(response == nil)
        source.loop.advanceTime(by: .milliseconds(1))
        #expect(response?.status == .serviceUnavailable)
        #expect(response.map { String(buffer: $0.body) } == "the monitor does not answer\n")
        source.end()
    }

    @Test("the page is one file whose policy lets nothing run but its own script")
    func page() throws {
        let response = try answer("/")
        let html = String(buffer: response.body)
        #expect(header("content-type", response) == "text/html; charset=utf-8")
        #expect(!html.contains("/*CSS*/") && !html.contains("/*JS*/"))
        #expect(html.hasPrefix("<!DOCTYPE html>"))
        let policy = try #require(header("content-security-policy", response))
        #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-"))
        #expect(!policy.contains("unsafe") && !policy.contains("*"))
        // A page is filled in as it stands, and the hashes are of what is between the tags.
        let small = Page.response(
            Array("<style>/*CSS*/</style><script>/*JS*/</script>".utf8), styles: [Array("a".utf8), Array("b".utf8)],
            scripts: [Array("alert(1)".utf8)])
        #expect(String(buffer: small.body) == "<style>a\nb</style><script>alert(1)</script>")
        #expect(
            header("content-security-policy", small)?.contains(
                "script-src 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='") == true)
    }

    @Test("the page is made of all files in its directory, in the order of their names")
    func pageIsComplete() throws {
        let names = try Repository.files(in: "Sources/Web/Page")
        #expect(names.filter { $0.hasSuffix(".css") } == ["page.css"])
        let page = try Repository.text(of: "Sources/Web/Page/page.html")
        #expect(page.ranges(of: ">/*CSS*/</style>").count == 1 && page.ranges(of: "<style").count == 1)
        #expect(page.ranges(of: ">/*JS*/</script>").count == 1 && page.ranges(of: "<script").count == 1)
        let scripts = try names.filter { $0.hasSuffix(".js") }.map { try Repository.text(of: "Sources/Web/Page/\($0)") }
        #expect(Page.scripts.map { String(decoding: $0, as: UTF8.self) } == scripts)
        #expect(!scripts.contains { $0.contains("</script") })
    }
}
