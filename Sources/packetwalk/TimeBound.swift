internal import Glibc
internal import WalkModel

/// What `--since` and `--until` take: a time of the day or a date as journalctl(1) reads them, or a time after the first
/// packet.
enum TimeBound: Equatable {
    /// Nanoseconds since 1970.
    case at(Int64)
    /// Nanoseconds after the first packet of the recording.
    case afterFirst(Int64)
    /// Local time on the day of the first packet, in nanoseconds since midnight.
    case ofDay(Int64)

    /// Nil where the text can't be understood.
    ///
    /// - `+1.5s`, `+20ms`, `+3min`, `+2h`: after the first packet.
    /// - `14:30`, `14:30:05`, `14:30:05.25`: local time on the day of the first packet.
    /// - `2026-11-23`, `2026-11-23 14:30:05`: local time; with a `Z` at its end, and a `T`, UTC (RFC 3339).
    /// - `@1795485494.25`: seconds since 1970.
    init?(_ text: String) {
        if let time = WalkModel.nanoseconds(rfc3339: text) {
            self = .at(time)
        } else if text.hasPrefix("@"), let time = Self.decimal(text.dropFirst(), unit: 1_000_000_000) {
            self = .at(time)
        } else if text.hasPrefix("+"), let time = Self.duration(text.dropFirst()) {
            self = .afterFirst(time)
        } else if let time = Self.clock(text[...]) {
            self = .ofDay(time)
        } else if let time = Self.date(text) {
            self = .at(time)
        } else {
            return nil
        }
    }

    /// - Parameter first: when the first packet was seen.
    func nanoseconds(first: Int64) -> Int64 {
        switch self {
        case .at(let time): return time
        case .afterFirst(let time): return first.addingReportingOverflow(time).partialValue
        case .ofDay(let time):
            var second = time_t(first / 1_000_000_000)
            var parts = tm()
            localtime_r(&second, &parts)
            return Self.local(parts, nanosecondsOfDay: time)
        }
    }

    private static func local(_ day: tm, nanosecondsOfDay time: Int64) -> Int64 {
        var parts = day
        parts.tm_hour = Int32(time / 3_600_000_000_000)
        parts.tm_min = Int32(time / 60_000_000_000 % 60)
        parts.tm_sec = Int32(time / 1_000_000_000 % 60)
        parts.tm_isdst = -1
        return Int64(mktime(&parts)) * 1_000_000_000 + time % 1_000_000_000
    }

    private static func date(_ text: String) -> Int64? {
        let parts = text.split(maxSplits: 1) { $0 == " " || $0 == "T" }
        guard let first = parts.first else { return nil }
        let fields = first.split(separator: "-", omittingEmptySubsequences: false)
        let numbers = fields.compactMap { $0.allSatisfy(\.isASCIIDigit) ? Int32($0) : nil }
        guard fields.count == 3, numbers.count == 3, (1970...2200).contains(numbers[0]), (1...12).contains(numbers[1]),
            (1...31).contains(numbers[2])
        else { return nil }
        var day = tm()
        day.tm_year = numbers[0] - 1900
        day.tm_mon = numbers[1] - 1
        day.tm_mday = numbers[2]
        guard parts.count == 2 else { return local(day, nanosecondsOfDay: 0) }
        return clock(parts[1]).map { local(day, nanosecondsOfDay: $0) }
    }

    /// `14:30`, `14:30:05.25`: nanoseconds since midnight.
    private static func clock(_ text: Substring) -> Int64? {
        let fields = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(fields.count), let hour = digits(fields[0]), hour < 24, let minute = digits(fields[1]),
            minute < 60
        else { return nil }
        let second = fields.count == 3 ? decimal(fields[2], unit: 1_000_000_000) : 0
        guard let second, second < 61_000_000_000 else { return nil }
        return (hour * 3600 + minute * 60) * 1_000_000_000 + second
    }

    private static func duration(_ text: Substring) -> Int64? {
        let units: [(String, Int64)] = [
            ("ns", 1), ("us", 1000), ("µs", 1000), ("ms", 1_000_000), ("min", 60_000_000_000), ("s", 1_000_000_000),
            ("m", 60_000_000_000), ("h", 3_600_000_000_000), ("", 1_000_000_000),
        ]
        for (name, unit) in units where text.hasSuffix(name) {
            return decimal(text.dropLast(name.count), unit: unit)
        }
        return nil
    }

    private static func digits(_ text: Substring) -> Int64? {
        (1...2).contains(text.count) && text.allSatisfy(\.isASCIIDigit) ? Int64(text) : nil
    }

    /// A decimal number of units, in nanoseconds: exact, without floating point.
    private static func decimal(_ text: Substring, unit: Int64) -> Int64? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty, whole.count <= 12, whole.allSatisfy(\.isASCIIDigit),
            let number = Int64(whole)
        else { return nil }
        let (value, overflows) = number.multipliedReportingOverflow(by: unit)
        guard !overflows else { return nil }
        guard parts.count == 2 else { return value }
        guard !parts[1].isEmpty, parts[1].allSatisfy(\.isASCIIDigit) else { return nil }
        var rest = value
        var place = unit
        for digit in parts[1] {
            place /= 10
            rest += place * Int64(digit.wholeNumberValue ?? 0)
        }
        return rest
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}
