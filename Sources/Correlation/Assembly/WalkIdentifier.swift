internal import WalkModel

/// 128 bits from the label and the flow as first sent; written as 32 hex digits.
public struct WalkIdentifier: Hashable, Sendable, Comparable, CustomStringConvertible {
    public var high: UInt64
    public var low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// - Parameter ordinal: tells apart packets that are the same in all but time: 0 for the first of them.
    init(label: UInt64, flow: FlowKey, ordinal: UInt32) {
        let hash = flow.hash
        high = mix(label ^ 0x7061_636b_6574_7761, hash)
        low = mix(high ^ label, hash &+ 0x6c6b &+ UInt64(ordinal) << 32)
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    public var description: String {
        func digits(_ value: UInt64) -> String {
            let text = String(value, radix: 16)
            return String(repeating: "0", count: 16 - text.utf8.count) + text
        }
        return digits(high) + digits(low)
    }
}
