/// RFC 3339 with nanoseconds, UTC, from nanoseconds since 1970: `2026-11-23T01:58:14.860946123Z`.
///
/// The civil date by Howard Hinnant's `civil_from_days` (days counted in 400-year eras from March).
public func timestamp(_ nanoseconds: Int64) -> String {
    let seconds = nanoseconds.flooredQuotient(1_000_000_000)
    let fraction = nanoseconds - seconds * 1_000_000_000
    let days = seconds.flooredQuotient(86_400)
    let second = Int(seconds - days * 86_400)
    let shifted = days + 719_468
    let era = shifted.flooredQuotient(146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    func padded(_ value: Int64, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
    return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2) + "T"
        + padded(Int64(second / 3600), 2) + ":" + padded(Int64(second / 60 % 60), 2) + ":"
        + padded(Int64(second % 60), 2) + "." + padded(fraction, 9) + "Z"
}

extension Int64 {
    fileprivate func flooredQuotient(_ divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
