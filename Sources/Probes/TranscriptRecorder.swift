internal import Site
internal import Transport

/// Which polls' reports bear a transcript.
package enum Transcribing: Hashable, Sendable {
    /// None.
    case nothing
    /// Those of polls that failed.
    case failures
    /// All.
    case all
}

/// Notes what is said in a poll, so that a transcript can be made of it if one is wanted.
///
/// A note is little work: what it takes to show it safely is done only by `transcript`. Holds what was said as it was, so it
/// must never be shown itself; at most 30 lines of some 200 bytes and the account's texts.
struct TranscriptRecorder: Sendable {
    private enum Note: Sendable {
        /// `isLogin` where the password is in it, or may be.
        case sent(Bytes, isLogin: Bool)
        case received(Bytes, isCut: Bool)
        case connected
        case found
        case startedTLS
        case encrypted(TLSPeer)
        case passedOver(Int)
    }

    private enum Bytes: Sendable {
        /// A part of `text`.
        case early(Range<Int>)
        case late([UInt8])
    }

    private static let beginningCount = 10
    private static let endCount = 20
    private static let size = 4_096

    private let start: Instant
    private let account: Account?
    /// So much of a line is kept that a password that begins within what is shown is there to its end.
    private let keptBytes: Int
    private var beginning: [(Instant, Note)] = []
    /// The lines of the beginning, one behind the other: most polls are over then, and have one allocation for all.
    private var text: [UInt8] = []
    /// The last notes behind the beginning, in a ring.
    private var end: [(Instant, Note)] = []
    /// How many there were behind the beginning.
    private var endTotal = 0

    init(startedAt start: Instant, _ account: Account?) {
        self.start = start
        self.account = account
        keptBytes = Redaction.shownBytes + PasswordForms.longest(of: account)
        beginning.reserveCapacity(Self.beginningCount)
    }

    mutating func connected(at now: Instant) { note(.connected, now) }
    mutating func nameFound(at now: Instant) { note(.found, now) }
    mutating func startedTLS(at now: Instant) { note(.startedTLS, now) }
    mutating func encrypted(by peer: TLSPeer, at now: Instant) { note(.encrypted(peer), now) }
    mutating func passedOver(_ count: Int, at now: Instant) { note(.passedOver(count), now) }
    mutating func sent(_ bytes: [UInt8], isLogin: Bool, at now: Instant) {
        note(.sent(keep(bytes[...]), isLogin: isLogin), now)
    }

    mutating func received(_ line: ArraySlice<UInt8>, at now: Instant) {
        note(.received(keep(line.prefix(keptBytes)), isCut: line.count > Redaction.shownBytes), now)
    }

    /// Keeps what the next note is of.
    private mutating func keep(_ bytes: ArraySlice<UInt8>) -> Bytes {
        guard beginning.count < Self.beginningCount else { return .late(Array(bytes)) }
        if text.isEmpty { text.reserveCapacity(max(512, bytes.count)) }
        let start = text.count
        text += bytes
        return .early(start..<text.count)
    }

    private func bytes(_ kept: Bytes) -> [UInt8] {
        switch kept {
        case .early(let range): Array(text[range])
        case .late(let bytes): bytes
        }
    }

    private mutating func note(_ note: Note, _ now: Instant) {
        guard beginning.count == Self.beginningCount else { return beginning.append((now, note)) }
        if end.count < Self.endCount {
            if end.isEmpty { end.reserveCapacity(Self.endCount / 2) }
            end.append((now, note))
        } else {
            end[endTotal % Self.endCount] = (now, note)
        }
        endTotal += 1
    }

    /// What was noted, fit to be shown, with a last line of the poll's end where there is something to tell.
    func transcript(endedBy end: String?, at now: Instant) -> Transcript {
        let forms = PasswordForms(account)
        let oldest = endTotal > Self.endCount ? endTotal % Self.endCount : 0
        let last = self.end[oldest...] + self.end[..<oldest]
        let ending = end.map { Transcript.Line(at: now - start, .event, $0) }
        return Transcript(
            beginning: beginning.map { line($0, forms) }[...], omitted: endTotal - self.end.count,
            end: (last.map { line($0, forms) } + [ending].compactMap(\.self))[...]
        ).limited(to: Self.size)
    }

    private func line(_ entry: (time: Instant, note: Note), _ forms: PasswordForms) -> Transcript.Line {
        let (kind, text): (Transcript.Line.Kind, String) =
            switch entry.note {
            case .sent(let kept, true): (.sent, forms.shownLogin(bytes(kept)))
            case .sent(let kept, false): (.sent, printable(bytes(kept).withoutLineEnd))
            case .received(let kept, let isCut): (.received, forms.shown(bytes(kept), isCut: isCut))
            case .connected: (.event, "connected")
            case .found: (.event, "the name is known")
            case .startedTLS: (.event, "TLS begins")
            case .encrypted(let peer): (.event, "TLS: " + peer.text)
            case .passedOver(let count): (.event, "passing over \(count) bytes")
            }
        return Transcript.Line(at: entry.time - start, kind, text)
    }
}

extension TLSPeer {
    fileprivate var text: String {
        let negotiated = "\(version), \(cipher)"
        guard let certificate else { return negotiated }
        return negotiated + ", subject " + printable(certificate.subject, limit: 100) + ", issuer "
            + printable(certificate.issuer, limit: 100)
    }
}

extension [UInt8] {
    /// A line without its end; what divides it into several stays.
    var withoutLineEnd: ArraySlice<UInt8> { suffix(2) == crlf[...] ? dropLast(2) : self[...] }
}
