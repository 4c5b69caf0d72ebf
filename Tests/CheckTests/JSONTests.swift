import DirectorAdmin
import FoundationEssentials
import Site
import Testing

@testable import Check

@Suite struct JSONTests {
    private func compact(_ result: CheckResult) -> String {
        result.json.split(separator: "\n").map { $0.drop { $0 == " " } }.joined()
    }

    @Test func `a good backend has the shape that is documented`() {
        #expect(
            compact(CheckResult(.listed("127.0.1.1", users: 0, .good))) == """
                {"backends" : [{"address" : "127.0.1.1","healthy" : true,"polls" : [{"failure" : null,\
                "milliseconds" : 5.2,"ok" : true,\
                "phases" : {"command" : 0.5,"connect" : 0.1,"greeting" : 0.4,"login" : 3.9,"logout" : 0.3},\
                "port" : 143,"protocol" : "imap","tls" : "none","warnings" : []}],\
                "state" : "up","tag" : "","users" : 0,"vhosts" : 100}],"checked_at" : "2026-11-21T01:25:46Z"}
                """)
    }

    @Test func `a transcript is there where somebody asked for it`() {
        #expect(
            compact(CheckResult(.listed(.transcribed))).contains(
                """
                "tls" : "none","transcript" : {"beginning" : [{"kind" : "event","milliseconds" : 0.1,"text" : "connected"},\
                {"kind" : "received","milliseconds" : 2,"text" : "+OK ready."}],\
                "end" : [{"kind" : "sent","milliseconds" : 1012,"text" : "QUIT"}],"omitted" : 3}
                """))
    }

    @Test func `a failure has its phase, kind, code and text`() {
        #expect(
            compact(CheckResult(.listed(.bad))).contains(
                """
                "failure" : {"code" : "AUTHENTICATIONFAILED","kind" : "rejected","phase" : "login",\
                "text" : "Authentication failed."}
                """))
    }

    @Test func `a warning has its kind and text`() {
        #expect(
            compact(CheckResult(.listed(.warned))).contains(
                #""warnings" : [{"kind" : "certificate_expires","text" : "expires on 2026-12-04, in 13 days"}]"#))
    }

    @Test func `a failure without a code says so`() {
        #expect(compact(CheckResult(.listed(.undetermined))).contains("\"code\" : null,\"kind\" : \"local\""))
    }

    @Test func `what only the director knows is null without it`() {
        #expect(
            compact(CheckResult(.named("::1"))) == """
                {"backends" : [{"address" : "::1","healthy" : null,"polls" : [],"state" : null,"tag" : null,\
                "users" : null,"vhosts" : null}],"checked_at" : "2026-11-21T01:25:46Z"}
                """)
    }

    @Test func `health is null for what could not be told`() {
        #expect(compact(CheckResult(.listed(.undetermined))).contains("\"healthy\" : null"))
        #expect(compact(CheckResult(.listed(.bad))).contains("\"healthy\" : false"))
        #expect(compact(CheckResult(.listed())).contains("\"healthy\" : null"))
    }

    @Test func `a state that is not known is null`() {
        #expect(compact(CheckResult(.listed(state: nil, .good))).contains("\"state\" : null"))
    }

    @Test func `a director that cannot be asked is an error, and no backends`() {
        #expect(
            compact(CheckResult(failure: "no such socket"))
                == #"{"backends" : [],"checked_at" : "2026-11-21T01:25:46Z","error" : "no such socket"}"#)
    }

    @Test(arguments: [
        (Service(.imap, port: 993, tls: .implicit), "imap", "implicit"), (Service(.pop3, port: 110), "pop3", "none"),
        (Service(.lmtp, port: 24), "lmtp", "none"),
    ])
    func `a poll names its service`(service: Service, name: String, tls: String) {
        let json = compact(CheckResult(.listed(.failed(.timeout, "late", service))))
        #expect(json.contains("\"port\" : \(service.port),\"protocol\" : \"\(name)\",\"tls\" : \"\(tls)\""))
    }

    @Test func `a server's words come back from JSON as they were`() throws {
        struct Document: Decodable {
            struct Backend: Decodable { let tag: String, polls: [Poll] }
            struct Poll: Decodable { let failure: Failure }
            struct Failure: Decodable { let code: String, text: String }
            let backends: [Backend]
        }
        let text = "a \"quoted\" \\\\n {brace} / ä | \u{301} </script>"
        let json = CheckResult(.listed(tag: "t\t\"\n", .failed(.rejected, code: "A\"", text))).json
        let document = try JSONDecoder().decode(Document.self, from: Data(json.utf8))
        #expect(document.backends.first?.tag == "t\t\"\n")
        #expect(document.backends.first?.polls.first?.failure.text == text)
        #expect(document.backends.first?.polls.first?.failure.code == "A\"")
    }
}
