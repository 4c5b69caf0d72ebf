/// What went wrong with the browser, or in a page.
package enum BrowserError: Error, Hashable, CustomStringConvertible {
    /// It cannot be started, or has ended.
    case gone(String)
    /// It refused a command.
    case refused(command: String, message: String)
    /// It has not answered in time.
    case timedOut(String)
    /// The page's own script threw.
    case script(String)

    package var description: String {
        switch self {
        case .gone(let why): "the browser is gone: \(why)"
        case .refused(let command, let message): "\(command): \(message)"
        case .timedOut(let what): "not in time: \(what)"
        case .script(let text): "the page's script: \(text)"
        }
    }
}
