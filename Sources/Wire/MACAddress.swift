/// A 48-bit IEEE 802 address, in the lowest 48 bits of `value`.
public struct MACAddress: Hashable, Sendable {
    public var value: UInt64

    @inlinable
    public init(value: UInt64) {
        self.value = value & 0xffff_ffff_ffff
    }

    /// Nil unless there are exactly six bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 6 else { return nil }
        self.init(value: bytes.reduce(0) { $0 << 8 | UInt64($1) })
    }

    public var isBroadcast: Bool { value == 0xffff_ffff_ffff }
    /// The group bit: multicast and broadcast.
    public var isGroup: Bool { value >> 40 & 1 == 1 }
    public var isZero: Bool { value == 0 }
}

extension MACAddress: Comparable {
    public static func < (left: MACAddress, right: MACAddress) -> Bool { left.value < right.value }
}

extension MACAddress: CustomStringConvertible, LosslessStringConvertible {
    public init?(_ description: String) {
        let parts = description.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6 else { return nil }
        var value: UInt64 = 0
        for part in parts {
            guard part.utf8.count == 2, part.utf8.first != UInt8(ascii: "+"), let byte = UInt8(part, radix: 16) else {
                return nil
            }
            value = value << 8 | UInt64(byte)
        }
        self.init(value: value)
    }

    public var description: String {
        String(unsafeUninitializedCapacity: 17) { text in
            for index in 0..<6 {
                let byte = UInt8(truncatingIfNeeded: value >> UInt64(40 - 8 * index))
                text[3 * index] = Self.digit(byte >> 4)
                text[3 * index + 1] = Self.digit(byte & 15)
                if index < 5 { text[3 * index + 2] = UInt8(ascii: ":") }
            }
            return 17
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}

extension MACAddress: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = MACAddress(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a MAC address: \(text)")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
