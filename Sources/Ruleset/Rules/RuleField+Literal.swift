package import Wire

extension RuleField {
    /// Whether its values are numbers.
    var isNumeric: Bool {
        switch self {
        case .port, .transportProtocol, .connectionMark, .mark, .icmpType, .icmpCode, .tcpFlags, .timeToLive, .length,
            .fragmentOffset, .socketOwner, .arp, .dscp, .ipVersion:
            true
        default: false
        }
    }

    /// A value of this field as nft writes it in text.
    func literal(_ text: String) -> RuleValue {
        switch self {
        case .device: break
        default: if text == "*" { return .any }
        }
        switch self {
        case .address, .arpAddress:
            return IPAddress(text).map { .addresses($0...$0) } ?? .unreadable(text)
        case .device, .bridgePort:
            if text.hasSuffix("\\*") { return .device(text.dropLast(2) + "*", isPrefix: false) }
            return text.hasSuffix("*")
                ? .device(String(text.dropLast()), isPrefix: true) : .device(text, isPrefix: false)
        case .mac: return MACAddress(text).map { .mac($0) } ?? .unreadable(text)
        case .addressType, .networkProtocol, .connectionState, .connectionStatus, .connectionDirection, .isBridged:
            return .word(text.lowercased())
        default: return number(text).map { .number($0) } ?? .unreadable(text)
        }
    }

    private func number(_ text: String) -> UInt64? {
        if !isNumeric { return nil }
        if let number = parseNumber(text) { return UInt64(number) }
        return switch self {
        case .port: servicePort(text).map(UInt64.init)
        case .transportProtocol: IPProtocol(text).map { UInt64($0.rawValue) }
        case .icmpType(let isIPv6): ICMPType(ruleName: text, isIPv6: isIPv6).map { UInt64($0.number) }
        case .arp(let field): field.number(text)
        case .tcpFlags: TCPFlag.bits(text).map(UInt64.init)
        case .icmpCode(let isIPv6): Self.codes(isIPv6)[text]
        case .dscp: ServiceClass.codePoint(text)
        default: nil
        }
    }
}

extension RuleField {
    /// The codes of destination unreachable (RFC 792, RFC 4443), by nft's names.
    private static func codes(_ isIPv6: Bool) -> [String: UInt64] {
        isIPv6
            ? [
                "no-route": 0, "admin-prohibited": 1, "addr-unreachable": 3, "port-unreachable": 4, "policy-fail": 5,
                "reject-route": 6,
            ]
            : [
                "net-unreachable": 0, "host-unreachable": 1, "prot-unreachable": 2, "port-unreachable": 3,
                "frag-needed": 4, "net-prohibited": 9, "host-prohibited": 10, "admin-prohibited": 13,
            ]
    }
}

extension RuleValue {
    var isUnreadable: Bool { if case .unreadable = self { true } else { false } }

    /// Whether an address is this value; unknown for values of other kinds.
    package func truth(_ address: IPAddress) -> Truth {
        switch self {
        case .prefix(let prefix): Truth(prefix.contains(address))
        case .addresses(let range): Truth(range.contains(address))
        case .maskedAddress(let wanted, let mask): Truth(address.masked(by: mask) == wanted)
        case .any: .holds
        case .named(_, let elements): elements.any { $0.truth(address) }
        default: .unknown
        }
    }

    /// Whether a number is this value; unknown for values of other kinds.
    package func truth(_ number: some BinaryInteger) -> Truth {
        if case .numbers(let range) = self { Truth(range.contains(UInt64(number))) } else { .unknown }
    }
}

extension IPAddress {
    /// The bits that a mask of the same family leaves.
    fileprivate func masked(by mask: IPAddress) -> IPAddress {
        var copy = self
        copy.high &= mask.high
        copy.low &= mask.low
        return copy
    }
}
