/// An address and a prefix length, `172.19.0.0/24` (RFC 4632, RFC 4291 section 2.3).
///
/// The host bits are kept as given: an interface's address is a prefix too.
public struct IPPrefix: Hashable, Sendable {
    public var address: IPAddress
    /// Bits, 0 to 32 or 0 to 128.
    public var length: Int

    /// Nil where `length` does not fit the family.
    public init?(_ address: IPAddress, length: Int) {
        guard (0...address.bitWidth).contains(length) else { return nil }
        self.address = address
        self.length = length
    }

    /// The prefix with its host bits cleared.
    public var network: IPPrefix {
        var copy = self
        switch address.family {
        case .ipv4:
            copy.address.low &= length == 0 ? 0 : UInt64(UInt32.max << (32 - UInt32(length)))
        case .ipv6:
            copy.address.high &= length == 0 ? 0 : UInt64.max << UInt64(max(0, 64 - length))
            copy.address.low &= length <= 64 ? 0 : UInt64.max << UInt64(128 - length)
        }
        return copy
    }

    /// The last address of an IPv4 network, which stands for all of it (RFC 919); nil for IPv6 and for networks of one or
    /// two addresses, which have none (RFC 3021).
    public var broadcast: IPAddress? {
        guard address.isIPv4, length < 31 else { return nil }
        return IPAddress(ipv4: UInt32(truncatingIfNeeded: network.address.low) | UInt32.max >> UInt32(length))
    }

    /// Its first and last address.
    public var range: ClosedRange<IPAddress> {
        let first = network.address
        var last = first
        if first.isIPv4 {
            last.low |= UInt64(UInt32.max) >> UInt64(length)
        } else {
            last.high |= length >= 64 ? 0 : UInt64.max >> UInt64(length)
            last.low |= length <= 64 ? UInt64.max : UInt64.max >> UInt64(length - 64)
        }
        return first...last
    }

    public func contains(_ other: IPAddress) -> Bool {
        guard other.family == address.family, let candidate = IPPrefix(other, length: length) else { return false }
        return candidate.network.address == network.address
    }
}

extension IPPrefix: CustomStringConvertible, LosslessStringConvertible {
    /// `address/length`; an address alone has the full length.
    public init?(_ description: String) {
        let parts = description.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0]) else { return nil }
        if parts.count == 1 {
            self.init(address, length: address.bitWidth)
        } else {
            guard let length = Int(parts[1]), !parts[1].hasPrefix("+") else { return nil }
            self.init(address, length: length)
        }
    }

    public var description: String { "\(address)/\(length)" }
}

extension IPPrefix: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = IPPrefix(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an IP prefix: \(text)")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
