internal import Wire

extension Match {
    /// The condition as iptables-save writes it. What only nft has is in the words of nft.
    package var iptablesText: String {
        let not = isNegated ? "! " : ""
        return switch field {
        case .address(let end, _):
            if case .addresses? = values.first {
                "-m iprange \(not)--\(end == .source ? "src" : "dst")-range \(texts)"
            } else {
                "\(not)\(end == .source ? "-s" : "-d") \(texts)"
            }
        case .addressType(let end): "-m addrtype \(not)--\(end == .source ? "src" : "dst")-type \(upperTexts)"
        case .port(let end, _): portText(end, not)
        case .transportProtocol: "\(not)-p \(texts)"
        case .device(let direction, _): "\(not)\(direction == .in ? "-i" : "-o") \(texts)"
        case .bridgePort(let direction): "-m physdev \(not)--physdev-\(direction == .in ? "in" : "out") \(texts)"
        case .isBridged(let direction):
            "-m physdev \(not)--physdev-is-\(direction.map { $0 == .in ? "in" : "out" } ?? "bridged")"
        case .connectionState: "-m conntrack \(not)--ctstate \(upperTexts)"
        case .connectionStatus: "-m conntrack \(not)--ctstatus \(upperTexts)"
        case .connectionDirection: "-m conntrack \(not)--ctdir \(upperTexts)"
        case .dscp: "-m dscp \(not)--dscp \(texts)"
        case .mark, .connectionMark:
            "-m \(field == .mark ? "mark" : "connmark") \(not)--mark \(texts)"
                + (mask.map { "/\(field.iptablesNumber($0))" } ?? "")
        case .icmpType(let isIPv6): "\(not)\(isIPv6 ? "--icmpv6-type" : "--icmp-type") \(texts)"
        case .concatenation(let parts) where parts.first.map { $0.isICMPType } == true:
            Match(parts[0], [], isNegated: isNegated).iptablesText + texts
        case .tcpFlags:
            "\(not)--tcp-flags \(field.iptablesNumber(mask ?? 63)) \(texts)"
        case .timeToLive: "-m ttl \(not)\(timeToLiveText)"
        case .length: "-m length \(not)--length \(texts)"
        case .fragmentOffset: isNegated ? "-f" : "! -f"
        case .mac: "-m mac \(not)--mac-source \(upperTexts)"
        case .socketOwner(let isGroup): "-m owner \(not)--\(isGroup ? "gid" : "uid")-owner \(texts)"
        case .ipset(let name, let directions): "-m set \(not)--match-set \(quoted(name)) \(directions)"
        case .recent(let list): "-m recent \(not)\(list.iptablesText)"
        case .limit(let text), .unread(_, _, let text), .other(let text): text
        case .networkProtocol, .icmpCode, .concatenation, .arp, .arpAddress, .ipVersion: nftText
        }
    }

    /// Its values alone, as its option writes them.
    var iptablesValue: String { texts }

    private var texts: String { values.map { field.iptablesText($0) }.joined(separator: ",") }
    private var upperTexts: String { texts.uppercased() }

    private func portText(_ end: RuleField.End?, _ not: String) -> String {
        switch end {
        case nil: "-m multiport \(not)--ports \(texts)"
        case let end? where values.count > 1: "-m multiport \(not)--\(end == .source ? "sports" : "dports") \(texts)"
        case let end?: "\(not)--\(end == .source ? "sport" : "dport") \(texts)"
        }
    }

    private var timeToLiveText: String {
        guard case .numbers(let range)? = values.first else { return "--ttl-eq \(texts)" }
        if range.lowerBound == range.upperBound { return "--ttl-eq \(range.lowerBound)" }
        return range.lowerBound == 0 ? "--ttl-lt \(range.upperBound + 1)" : "--ttl-gt \(range.lowerBound - 1)"
    }
}

extension RuleField {
    fileprivate var isICMPType: Bool { if case .icmpType = self { true } else { false } }

    fileprivate func iptablesText(_ value: RuleValue) -> String {
        switch value {
        case .prefix(let prefix): return prefix.description
        case .addresses(let range): return "\(range.lowerBound)-\(range.upperBound)"
        case .numbers(let range):
            let low = iptablesNumber(range.lowerBound)
            if range.lowerBound == range.upperBound { return low }
            if case .socketOwner = self { return "\(low)-\(range.upperBound)" }
            return "\(low):\(iptablesNumber(range.upperBound))"
        case .device(let name, let isPrefix): return quoted(name + (isPrefix ? "+" : ""))
        case .mac(let mac): return mac.description
        case .word(let word): return word
        case .tuple(let parts):
            guard case .concatenation(let fields) = self else { return "" }
            return " " + zip(fields, parts).map { $0.iptablesText($1) }.joined(separator: "/")
        case .named(let name, _): return "@\(name)"
        case .maskedAddress(let address, let mask): return "\(address)/\(mask)"
        case .any: return "*"
        case .unreadable(let text): return quoted(text)
        }
    }

    fileprivate func iptablesNumber(_ number: UInt64) -> String {
        switch self {
        case .transportProtocol: UInt8(exactly: number).map { IPProtocol(rawValue: $0).ruleName } ?? String(number)
        case .tcpFlags: number == 0 ? "NONE" : TCPFlag.names(number).joined(separator: ",").uppercased()
        case .mark, .connectionMark, .dscp: "0x\(String(number, radix: 16))"
        default: String(number)
        }
    }
}

/// A word for iptables-restore(8), in quotes where it needs them.
func quoted(_ word: String) -> String {
    let isPlain = !word.isEmpty && word.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x27 && $0 != 0x5c }
    if isPlain { return word }
    return "\"" + word.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
}

extension RecentList {
    fileprivate var iptablesText: String {
        var words = ["--\(operation.rawValue)"]
        if let seconds { words.append("--seconds \(Int(seconds))") }
        if let hits { words.append("--hitcount \(hits)") }
        words.append("--name \(name) \(isDestination ? "--rdest" : "--rsource")")
        return (words + others).joined(separator: " ")
    }
}
