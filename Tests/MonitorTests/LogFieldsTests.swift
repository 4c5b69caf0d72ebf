import Site
import Testing

@testable import Monitor

@Suite struct LogFieldsTests {
    private func field(_ value: String?) -> String {
        var fields = LogFields()
        fields.add("text", value)
        return fields.text
    }

    @Test(arguments: ["word", "10.0.0.1", "a=b", "[AUTH]", "a\\\\b", "2001:db8::1", "'"])
    func `a plain word stands as it is`(value: String) {
        #expect(field(value) == "text=" + value)
    }

    @Test(arguments: [
        ("", "\"\""), (" ", "\" \""), ("two words", "\"two words\""), ("ä", "\"ä\""),
        ("say \"hi\"", "\"say \\\"hi\\\"\""), ("\"", "\"\\\"\""), ("\"\"", "\"\\\"\\\"\""),
        ("a\\\\\"b", "\"a\\\\\\\"b\""),
        ("x\" kind=ok", "\"x\\\" kind=ok\""),
    ])
    func `anything else stands between quotes`(value: String, quoted: String) {
        #expect(field(value) == "text=" + quoted)
    }

    @Test(arguments: ["\u{301}", "\u{20DD}", "\u{FE0F}", "\u{1F3FB}"])
    func `a quote that a combining character follows is a quote`(mark: String) {
        let text = field("no \"\(mark) kind=ok")
        #expect(Array(text.unicodeScalars) == Array("text=\"no \\\"\(mark) kind=ok\"".unicodeScalars))
    }

    @Test func `a field without a value is left out`() {
        #expect(field(nil) == "")
    }

    @Test(arguments: [
        (0, 1, "0.0"), (1.25, 1, "1.3"), (-0.04, 1, "0.0"), (-0.05, 1, "-0.1"), (12.999, 2, "13.00"), (7.04, 2, "7.04"),
        (1.5, 0, "2"), (0.999, 1, "1.0"), (1e15, 1, "1000000000000000.0"), (.infinity, 1, "inf"), (.nan, 1, "nan"),
    ])
    func `a number has so many decimals`(number: Double, digits: Int, text: String) {
        #expect(LogFields.fixed(number, digits: digits) == text)
    }
}
