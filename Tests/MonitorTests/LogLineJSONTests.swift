import DirectorAdmin
import Foundation
import Health
import Logging
import Site
import Testing

@testable import Monitor

/// The log's lines for programs.
@Suite struct LogLineJSONTests {
    private let time = LogTime(milliseconds: 1_795_267_200_123)

    private func object(_ text: String) throws -> [String: String] {
        try JSONDecoder().decode([String: String].self, from: Data(text.utf8))
    }

    @Test func `a change is an object with stable keys`() throws {
        let host = Host(
            address: try #require(IPAddress("10.0.0.1")), spelling: "10.0.0.1", vhosts: 100, users: 0, tag: "",
            state: .down, lastChange: 0)
        let line = LogLine(.stateChanged(host, .foreign, nil))
        #expect(
            line.json(at: time) == #"{"backend":"10.0.0.1","by":"others","event":"state_changed","level":"error","#
                + #""state":"down","time":"2026-11-21T13:20:00.123Z"}"#)
    }

    @Test func `the package's rsyslog finds the end of an alert in either format`() throws {
        let top = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        let file = try String(contentsOfFile: top + "/packaging/rsyslog/30-dovemon.conf", encoding: .utf8)
        let condition = try #require(file.split(separator: "\n").first { $0.contains("else if") })
        // One of these has to hold, each with all that stands in its quotes.
        let choices = condition.split(separator: ") or ").map { choice in
            choice.matches(of: /contains (?:"([^"]*)"|'([^']*)')/).map { String($0.output.1 ?? $0.output.2 ?? "") }
        }
        #expect(choices.count == 2 && choices.allSatisfy { !$0.isEmpty })
        for (state, isEnd) in [(HostState.up, true), (.down, false)] {
            let host = Host(
                address: try #require(IPAddress("10.0.0.1")), spelling: "10.0.0.1", vhosts: 100, users: 0, tag: "",
                state: state, lastChange: 0)
            let line = LogLine(.stateChanged(host, .foreign, nil))
            for text in [line.text, line.json(at: time)] {
                #expect(choices.contains { $0.allSatisfy(text.contains) } == isEnd, "\(text)")
            }
        }
    }

    @Test func `whatever a server says is one value in one line`() throws {
        var fields = LogFields()
        let said = "\"},{\u{2028}\n\\ \u{1b}</script> \u{1F600}"
        fields.add("text", said)
        let text = LogLine(.info, "x", fields).json(at: time)
        #expect(!text.contains("\n"))
        #expect(try object(text)["text"] == said)
    }

    @Test func `no field of a poll is lost behind the keys that every line has`() throws {
        let imap = Service(.imap, port: 143)
        let failure = PollFailure(phase: .connect, kind: .refused, text: "Connection refused")
        let report = PollReport(
            failure: nil, phases: [PhaseTime(.connect, .milliseconds(1))], duration: .milliseconds(1234))
        let events: [MonitorEvent] = [
            .pollSucceeded(backend: "10.0.0.1", imap, report),
            .pollFailed(backend: "10.0.0.1", imap, report, failure, failures: 1, needed: 3),
            .rapidPollFailed(backend: "10.0.0.1", imap, report, failure, .init(needed: 2)),
        ]
        for event in events {
            let line = LogLine(event)
            #expect(line.fields.all.allSatisfy { !LogFields.reserved.contains($0.name) })
            #expect(Set(line.fields.all.map(\.name)).count == line.fields.all.count)
            let object = try object(line.json(at: time))
            #expect(object["took"] == "1234.0ms")
            #expect(object.count == line.fields.all.count + 3)
        }
    }

    @Test func `words that are no fields are an event too`() throws {
        let object = try object(LogLine(.warning, message: "config.yml:1:1: mistake").json(at: time))
        #expect(object["event"] == "message")
        #expect(object["text"] == "config.yml:1:1: mistake")
    }

    @Test(arguments: ["x", "\u{1}", "\"", "\u{e9}"])
    func `a line that is too long is cut where it is longest, and stays an object`(character: String) throws {
        var fields = LogFields("10.0.0.1")
        fields.add("transcript", String(repeating: character, count: 9_000))
        let text = LogLine(.debug, "failed_poll_recalled", fields).json(at: time, limit: 4_095)
        #expect(text.utf8.count <= 4_095)
        #expect(text.utf8.count > 3_000)
        let object = try object(text)
        #expect(object["backend"] == "10.0.0.1")
        #expect(object["transcript"]?.hasPrefix(character) == true)
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (1_007, "1970-01-01T00:00:01.007Z"), (-1, "1969-12-31T23:59:59.999Z"),
    ])
    func `times are ISO 8601 in UTC`(milliseconds: Int, text: String) {
        #expect(LogTime(milliseconds: milliseconds).iso8601 == text)
    }
}
