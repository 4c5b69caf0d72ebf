internal import NIOHTTP1

/// A request that can be answered: GET or HEAD, without a body.
package struct Request: Hashable, Sendable {
    /// The path's segments, decoded: `/api/v1/status` is three, `/` none.
    package let path: [String]
    /// What stands behind the question mark, decoded, in its order.
    package let query: [Parameter]
    /// The values of `Accept`, in their order.
    package let accept: [String]
    /// The values of `If-None-Match`, in their order.
    package let ifNoneMatch: [String]

    /// A name with its value; empty where there is none.
    package struct Parameter: Hashable, Sendable {
        /// The name.
        package let name: String
        /// The value.
        package let value: String

        init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Makes a request, as a test does.
    package init(_ target: String, accept: [String] = [], ifNoneMatch: [String] = []) throws(RequestTarget.Mistake) {
        self.init(try RequestTarget(target), accept: accept, ifNoneMatch: ifNoneMatch)
    }

    init(_ target: RequestTarget, accept: [String], ifNoneMatch: [String]) {
        path = target.path
        query = target.query
        self.accept = accept
        self.ifNoneMatch = ifNoneMatch
    }

    /// All values of a parameter, in their order.
    package func values(of name: String) -> [String] { query.filter { $0.name == name }.map(\.value) }
}
