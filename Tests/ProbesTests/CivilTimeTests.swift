import Testing

@testable import Probes

@Suite struct CivilTimeTests {
    /// From `date -u -R -d @N`.
    private static let known: [(Int, String)] = [
        (0, "Thu, 01 Jan 1970 00:00:00 +0000"), (86_399, "Thu, 01 Jan 1970 23:59:59 +0000"),
        (951_782_399, "Mon, 28 Feb 2000 23:59:59 +0000"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 +0000"),
        (951_868_800, "Wed, 01 Mar 2000 00:00:00 +0000"), (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 +0000"),
        (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 +0000"), (1_735_689_600, "Wed, 01 Jan 2025 00:00:00 +0000"),
        (1_740_787_200, "Sat, 01 Mar 2025 00:00:00 +0000"), (1_795_231_546, "Sat, 21 Nov 2026 03:25:46 +0000"),
        (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 +0000"), (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 +0000"),
        (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 +0000"),
    ]

    @Test(arguments: known)
    func `a moment is written as mail wants it`(seconds: Int, text: String) {
        #expect(CivilTime(unixSeconds: seconds).mailDate == text)
    }

    @Test func `a moment is written as IMAP wants it, the day in two places`() {
        #expect(CivilTime(unixSeconds: 1_795_231_546).imapDateTime == "21-Nov-2026 03:25:46 +0000")
        #expect(CivilTime(unixSeconds: 951_868_801).imapDateTime == " 1-Mar-2000 00:00:01 +0000")
    }

    @Test func `a day follows the other over four hundred years`() {
        var year = 1970
        var month = 1
        var day = 1
        for number in 0..<146_097 {
            let time = CivilTime(unixSeconds: number * 86_400 + 40_000)
            let isRight = time.year == year && time.month == month && time.day == day
            #expect(isRight && time.weekday == (number + 4) % 7, "day \(number)")
            day += 1
            if day > length(of: month, in: year) {
                day = 1
                month += 1
            }
            if month > 12 {
                month = 1
                year += 1
            }
        }
        #expect(year == 2370)
    }

    @Test(arguments: [(Int.min, "Thu, 01 Jan 1970 00:00:00 +0000"), (Int.max, "Fri, 31 Dec 9999 23:59:59 +0000")])
    func `a clock that is far off is no trouble`(seconds: Int, text: String) {
        #expect(CivilTime(unixSeconds: seconds).mailDate == text)
    }

    private func length(of month: Int, in year: Int) -> Int {
        switch month {
        case 2: year % 400 == 0 || year % 4 == 0 && year % 100 != 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
