/// An IPv4 or IPv6 address.
///
/// 128 bits in network order and the family. An IPv4 address stands in the lowest 32 bits.
/// Text: dotted quad (RFC 791) or the canonical form of RFC 5952.
public struct IPAddress: Hashable, Sendable {
    public enum Family: UInt8, Sendable, Hashable {
        case ipv4 = 4
        case ipv6 = 6
    }

    public var high: UInt64
    public var low: UInt64
    public var family: Family

    @inlinable
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
        self.family = .ipv6
    }

    /// `value` in host order: 0x7f000001 is 127.0.0.1.
    @inlinable
    public init(ipv4 value: UInt32) {
        self.high = 0
        self.low = UInt64(value)
        self.family = .ipv4
    }

    /// The 4 or 16 bytes in network order; nil for any other count.
    public init?(bytes: some Collection<UInt8>) {
        switch bytes.count {
        case 4:
            self.init(ipv4: bytes.reduce(0) { $0 << 8 | UInt32($1) })
        case 16:
            var high: UInt64 = 0
            var low: UInt64 = 0
            for (index, byte) in bytes.enumerated() {
                if index < 8 { high = high << 8 | UInt64(byte) } else { low = low << 8 | UInt64(byte) }
            }
            self.init(high: high, low: low)
        default:
            return nil
        }
    }

    /// 4 or 16 bytes in network order.
    public var bytes: [UInt8] {
        switch family {
        case .ipv4:
            return (0..<4).map { UInt8(truncatingIfNeeded: low >> (24 - 8 * $0)) }
        case .ipv6:
            return (0..<16).map { UInt8(truncatingIfNeeded: ($0 < 8 ? high : low) >> (56 - 8 * ($0 % 8))) }
        }
    }

    @inlinable public var isIPv4: Bool { family == .ipv4 }
    public var bitWidth: Int { family == .ipv4 ? 32 : 128 }
    public var isUnspecified: Bool { high == 0 && low == 0 }
    public var isLoopback: Bool {
        family == .ipv4 ? low >> 24 == 127 : high == 0 && low == 1
    }
    /// 224.0.0.0/4 or ff00::/8.
    public var isMulticast: Bool {
        family == .ipv4 ? low >> 28 == 0xe : high >> 56 == 0xff
    }
    /// 169.254.0.0/16 (RFC 3927) or fe80::/10 (RFC 4291).
    public var isLinkLocal: Bool {
        family == .ipv4 ? low >> 16 == 0xa9fe : high >> 54 == 0x3fa
    }
    /// 10/8, 172.16/12, 192.168/16 (RFC 1918), 100.64/10 (RFC 6598) or fc00::/7 (RFC 4193).
    public var isPrivate: Bool {
        switch family {
        case .ipv4:
            return low >> 24 == 10 || low >> 20 == 0xac1 || low >> 16 == 0xc0a8 || low >> 22 == 0x191
        case .ipv6:
            return high >> 57 == 0x7e
        }
    }
}

extension IPAddress: Comparable {
    public static func < (left: IPAddress, right: IPAddress) -> Bool {
        (left.family.rawValue, left.high, left.low) < (right.family.rawValue, right.high, right.low)
    }
}

extension IPAddress: CustomStringConvertible, LosslessStringConvertible {
    public init?(_ text: some StringProtocol) {
        if text.utf8.contains(UInt8(ascii: ":")) {
            guard let value = Self.parseIPv6(text) else { return nil }
            self = value
        } else {
            guard let value = Self.parseIPv4(text) else { return nil }
            self.init(ipv4: value)
        }
    }

    public init?(_ description: String) {
        self.init(description[...])
    }

    private static func parseIPv4(_ text: some StringProtocol) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (48...57).contains($0) }),
                let octet = UInt8(part)
            else { return nil }
            value = value << 8 | UInt32(octet)
        }
        return value
    }

    private static func parseIPv6(_ text: some StringProtocol) -> IPAddress? {
        let halves = String(text).split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
        guard halves.count <= 2 else { return nil }
        guard let head = groups(halves[0], mayEndInIPv4: halves.count == 1) else { return nil }
        var words = head
        if halves.count == 2 {
            guard let tail = groups(halves[1], mayEndInIPv4: true), head.count + tail.count <= 7 else { return nil }
            words += Array(repeating: 0, count: 8 - head.count - tail.count) + tail
        }
        guard words.count == 8 else { return nil }
        return IPAddress(
            high: words[0..<4].reduce(0) { $0 << 16 | UInt64($1) },
            low: words[4..<8].reduce(0) { $0 << 16 | UInt64($1) })
    }

    private static func groups(_ text: some StringProtocol, mayEndInIPv4: Bool) -> [UInt16]? {
        if text.isEmpty { return [] }
        var words: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if mayEndInIPv4, index == parts.count - 1, part.contains(".") {
                guard let value = parseIPv4(part) else { return nil }
                words += [UInt16(value >> 16), UInt16(truncatingIfNeeded: value)]
            } else {
                guard (1...4).contains(part.utf8.count), part.utf8.first != UInt8(ascii: "+"),
                    let word = UInt16(part, radix: 16)
                else { return nil }
                words.append(word)
            }
        }
        return words
    }

    /// `198.51.100.1:443`, `[2001:db8::1]:443` (RFC 5952, section 6); the address alone where there is no port.
    public func text(port: UInt16?) -> String {
        guard let port else { return description }
        return isIPv4 ? "\(self):\(port)" : "[\(self)]:\(port)"
    }

    public var description: String {
        switch family {
        case .ipv4:
            return String(unsafeUninitializedCapacity: 15) { text in
                var end = 0
                for shift in stride(from: 24, through: 0, by: -8) {
                    let octet = UInt8(truncatingIfNeeded: low >> UInt64(shift))
                    for divisor: UInt8 in [100, 10, 1] where octet >= divisor || divisor == 1 {
                        text[end] = UInt8(ascii: "0") + octet / divisor % 10
                        end += 1
                    }
                    if shift > 0 {
                        text[end] = UInt8(ascii: ".")
                        end += 1
                    }
                }
                return end
            }
        case .ipv6:
            return ipv6Description
        }
    }

    private var ipv6Description: String {
        if high == 0, low >> 32 == 0xffff {
            return "::ffff:\(IPAddress(ipv4: UInt32(truncatingIfNeeded: low)))"
        }
        let words = (0..<8).map { UInt16(truncatingIfNeeded: ($0 < 4 ? high : low) >> (48 - 16 * ($0 % 4))) }
        var longest = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, words[end] == 0 { end += 1 }
            if end - start > max(1, longest.count) { longest = start..<end }
            start = max(end, start + 1)
        }
        func text(_ part: ArraySlice<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        if longest.isEmpty { return text(words[...]) }
        return text(words[..<longest.lowerBound]) + "::" + text(words[longest.upperBound...])
    }
}

extension IPAddress: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = IPAddress(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an IP address: \(text)")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
