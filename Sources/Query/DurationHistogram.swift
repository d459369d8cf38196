/// Durations by size: eight classes for each power of two, so a quantile is right within 12.5 %. 4 kB, however many.
struct DurationHistogram: Sendable {
    private var counts = [UInt64](repeating: 0, count: 64 * 8)
    private(set) var count: UInt64 = 0
    private(set) var minimum: Int64 = .max
    private(set) var maximum: Int64 = 0

    mutating func add(_ nanoseconds: Int64) {
        let value = UInt64(max(0, nanoseconds))
        counts[Self.index(value)] += 1
        count += 1
        minimum = min(minimum, Int64(value))
        maximum = max(maximum, Int64(value))
    }

    private static func index(_ value: UInt64) -> Int {
        if value < 8 { return Int(value) }
        let exponent = 63 - value.leadingZeroBitCount
        return (exponent - 2) * 8 + Int(value >> UInt64(exponent - 3) & 7)
    }

    /// The lowest value of a class.
    private static func value(_ index: Int) -> UInt64 {
        if index < 8 { return UInt64(index) }
        return UInt64(8 + index % 8) << UInt64(index / 8 - 1)
    }

    /// The value that `fraction` of all do not exceed; 0 where there are none.
    func quantile(_ fraction: Double) -> Int64 {
        guard count > 0 else { return 0 }
        let wanted = UInt64((Double(count) * fraction).rounded(.up))
        var seen: UInt64 = 0
        for (index, part) in counts.enumerated() where part > 0 {
            seen += part
            if seen >= max(1, wanted) {
                // The middle of the class, within what there was.
                let low = Int64(Self.value(index))
                let width = index < 8 ? 0 : Int64(1) << Int64(index / 8 - 1)
                return min(max(low + width / 2, minimum), maximum)
            }
        }
        return maximum
    }
}
