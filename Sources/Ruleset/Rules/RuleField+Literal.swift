package import Wire

extension RuleField {
    /// Whether its values are numbers.
    var isNumeric: Bool {
        switch self {
        case .port, .transportProtocol, .connectionMark, .mark, .icmpType, .icmpCode, .tcpFlags, .timeToLive, .length,
            .fragmentOffset, .socketOwner, .arp:
            true
        default: false
        }
    }

    /// A value of this field as nft writes it in text.
    func literal(_ text: String) -> RuleValue {
        switch self {
        case .address, .arpAddress:
            return IPAddress(text).map { .addresses($0...$0) } ?? .unreadable(text)
        case .device, .bridgePort:
            if text.hasSuffix("\\*") { return .device(text.dropLast(2) + "*", isPrefix: false) }
            return text.hasSuffix("*")
                ? .device(String(text.dropLast()), isPrefix: true) : .device(text, isPrefix: false)
        case .mac: return MACAddress(text).map { .mac($0) } ?? .unreadable(text)
        case .addressType, .networkProtocol, .connectionState, .connectionStatus, .isBridged:
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
        default: nil
        }
    }
}

extension RuleValue {
    var isUnreadable: Bool { if case .unreadable = self { true } else { false } }

    /// Whether an address is this value; unknown for values of other kinds.
    package func truth(_ address: IPAddress) -> Truth {
        switch self {
        case .prefix(let prefix): Truth(prefix.contains(address))
        case .addresses(let range): Truth(range.contains(address))
        case .named(_, let elements): elements.any { $0.truth(address) }
        default: .unknown
        }
    }

    /// Whether a number is this value; unknown for values of other kinds.
    package func truth(_ number: some BinaryInteger) -> Truth {
        if case .numbers(let range) = self { Truth(range.contains(UInt64(number))) } else { .unknown }
    }
}
