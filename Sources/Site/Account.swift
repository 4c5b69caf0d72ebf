/// The test account that one backend is polled with.
package struct Account: Hashable, Sendable {
    /// The user name, of any characters but CR, LF and NUL.
    package let username: String
    /// The password, of any characters but CR, LF and NUL.
    package let password: Password

    /// Makes an account; the settings file's reader has checked both texts.
    package init(username: String, password: Password) {
        self.username = username
        self.password = password
    }
}
