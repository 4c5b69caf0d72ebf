internal import FoundationEssentials
internal import Site

/// The SASL mechanisms that probes log in with.
enum SASL {
    /// The initial response of PLAIN (RFC 4616, section 2), in base64: no authorization identity, user name, password; for
    /// a master user the user name as the authorization identity, the master user, and the master user's password.
    static func plain(_ account: Account) -> [UInt8] {
        let identities = account.masterUser.map { [account.username, $0] } ?? ["", account.username]
        let message = (identities + [account.password.secret]).map { Array($0.utf8) }.joined(separator: [0])
        return Array(Data(message).base64EncodedData())
    }
}
