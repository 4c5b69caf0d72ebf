package import NIOCore
package import NIOHTTP1

/// What is answered. The server adds what all answers have: length, date, and what keeps browsers from misusing it.
package struct Response: Sendable {
    /// 200 and its kin.
    package let status: HTTPResponseStatus
    /// Further headers; those that are here are not added.
    package let headers: [(name: String, value: String)]
    /// What it says.
    package let body: ByteBuffer

    /// Makes an answer; `type` is the body's.
    package init(
        _ status: HTTPResponseStatus = .ok, type: String, headers: [(name: String, value: String)] = [],
        body: ByteBuffer
    ) {
        self.status = status
        self.headers = [("content-type", type)] + headers
        self.body = body
    }

    /// A line of text for people and scripts.
    package static func text(
        _ status: HTTPResponseStatus, _ line: String, headers: [(name: String, value: String)] = []
    ) -> Response {
        Response(status, type: "text/plain; charset=utf-8", headers: headers, body: ByteBuffer(string: line + "\n"))
    }

    /// What the client has is still true (RFC 9110, section 15.4.5); the tag is as `ETag` has it.
    package static func notModified(tag: String) -> Response {
        Response(status: .notModified, headers: [("etag", tag)])
    }

    /// JSON; `tag` is as `ETag` has it.
    package static func json(_ body: ByteBuffer, tag: String? = nil) -> Response {
        Response(type: "application/json", headers: tag.map { [("etag", $0)] } ?? [], body: body)
    }

    private init(status: HTTPResponseStatus, headers: [(name: String, value: String)]) {
        self.status = status
        self.headers = headers
        body = ByteBuffer()
    }

    /// Headers that are on all answers but those that say otherwise: nothing is guessed, kept, framed or told to others.
    static let common = [
        (name: "x-content-type-options", value: "nosniff"),
        (name: "cache-control", value: "no-store"),
        (name: "content-security-policy", value: "default-src 'none'; frame-ancestors 'none'"),
        (name: "referrer-policy", value: "no-referrer"),
        (name: "cross-origin-resource-policy", value: "same-origin"),
    ]
}
