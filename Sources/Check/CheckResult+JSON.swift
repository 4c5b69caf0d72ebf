internal import FoundationEssentials
internal import Site

extension CheckResult {
    /// The result as JSON, for programs: one object, its keys sorted, its times in milliseconds.
    package var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let document = Document(
            checkedAt: Date(timeIntervalSince1970: TimeInterval(checkedAt)).formatted(.iso8601),
            error: failure, backends: backends.map(BackendObject.init))
        // Only a number that is none could fail, and every number here is finite.
        guard let data = try? encoder.encode(document) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }
}

private struct Document: Encodable {
    enum CodingKeys: String, CodingKey {
        case checkedAt = "checked_at"
        case error, backends
    }

    let checkedAt: String
    let error: String?
    let backends: [BackendObject]
}

private struct BackendObject: Encodable {
    let address: String
    @ExplicitNull var tag: String?
    @ExplicitNull var vhosts: Int?
    @ExplicitNull var users: Int?
    @ExplicitNull var state: String?
    @ExplicitNull var healthy: Bool?
    let polls: [PollDocument]

    init(_ backend: CheckResult.Backend) {
        address = backend.spelling
        tag = backend.listed?.tag
        vhosts = backend.listed?.vhosts
        users = backend.listed?.users
        state = backend.listed?.state?.rawValue
        healthy = backend.isHealthy
        polls = backend.polls.map { PollDocument($0.service, $0.report) }
    }
}
