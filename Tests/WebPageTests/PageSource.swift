internal import COpenSSL
internal import Foundation

/// The page as it is in the sources, put together as the daemon does it.
struct PageSource {
    /// The document.
    let html: String
    /// The Content-Security-Policy that goes with it: only this style and this script, by their hashes.
    let policy: String
    /// The script by itself.
    let script: String
    /// The style by itself.
    let style: String

    init() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources/Web/Page")
        let read = { (name: String) in try String(contentsOf: folder.appending(path: name), encoding: .utf8) }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        script = try names.filter { $0.hasSuffix(".js") }.sorted().map(read).joined(separator: "\n")
        style = try read("page.css")
        html = try read("page.html").replacingOccurrences(of: "/*CSS*/", with: style)
            .replacingOccurrences(of: "/*JS*/", with: script)
        policy =
            "default-src 'none'; style-src 'sha256-\(Self.hash(style))'; script-src 'sha256-\(Self.hash(script))';"
            + " connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    }

    private static func hash(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        _ = SHA256(bytes, bytes.count, &digest)
        return Data(digest).base64EncodedString()
    }
}
