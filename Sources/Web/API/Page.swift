internal import COpenSSL
internal import FoundationEssentials
internal import NIOCore

/// The page at `/`: one file with its style and its script in it, which nothing but itself may run in.
enum Page {
    /// What is served.
    static let response = response(PackageResources.page_html, styles: styles, scripts: scripts)

    /// The page's styles.
    static let styles = [PackageResources.page_css]
    /// The page's scripts, in the order of their files' names: of `10-dom.js` SwiftPM makes `_0_dom_js`.
    static let scripts = [
        PackageResources._0_dom_js, PackageResources._0_words_js, PackageResources._0_marks_js,
        PackageResources._0_daemon_js, PackageResources._0_overview_js, PackageResources._0_list_js,
        PackageResources._0_backend_js, PackageResources._0_events_js, PackageResources._0_frame_js,
        PackageResources._5_page_js,
    ]

    /// A page with what stands for `/*CSS*/` and `/*JS*/`, each the whole of its element. Its policy names both by their hash
    /// (CSP Level 3, section 2.3.1), so that nothing else is ever run or styled: neither what a banner says, nor a handler in an
    /// attribute.
    static func response(_ page: [UInt8], styles: [[UInt8]], scripts: [[UInt8]]) -> Response {
        let css = joined(styles)
        let js = joined(scripts)
        let html = String(decoding: page, as: UTF8.self).filled("/*CSS*/", with: css).filled("/*JS*/", with: js)
        let policy = [
            "default-src 'none'", "style-src 'sha256-\(hash(css))'", "script-src 'sha256-\(hash(js))'", "img-src data:",
            "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
        ]
        return Response(
            type: "text/html; charset=utf-8",
            headers: [("content-security-policy", policy.joined(separator: "; "))], body: ByteBuffer(string: html))
    }

    private static func joined(_ files: [[UInt8]]) -> String {
        files.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
    }

    private static func hash(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var digest = [UInt8](repeating: 0, count: 32)
        SHA256(bytes, bytes.count, &digest)
        return Data(digest).base64EncodedString()
    }
}

extension String {
    fileprivate func filled(_ mark: String, with text: String) -> String {
        guard let range = firstRange(of: mark) else { return self }
        return self[..<range.lowerBound] + text + self[range.upperBound...]
    }
}
