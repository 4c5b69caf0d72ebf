/// The header that a listener with `haproxy = yes` expects before everything else (HAProxy's PROXY protocol, version 2).
package enum ProxyHeader {
    /// Of the command LOCAL: the connection is the sender's own, made on nobody's behalf, as a health check's is.
    ///
    /// The signature, version 2 and LOCAL, no address family, no addresses (section 2.2).
    package static let local: [UInt8] =
        [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A] + [0x20, 0x00, 0x00, 0x00]
}
