import Site
import Testing
import Transport

@testable import Probes

@Suite struct ExpiryWatchTests {
    /// 2026-01-01.
    private static let date = 1_767_225_600
    private static let day = 86_400

    private func warning(in seconds: Int?, days: Int = 14) -> String? {
        let certificate = PeerCertificate(expiry: seconds.map { Self.date + $0 }, subject: "", issuer: "")
        let warning = ExpiryWatch(days: days, date: Self.date).warning(of: certificate)
        #expect(warning.map { $0.kind == .certificateExpires } != false)
        return warning?.text
    }

    @Test func `a certificate that expires within the time is a warning`() {
        #expect(warning(in: 13 * Self.day) == "expires on 2026-01-14, in 13 days")
        #expect(warning(in: 14 * Self.day - 1) == "expires on 2026-01-14, in 13 days")
        #expect(warning(in: 14 * Self.day) == nil)
        #expect(warning(in: 15 * Self.day) == nil)
        #expect(warning(in: Self.day) == "expires on 2026-01-02, in 1 day")
        #expect(warning(in: 1) == "expires on 2026-01-01, in 0 days")
        #expect(warning(in: 0) == "expired on 2026-01-01")
        #expect(warning(in: -Self.day) == "expired on 2025-12-31")
    }

    @Test func `where nothing is known or wanted there is none`() {
        #expect(warning(in: nil) == nil)
        #expect(warning(in: 1, days: 0) == nil)
        #expect(ExpiryWatch(days: 14, date: 0).warning(of: nil) == nil)
        #expect(warning(in: 100 * Self.day, days: .max) != nil)
        let never = PeerCertificate(expiry: .max, subject: "", issuer: "")
        #expect(ExpiryWatch(days: 14, date: .min).warning(of: never) == nil)
    }
}

@Suite struct IdentificationTests {
    private static let id = "ID (\"name\" \"dovemon\" \"version\" \"\(dovemonVersion)\")\r\n"

    @Test func `IMAP is told who asks where it knows ID`() {
        let poll = rehearse(
            .imap(list: false),
            ["* OK [CAPABILITY IMAP4rev1 ID] hi", "* ID (\"name\" {7}", "Dovecot)", "d1 OK", "d2 OK in", "d3 OK bye"])
        #expect(poll.said == ["d1 \(Self.id)d2 LOGIN \"joe\" \"hunter2\"\r\n", "d3 LOGOUT\r\n"])
        #expect(poll.report.succeeded)
        #expect(poll.phases == "connect 2, greeting 1, login 4, logout 1")
    }

    @Test(arguments: ["d1 NO no", "d1 BAD what?"])
    func `a server that does not want to know is well all the same`(reply: String) {
        let poll = rehearse(.imap(list: false), ["* OK [CAPABILITY ID] hi", reply, "d2 OK in", "d3 OK bye"])
        #expect(poll.report.succeeded)
        let preauthenticated = rehearse(.imap(list: false), ["* PREAUTH [CAPABILITY ID] hi", reply, "d2 OK bye"])
        #expect(preauthenticated.said == ["d1 \(Self.id)d2 LOGOUT\r\n"])
    }

    @Test func `with STARTTLS it is told behind the encryption`() {
        let poll = rehearse(
            .imap(nil).startingTLS, ["* OK [CAPABILITY ID STARTTLS] hi", "d1 OK", "* CAPABILITY ID", "d2 OK"])
        #expect(poll.said.last?.hasPrefix("d3 \(Self.id)") == true)
    }
}
