/// Why something in the lab did not work; the text says what was tried.
package enum LabError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Nothing listens there.
    case refused(String)
    /// Nothing came, or a condition did not come true, in the time that was given.
    case timedOut(String)
    /// The other side closed the connection.
    case closed(String)
    /// Everything else: a system call, a program that failed.
    case failed(String)

    package var description: String {
        switch self {
        case .refused(let text): "\(text): connection refused"
        case .timedOut(let text): "\(text): not within the time given"
        case .closed(let text): "\(text): the connection was closed"
        case .failed(let text): text
        }
    }
}
