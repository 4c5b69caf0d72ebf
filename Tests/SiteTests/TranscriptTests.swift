import Site
import Testing

@Suite struct TranscriptTests {
    private func lines(_ numbers: ClosedRange<Int>, size: Int) -> ArraySlice<Transcript.Line> {
        numbers.map { Transcript.Line(at: .milliseconds($0), .sent, String(repeating: "x", count: size)) }[...]
    }

    private func times(_ lines: ArraySlice<Transcript.Line>) -> [Int] { lines.map { Int($0.time.inMilliseconds) } }

    @Test func `what fits stays as it is`() {
        let transcript = Transcript(beginning: lines(1...10, size: 100), omitted: 3, end: lines(14...20, size: 100))
        #expect(transcript.limited(to: 1_700) == transcript)
    }

    @Test func `what does not is left out in the middle`() {
        let transcript = Transcript(beginning: lines(1...10, size: 100), omitted: 3, end: lines(14...33, size: 100))
        let short = transcript.limited(to: 1_000)
        #expect(times(short.beginning) == [1, 2, 3])
        #expect(times(short.end) == [27, 28, 29, 30, 31, 32, 33])
        #expect(short.omitted == 23)
        #expect(short.limited(to: 1_000) == short)
    }

    @Test func `a beginning alone is divided too`() {
        let short = Transcript(beginning: lines(1...9, size: 100)).limited(to: 500)
        #expect((times(short.beginning), times(short.end), short.omitted) == ([1], [6, 7, 8, 9], 4))
    }

    @Test func `the last line is never left out`() {
        let short = Transcript(beginning: lines(1...3, size: 100)).limited(to: 10)
        #expect((times(short.beginning), times(short.end), short.omitted) == ([], [3], 2))
    }
}
