/// Durations and times as people read them.
public enum Durations {
    /// `800 ns`, `6 µs`, `1.23 ms`, `12.3 ms`, `4.50 s`: three digits at most.
    ///
    /// - Parameter isFine: whether microseconds have decimals, too: `1.60 µs`.
    public static func text(nanoseconds: Int64, isFine: Bool = false) -> String {
        if nanoseconds < 0 { return "-" + text(nanoseconds: nanoseconds == .min ? .max : -nanoseconds, isFine: isFine) }
        switch nanoseconds {
        case ..<1000: return "\(nanoseconds) ns"
        case ..<999_500 where isFine: return decimal(nanoseconds, unit: 1000) + " µs"
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
}
