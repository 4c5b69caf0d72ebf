internal import FoundationEssentials
internal import Site

/// The SASL mechanisms that probes log in with.
enum SASL {
    /// The initial response of PLAIN (RFC 4616, section 2), in base64: no authorization identity, user name, password.
    static func plain(_ account: Account) -> [UInt8] {
        let message = [0] + Array(account.username.utf8) + [0] + Array(account.password.secret.utf8)
        return Array(Data(message).base64EncodedData())
    }
}
