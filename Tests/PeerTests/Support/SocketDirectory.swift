import TemporaryFiles

/// A directory for a test's UNIX sockets.
final class SocketDirectory: Sendable {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    var path: String { directory.path }
    var director: String { "\(path)/director" }
    var log: String { "\(path)/log" }
    var authorities: String { "\(path)/ca.pem" }
}
