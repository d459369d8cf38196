internal import Wire

extension Match {
    /// The condition as nft writes it.
    package var nftText: String {
        if values.isEmpty { return field.nftName }
        let name = field.nftName + (mask.map { " & \(field.nftNumber($0))" } ?? "")
        if case .maskedAddress(let address, let mask)? = values.first, isNegated {
            return "\(name) & \(mask) != \(address)"
        }
        return "\(name) \(isNegated ? "!= " : mask == nil ? "" : "== ")\(field.nftText(values))"
    }
}

extension RuleField {
    func nftText(_ values: [RuleValue]) -> String {
        let texts = values.map { nftText($0) }
        if texts.count == 1 { return texts[0] }
        // Of states a packet has one.
        if self == .connectionState || self == .connectionStatus { return texts.joined(separator: ",") }
        return "{ \(texts.joined(separator: ", ")) }"
    }

    private func nftText(_ value: RuleValue) -> String {
        switch value {
        case .prefix(let prefix): return prefix.description
        case .addresses(let range): return Self.range(range)
        case .numbers(let range):
            let low = nftNumber(range.lowerBound)
            return range.lowerBound == range.upperBound ? low : "\(low)-\(nftNumber(range.upperBound))"
        case .device(let name, let isPrefix): return "\"\(name)\(isPrefix ? "*" : "")\""
        case .mac(let mac): return mac.description
        case .word(let word): return word
        case .tuple(let parts):
            guard case .concatenation(let fields) = self else { return "" }
            return zip(fields, parts).map { $0.nftText($1) }.joined(separator: " . ")
        case .named(let name, _): return "@\(name)"
        case .maskedAddress(let address, let mask): return "& \(mask) == \(address)"
        case .any: return "*"
        case .unreadable(let text): return text
        }
    }

    func nftNumber(_ number: UInt64) -> String {
        switch self {
        case .transportProtocol: UInt8(exactly: number).map { IPProtocol(rawValue: $0).ruleName } ?? String(number)
        case .icmpType(let isIPv6):
            UInt8(exactly: number).map { ICMPType($0, isIPv6: isIPv6).ruleName } ?? String(number)
        case .tcpFlags: number == 0 ? "0x0" : "(\(TCPFlag.names(number).joined(separator: "|")))"
        case .mark, .connectionMark: "0x\(String(number, radix: 16))"
        default: String(number)
        }
    }

    /// `10.0.0.1`, `10.0.0.1-10.0.0.9`.
    static func range<Bound: Comparable & CustomStringConvertible>(_ range: ClosedRange<Bound>) -> String {
        range.lowerBound == range.upperBound
            ? range.lowerBound.description : "\(range.lowerBound)-\(range.upperBound)"
    }
}
