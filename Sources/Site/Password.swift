/// A test account's password, which no description, dump or interpolation shows.
package struct Password: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The password itself: for the wire alone, never for a log, an error or a settings dump.
    package let secret: String

    /// Wraps a password.
    package init(_ secret: String) { self.secret = secret }

    /// Always `[password]`.
    package var description: String { "[password]" }
    /// Always `[password]`.
    package var debugDescription: String { description }
    /// A mirror without children, so that `dump` shows nothing.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
