import Testing

@testable import Web

@Suite struct MetricsFormatTests {
    @Test("the format is the one that the client prefers, and Prometheus' own text without a preference")
    func negotiation() {
        let prometheus =
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
            + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
        for (accept, format) in [
            ([], .prometheus), (["*/*"], .prometheus), (["text/plain"], .prometheus), ([prometheus], .openMetrics),
            (["application/openmetrics-text"], .openMetrics), (["text/html,*/*;q=0.8"], .prometheus),
            (["application/openmetrics-text; version=\"1.0.0\""], .openMetrics),
            (["Application/OpenMetrics-Text"], .openMetrics), (["application/openmetrics-text;q=0"], .prometheus),
            (["application/openmetrics-text;q=0.2, text/plain;q=0.9"], .prometheus),
            (["application/openmetrics-text;q=0.9", "text/plain;q=0.8"], .openMetrics),
            (["application/openmetrics-text;version=9.9.9"], .prometheus),
            (["application/openmetrics-text;q=x"], .prometheus),
            (["application/openmetrics-text;q=0.5,*/*"], .prometheus), (["application/json"], .prometheus),
            ([";;;q=,,=,"], .prometheus), ([String(repeating: ",", count: 10_000)], .prometheus),
        ] as [([String], MetricsFormat)] {
            #expect(MetricsFormat(accept: accept) == format, "\(accept)")
        }
    }
}
