import Site
import Testing

@testable import Monitor

/// The latest events, found by the backend that they name.
@Suite struct JournalTests {
    private func entry(_ number: Int, _ backend: String? = nil, others: String? = nil) -> Chronicle.Entry {
        var fields = LogFields()
        fields.add("backend", backend)
        fields.add("backends", others)
        fields.add("text", "\(number)")
        return Chronicle.Entry(time: LogTime(milliseconds: number), line: LogLine(.notice, "test", fields))
    }

    private func numbers(_ journal: Journal, _ backend: String? = nil, atMost limit: Int = .max) -> [Int] {
        journal.latest(of: backend, atMost: limit).map(\.time.milliseconds)
    }

    @Test func `a question for one backend's looks at its own alone, however many others' there are`() {
        var journal = Journal(limit: 10_000)
        journal.append(entry(0, "10.0.0.1"))
        for number in 1..<10_000 { journal.append(entry(number, "10.0.1.\(number % 200)")) }
        #expect(numbers(journal, "10.0.0.1") == [0] && journal.count(of: "10.0.0.1") == 1)
        #expect(numbers(journal, "10.9.9.9") == [] && journal.count(of: "10.9.9.9") == 0)
        #expect(numbers(journal, "10.0.1.7", atMost: 2) == [9_607, 9_807])
    }

    @Test func `what has gone is not found any more, nor is anything kept of it`() {
        var journal = Journal(limit: 3)
        journal.append(entry(1, "a"))
        journal.append(entry(2, "b", others: "a,b,c"))
        #expect(numbers(journal, "a") == [1, 2] && numbers(journal, "b") == [2] && numbers(journal, "c") == [2])
        journal.append(entry(3))
        journal.append(entry(4, "b"))
        #expect(numbers(journal) == [2, 3, 4] && numbers(journal, "a") == [2] && numbers(journal, "b") == [2, 4])
        journal.append(entry(5))
        #expect(numbers(journal, "a") == [] && numbers(journal, "b") == [4] && journal.backendCount == 1)
        #expect(numbers(journal, atMost: 2) == [4, 5])
    }

    @Test func `it holds what a search through all would find`() {
        var random = SystemRandomNumberGenerator()
        var journal = Journal(limit: 40)
        var all: [(number: Int, backends: Set<String>)] = []
        for number in 0..<500 {
            let backend = Bool.random(using: &random) ? "\(Int.random(in: 0..<6, using: &random))" : nil
            let others = (0..<Int.random(in: 0..<4, using: &random)).map { _ in
                "\(Int.random(in: 0..<6, using: &random))"
            }
            journal.append(entry(number, backend, others: others.isEmpty ? nil : others.joined(separator: ",")))
            all = Array((all + [(number, Set(others + [backend].compactMap(\.self)))]).suffix(40))
            for name in (0..<6).map(String.init) {
                #expect(numbers(journal, name) == all.filter { $0.backends.contains(name) }.map(\.number))
            }
        }
    }
}
