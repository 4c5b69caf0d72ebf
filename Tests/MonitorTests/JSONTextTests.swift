import FoundationEssentials
import Testing

@testable import Monitor

/// What is written is what a library reads.
@Suite struct JSONTextTests {
    private struct Sample: Codable, Equatable {
        var text: String
        var flag: Bool
        var count: Int?
        var time: Double?
        var none: Double?
        var list: [Int]
        var inner: [String: [Double]]
    }

    private func written(_ sample: Sample) -> [UInt8] {
        var json = JSONText()
        json.object {
            $0.member("text", sample.text)
            $0.member("flag", sample.flag)
            $0.member("count", sample.count)
            $0.member("time", sample.time)
            $0.member("none", sample.none)
            $0.member("list", sample.list)
            $0.member("inner", startsLine: true) {
                for (name, values) in sample.inner { $0.member(name, values) }
            }
        }
        return json.bytes
    }

    @Test(arguments: [0, -0.0, 0.1, 1_790_000_319.25, 1e10, 5e-300, 1.7976931348623157e308, -12.5])
    func anyFiniteNumberIsReadAsItWas(time: Double) throws {
        let sample = Sample(text: "", flag: false, count: .max, time: time, none: nil, list: [], inner: [:])
        let read = try JSONDecoder().decode(Sample.self, from: Data(written(sample)))
        #expect(read == sample)
        #expect(read.time?.bitPattern == time.bitPattern || time == 0)
    }

    @Test func anyTextIsReadAsItWas() throws {
        let scalars = (0...0x2ff).compactMap(Unicode.Scalar.init) + ["\u{2028}", "\u{feff}", "\u{1f600}", "\u{10ffff}"]
        let text = String(String.UnicodeScalarView(scalars))
        let sample = Sample(
            text: text, flag: true, count: -1, time: nil, none: nil, list: [3, 0, -7], inner: [text: [0.5, 2]])
        #expect(try JSONDecoder().decode(Sample.self, from: Data(written(sample))) == sample)
        #expect(!written(sample).dropFirst().dropLast().contains { $0 < 0x20 && $0 != UInt8(ascii: "\n") })
    }

    @Test func whatIsEmptyIsAnObject() {
        var json = JSONText()
        json.object {
            $0.member("a") { _ in }
            $0.member("b") { $0.member("c", true) }
        }
        #expect(String(decoding: json.bytes, as: UTF8.self) == #"{"a":{},"b":{"c":true}}"#)
    }
}
