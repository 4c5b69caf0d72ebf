internal import Glibc

extension ArraySlice<UInt8> {
    /// Where the byte first stands; nil where it does not. By memchr(3), as each line of a poll is looked through several times.
    package func place(of byte: UInt8) -> Int? {
        withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress, let found = memchr(start, Int32(byte), bytes.count) else { return nil }
            return startIndex + (UnsafeRawPointer(found) - start)
        }
    }
}
