/// The test account that one backend is polled with.
///
/// A constant; an object, as polls pass it on a dozen times, and each time all of its texts would be counted.
package final class Account: Hashable, Sendable, CustomStringConvertible {
    /// The user name, of any characters but CR, LF and NUL.
    package let username: String
    /// The password, of any characters but CR, LF and NUL.
    package let password: Password

    /// The master user whose password it is, where one logs in for the user (SASL PLAIN's authentication identity).
    package let masterUser: String?
    /// The address that test messages are delivered to over LMTP; the user name where it is nil.
    package let lmtpAddress: String?
    /// The name that this backend's certificate has to bear, where it differs from what the settings say.
    package let serverName: ServerName?

    /// Makes an account; the settings file's reader has checked the texts.
    package init(
        username: String, password: Password, masterUser: String? = nil, lmtpAddress: String? = nil,
        serverName: ServerName? = nil
    ) {
        self.username = username
        self.password = password
        self.masterUser = masterUser
        self.lmtpAddress = lmtpAddress
        self.serverName = serverName
    }

    /// Whose it is.
    package var description: String { "account of \(username)" }

    /// The same in every part.
    package static func == (left: Account, right: Account) -> Bool { left === right || left.parts == right.parts }

    /// Of all parts.
    package func hash(into hasher: inout Hasher) { hasher.combine(parts) }

    private var parts: Parts {
        Parts(
            username: username, password: password, masterUser: masterUser, lmtpAddress: lmtpAddress,
            serverName: serverName)
    }

    private struct Parts: Hashable {
        let username: String
        let password: Password
        let masterUser: String?
        let lmtpAddress: String?
        let serverName: ServerName?
    }
}
