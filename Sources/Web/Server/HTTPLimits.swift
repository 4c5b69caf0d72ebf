package import NIOCore

/// What a client may cost.
package struct HTTPLimits: Sendable {
    /// Headers of a request.
    static let headers = 100
    /// Connections at once, but for those that are being sent away.
    package var connections = 64
    /// Connections that are being told that they cannot be served.
    package var farewells = 16
    /// Bytes of a request, up to the end of its headers.
    package var requestBytes = 16_384
    /// From the first byte of a request, or from the connection, to the end of the headers.
    package var requestTime = TimeAmount.seconds(10)
    /// Between an answer and the next request.
    package var idleTime = TimeAmount.seconds(60)
    /// Until there is an answer to be sent; less than the ten seconds after which Prometheus gives up.
    package var answerTime = TimeAmount.seconds(8)
    /// For a chunk of an answer to be taken.
    package var chunkTime = TimeAmount.seconds(15)
    /// So many bytes are handed to the socket at once.
    package var chunkBytes = 65_536
    /// For an answer as a whole.
    package var responseTime = TimeAmount.seconds(120)
    /// Of all answers that are being sent at once.
    package var responseBytes = 64 << 20
    /// For a client to read why its connection is about to be closed.
    package var farewellTime = TimeAmount.seconds(2)
    /// Until an address that could not be bound is tried again.
    package var retryTime = TimeAmount.seconds(30)

    /// What the daemon allows.
    package init() {}
}
