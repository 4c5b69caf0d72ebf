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
    let polls: [PollObject]

    init(_ backend: CheckResult.Backend) {
        address = backend.spelling
        tag = backend.listed?.tag
        vhosts = backend.listed?.vhosts
        users = backend.listed?.users
        state = backend.listed?.state?.rawValue
        healthy = backend.isHealthy
        polls = backend.polls.map(PollObject.init)
    }
}

private struct PollObject: Encodable {
    enum CodingKeys: String, CodingKey {
        case mailProtocol = "protocol"
        case port, tls, ok, milliseconds, phases, failure, warnings, transcript
    }

    let mailProtocol: String
    let port: Int
    let tls: String
    let ok: Bool
    let milliseconds: Double
    let phases: [String: Double]
    @ExplicitNull var failure: FailureObject?
    let warnings: [WarningObject]
    /// Left out where nobody asked for it.
    let transcript: TranscriptObject?

    init(_ poll: CheckResult.Poll) {
        mailProtocol = poll.service.mailProtocol.rawValue
        port = poll.service.port
        tls = poll.service.tls.rawValue
        ok = poll.report.succeeded
        milliseconds = poll.report.duration.roundedMilliseconds
        phases = poll.report.phases.reduce(into: [:]) { phases, time in
            phases[time.phase.rawValue] = time.duration.roundedMilliseconds
        }
        failure = poll.report.failure.map(FailureObject.init)
        warnings = poll.report.warnings.map { WarningObject(kind: $0.kind.rawValue, text: $0.text) }
        transcript = poll.report.transcript.map(TranscriptObject.init)
    }
}

private struct TranscriptObject: Encodable {
    struct Line: Encodable {
        let milliseconds: Double
        let kind: String
        let text: String

        init(_ line: Transcript.Line) {
            milliseconds = line.time.roundedMilliseconds
            kind = line.kind.rawValue
            text = line.text
        }
    }

    let beginning: [Line]
    let omitted: Int
    let end: [Line]

    init(_ transcript: Transcript) {
        beginning = transcript.beginning.map(Line.init)
        omitted = transcript.omitted
        end = transcript.end.map(Line.init)
    }
}

private struct WarningObject: Encodable {
    let kind: String
    let text: String
}

private struct FailureObject: Encodable {
    let phase: String
    let kind: String
    @ExplicitNull var code: String?
    let text: String

    init(_ failure: PollFailure) {
        phase = failure.phase.rawValue
        kind = failure.kind.rawValue
        code = failure.code
        text = failure.text
    }
}

/// A value whose absence is written as `null`, and not left out.
@propertyWrapper
private struct ExplicitNull<Value: Encodable>: Encodable {
    var wrappedValue: Value?

    init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
    }
}

extension Duration {
    /// Milliseconds with one decimal, as people read them.
    fileprivate var roundedMilliseconds: Double { (inMilliseconds * 10).rounded() / 10 }
}
