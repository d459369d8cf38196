/// Durations and times as people read them.
enum Durations {
    /// `800 ns`, `6 µs`, `1.23 ms`, `12.3 ms`, `4.50 s`: three digits at most.
    static func text(nanoseconds: Int64) -> String {
        if nanoseconds < 0 { return "-" + text(nanoseconds: nanoseconds == .min ? .max : -nanoseconds) }
        switch nanoseconds {
        case ..<1000: return "\(nanoseconds) ns"
        case ..<999_500: return "\((nanoseconds + 500) / 1000) µs"
        case ..<999_500_000: return decimal(nanoseconds, unit: 1_000_000) + " ms"
        default: return decimal(nanoseconds, unit: 1_000_000_000) + " s"
        }
    }

    /// Two decimals below 10, one below 100, none above.
    private static func decimal(_ value: Int64, unit: Int64) -> String {
        // Rounded once, to the digits that are shown.
        func rounded(to part: Int64) -> Int64 { value / part + (value % part >= part / 2 ? 1 : 0) }
        let hundredths = rounded(to: unit / 100)
        if hundredths < 1000 { return "\(hundredths / 100).\(padded(hundredths % 100))" }
        let tenths = rounded(to: unit / 10)
        if tenths < 1000 { return "\(tenths / 10).\(tenths % 10)" }
        return "\(rounded(to: unit))"
    }

    private static func padded(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }

    /// Nanoseconds since 1970 of an RFC 3339 time in UTC, `2026-11-23T01:58:14.860946123Z`; nil for any other text.
    static func nanoseconds(rfc3339 text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            bytes.last == UInt8(ascii: "Z")
        else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            var value: Int64 = 0
            for byte in bytes[range] {
                guard (48...57).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - 48)
            }
            return value
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            (1970...2200).contains(year), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        var fraction: Int64 = 0
        if bytes.count > 20 {
            let digits = bytes.count - 21
            guard bytes[19] == UInt8(ascii: "."), (1...9).contains(digits), let value = number(20..<(20 + digits))
            else { return nil }
            fraction = value
            for _ in digits..<9 { fraction *= 10 }
        }
        // Days from the civil calendar, with the year beginning in March so that a leap day is its last.
        let shifted = month > 2 ? year : year - 1
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000_000 + fraction
    }
}
