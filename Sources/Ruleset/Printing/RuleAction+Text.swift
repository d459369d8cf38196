internal import Wire

extension RuleAction {
    /// As iptables-save writes it, from `-j` on.
    package var iptablesText: String {
        switch self {
        case .accept: "-j ACCEPT"
        case .drop: "-j DROP"
        case .reject(let with): "-j REJECT --reject-with \(with)"
        case .jump(let chain): "-j \(quoted(chain))"
        case .goto(let chain): "-g \(quoted(chain))"
        case .return: "-j RETURN"
        case .queue(let queue): queue.iptablesText
        case .masquerade(let target): "-j MASQUERADE" + Self.option("--to-ports", target.portText)
        case .sourceTranslation(let target): "-j SNAT" + Self.option("--to-source", target.text)
        case .destinationTranslation(let target): "-j DNAT" + Self.option("--to-destination", target.text)
        case .redirect(let target): "-j REDIRECT" + Self.option("--to-ports", target.portText)
        case .netmap(let target): "-j NETMAP" + Self.option("--to", target.text)
        case .setMark(let value?, let mask):
            "-j MARK --set-xmark 0x\(String(value, radix: 16))/0x\(String(mask, radix: 16))"
        case .setMark(nil, _): "-j MARK"
        case .noTrack: "-j CT --notrack"
        case .setZone(let zone): zone.iptablesText
        case .log: "-j LOG"
        case .pass(let text), .other(let text): "-j \(text)"
        case .transparentProxy(let proxy): proxy.iptablesText
        case .write(let field, let value): Self.written(value, to: field)
        case .restoreMark(let mask): "-j CONNMARK --restore-mark" + Self.mask(mask)
        case .saveMark(let mask): "-j CONNMARK --save-mark" + Self.mask(mask)
        case .verdictMap, .counter, .block, .forward: nftText
        }
    }

    /// As nft writes it.
    package var nftText: String {
        switch self {
        case .accept: "accept"
        case .drop: "drop"
        case .reject(let with): "reject with \(with)"
        case .jump(let chain): "jump \(chain)"
        case .goto(let chain): "goto \(chain)"
        case .return: "return"
        case .queue(let queue): queue.nftText
        case .masquerade(let target): "masquerade" + Self.option("to", target.text)
        case .sourceTranslation(let target): "snat" + Self.option("to", target.text)
        case .destinationTranslation(let target): "dnat" + Self.option("to", target.text)
        case .redirect(let target): "redirect" + Self.option("to", target.text)
        case .netmap(let target): "dnat prefix" + Self.option("to", target.text)
        case .setMark(let value?, .max): "meta mark set 0x\(String(value, radix: 16))"
        case .setMark(let value?, let mask):
            "meta mark set meta mark & 0x\(String(~mask, radix: 16)) ^ 0x\(String(value, radix: 16))"
        case .setMark(nil, _): "meta mark set"
        case .write(let field, let value): "\(field.nftName) set" + (value.map { " \($0)" } ?? "")
        case .restoreMark: "meta mark set ct mark"
        case .saveMark: "ct mark set meta mark"
        case .verdictMap(let map): map.nftText
        case .transparentProxy(let proxy): proxy.nftText
        case .noTrack: "notrack"
        case .setZone(let zone): zone.nftText
        case .log: "log"
        case .counter: "counter"
        case .block(let block): block.text
        case .forward(let device): "fwd" + Self.option("to", device)
        case .pass(let text), .other(let text): text
        }
    }

    private static func mask(_ mask: UInt32) -> String {
        mask == .max ? "" : " --nfmask 0x\(String(mask, radix: 16)) --ctmask 0x\(String(mask, radix: 16))"
    }

    private static func written(_ value: UInt64?, to field: RuleField) -> String {
        switch field {
        case .timeToLive(.ipv6): "-j HL" + option("--hl-set", value?.description)
        case .timeToLive: "-j TTL" + option("--ttl-set", value?.description)
        case .connectionMark: "-j CONNMARK" + option("--set-xmark", value.map { "0x\(String($0, radix: 16))" })
        default: "-j \(field.nftName)"
        }
    }

    private static func option(_ name: String, _ value: String?) -> String { value.map { " \(name) \($0)" } ?? "" }
}

extension VerdictMap {
    fileprivate var nftText: String {
        let target =
            name.map { "@\($0)" }
            ?? "{ \(entries.map { "\(field.nftText([$0.key])) : \($0.action.nftText)" }.joined(separator: ", ")) }"
        return "\(field.nftName) vmap \(target)"
    }
}

extension TranslationTarget {
    /// `172.19.0.2:80`, `[2001:db8::2]:80`, `:8080`; nil where it is empty.
    package var text: String? {
        let address: String? =
            switch addresses {
            case .addresses(let range)?: RuleField.range(range)
            case .prefix(let prefix)?: prefix.description
            default: nil
            }
        guard let portText else { return address }
        guard let address else { return ":\(portText)" }
        return (address.contains(":") ? "[\(address)]" : address) + ":\(portText)"
    }

    /// `80`, `8000-8010`.
    package var portText: String? { ports.map { RuleField.range($0) } }
}

extension CompiledRule: CustomStringConvertible {
    /// The rule in the words of its own firewall, without the name of its chain.
    package var description: String {
        steps.map { step in
            switch step {
            case .match(let match): isNftables ? match.nftText : match.iptablesText
            case .action(let action): isNftables ? action.nftText : action.iptablesText
            }
        }.joined(separator: " ")
    }
}

extension PacketQueue {
    fileprivate var iptablesText: String {
        let target =
            numbers.count == 1
            ? "--queue-num \(numbers.lowerBound)" : "--queue-balance \(numbers.lowerBound):\(numbers.upperBound)"
        return "-j NFQUEUE \(target)\(mayBypass ? " --queue-bypass" : "")"
    }

    fileprivate var nftText: String {
        let range =
            numbers.count == 1 ? "\(numbers.lowerBound)" : "\(numbers.lowerBound)-\(numbers.upperBound)"
        return "queue \(mayBypass ? "flags bypass " : "")to \(range)"
    }
}

extension TransparentProxy {
    fileprivate var iptablesText: String {
        let mark = mark.map { " --tproxy-mark 0x\(String($0, radix: 16))/0x\(String(markMask, radix: 16))" } ?? ""
        return "-j TPROXY --on-port \(port ?? 0)\(address.map { " --on-ip \($0)" } ?? "")\(mark)"
    }

    fileprivate var nftText: String {
        let host = address.map { $0.isIPv4 ? "\($0)" : "[\($0)]" } ?? ""
        return "tproxy to \(host)\(port.map { ":\($0)" } ?? "")"
    }
}

extension ZoneAssignment {
    fileprivate var iptablesText: String {
        let option =
            switch direction {
            case .both: "--zone"
            case .original: "--zone-orig"
            case .reply: "--zone-reply"
            }
        guard case .number(let number) = value else { return "-j CT \(option) mark" }
        return "-j CT \(option) \(number)"
    }

    fileprivate var nftText: String {
        let target =
            switch direction {
            case .both: "ct zone set"
            case .original: "ct original zone set"
            case .reply: "ct reply zone set"
            }
        switch value {
        case .number(let number): return "\(target) \(number)"
        case .mark: return "\(target) meta mark"
        case .map(let field, _, let entries):
            let pairs = entries.map { "\(field.nftText([$0.key])) : \($0.number)" }
            return "\(target) \(field.nftName) map { \(pairs.joined(separator: ", ")) }"
        case .unreadable: return target
        }
    }
}
