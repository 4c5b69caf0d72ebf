internal import Site

/// A dialogue up to the server's certificate: what there is to see of a server whose name is not known.
///
/// With STARTTLS that is all that is said in clear. With TLS from the first byte it is the greeting behind it, as silence
/// there is a fault whatever the certificate says. Nothing is said to a server that may be another one.
struct Vestibule<Inner: Dialogue>: Dialogue {
    private var inner: Inner
    private let isInClear: Bool

    init(_ inner: Inner, _ plan: PollPlan) {
        self.inner = inner
        isInClear = plan.service.tls == .starttls
    }

    var phase: Phase { inner.phase }

    mutating func encrypted() -> Turn { .done }

    mutating func lineReceived(_ line: ArraySlice<UInt8>) -> Turn {
        let turn = inner.lineReceived(line)
        guard !isInClear else { return turn }
        if case .fail = turn { return turn }
        return .done
    }
}
