/// The test account that one backend is polled with.
package struct Account: Hashable, Sendable {
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
}
