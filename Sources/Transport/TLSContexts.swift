internal import Synchronization

/// The contexts that polls need, each made once. Any thread may use it.
package final class TLSContexts: Sendable {
    private let made = Mutex<[TLSConfiguration: TLSContext]>([:])

    /// Without any context: each is made when it is first asked for.
    package init() {}

    /// Makes the context of the settings that come into force, and forgets all others; a file of trusted issuers is read
    /// anew. Fails, at the stage `setup`, as `TLSContext` does, and then forgets nothing.
    package func prepare(_ configuration: TLSConfiguration) throws(TLSError) {
        let context = try TLSContext(configuration)
        made.withLock { $0 = [configuration: context] }
    }

    /// The context of a configuration; fails, at the stage `setup`, as `TLSContext` does.
    package func context(_ configuration: TLSConfiguration) throws(TLSError) -> TLSContext {
        if let context = made.withLock({ $0[configuration] }) { return context }
        let context = try TLSContext(configuration)
        made.withLock { $0[configuration] = context }
        return context
    }
}
