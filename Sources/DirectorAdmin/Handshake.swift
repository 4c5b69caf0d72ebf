internal import Site
internal import Transport

/// The first line on a director-admin connection, the same in both directions.
enum Handshake {
    /// What this side says.
    static let line = Array("VERSION\tdirector-doveadm\t1\t0\n".utf8)

    /// What is wrong with the director's own line; nil when its major version is 1.
    static func objection(to line: ArraySlice<UInt8>) -> String? {
        let fields = DirectorFields(line)
        guard fields[0] == "VERSION", fields[1] == "director-doveadm" else {
            return "not a director-admin socket: it greets with \"\(printable(line, limit: 80))\""
        }
        guard fields[2] == "1" else {
            return
                "version \(printable(fields[2] ?? "none", limit: 20)) of the director-admin protocol; 1 is known here"
        }
        return nil
    }
}

extension Interruption {
    /// For an error message about the director.
    var directorText: String {
        switch self {
        case .refused(let text), .unreachable(let text), .local(let text), .closed(let text), .tls(let text),
            .oversized(let text), .certificate(let text), .injected(let text):
            text
        case .deadline: "no answer in time"
        case .cancelled: "given up"
        }
    }
}
