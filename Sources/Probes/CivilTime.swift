/// A moment of the wall clock in UTC, by the Gregorian calendar.
///
/// Worked out from the seconds since 1970 alone, so that it is the same in every locale and time zone. Moments before
/// 1970 or after the year 9999, which mail cannot write, are taken for the nearest one that it can.
struct CivilTime: Equatable, Sendable {
    let year: Int
    /// 1 to 12.
    let month: Int
    /// 1 to 31.
    let day: Int
    /// Seconds since midnight.
    private let secondOfDay: Int
    /// 0 for Sunday.
    let weekday: Int

    init(unixSeconds: Int) {
        let seconds = min(max(unixSeconds, 0), 253_402_300_799)
        let days = seconds / 86_400
        secondOfDay = seconds % 86_400
        // 1 January 1970 was a Thursday.
        weekday = (days + 4) % 7
        // Years that begin in March have the leap day at their end: Hinnant's `civil_from_days`.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    }

    /// As in a message's Date field (RFC 5322, section 3.3): `Tue, 01 Dec 2026 04:05:06 +0000`.
    var mailDate: String { "\(Self.weekdays[weekday]), \(padded(day)) \(monthName) \(padded(year, to: 4)) \(time)" }

    /// As an IMAP date-time (RFC 9051, section 9), without its quotes: ` 1-Dec-2026 04:05:06 +0000`.
    var imapDateTime: String { "\(padded(day, with: " "))-\(monthName)-\(padded(year, to: 4)) \(time)" }

    private var time: String {
        "\(padded(secondOfDay / 3_600)):\(padded(secondOfDay / 60 % 60)):\(padded(secondOfDay % 60)) +0000"
    }

    private var monthName: String { Self.months[month - 1] }

    private func padded(_ number: Int, to width: Int = 2, with filling: Character = "0") -> String {
        let digits = String(number)
        return String(repeating: filling, count: max(0, width - digits.count)) + digits
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
