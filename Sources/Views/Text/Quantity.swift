/// Amounts as people read them.
public enum Quantity {
    /// `1 packet`, `12 packets`.
    public static func text(_ count: some BinaryInteger, _ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : "s")"
    }

    /// `812 bytes`, `1.23 kB`, `2.10 MB`: decimal units, three digits.
    ///
    /// - Parameter short: `812 B` for what is below a kilobyte.
    public static func bytes(_ count: UInt64, short: Bool = false) -> String {
        if count < 1000 { return short ? "\(count) B" : text(count, "byte") }
        var value = count
        var rest: UInt64 = 0
        var unit = 0
        let units = ["kB", "MB", "GB", "TB", "PB", "EB"]
        while value >= 1000, unit < units.count {
            rest = value % 1000
            value /= 1000
            unit += 1
        }
        // Cut, not rounded: a limit that was not reached is not shown as reached.
        let decimals = value < 10 ? "\(rest / 100)\(rest / 10 % 10)" : value < 100 ? "\(rest / 100)" : ""
        return "\(value)\(decimals.isEmpty ? "" : ".\(decimals)") \(units[unit - 1])"
    }
}
