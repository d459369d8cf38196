internal import Network

extension NATRule {
    /// What a rule of iptables translates; nil where its target is no translation.
    init?(iptables rule: Rule, reference: RuleReference) {
        let words = rule.words
        guard let jump = words.firstIndex(of: "-j"), jump + 1 < words.count else { return nil }
        let kinds: [String: TranslationKind] = [
            "MASQUERADE": .masquerade, "SNAT": .snat, "DNAT": .dnat, "REDIRECT": .redirect, "NETMAP": "netmap",
        ]
        guard let kind = kinds[words[jump + 1]] else { return nil }
        self.init(kind: kind, rule: reference)
        let conditions = Array(words[2..<max(2, jump)])
        func value(_ options: String...) -> String? {
            guard let index = words.firstIndex(where: { options.contains($0) }), index + 1 < words.count else {
                return nil
            }
            let negated = index > 0 && words[index - 1] == "!"
            return (negated ? "! " : "") + words[index + 1]
        }
        to = value("--to-source", "--to-destination", "--to-ports", "--to")
        match =
            kind.isSource
            ? value("-s") : Self.target(protocolName: value("-p"), address: value("-d"), port: value("--dport"))
        if match == nil, !conditions.isEmpty { match = conditions.joined(separator: " ") }
    }

    /// What a rule of nftables translates, from libnftables' JSON of its expressions; nil where nothing.
    init?(expressions: String, text: String, reference: RuleReference) {
        // Few rules translate; only those are read again.
        let kinds: [TranslationKind] = [.masquerade, .snat, .dnat, .redirect]
        guard
            expressions.holds("\"masquerade\"") || expressions.holds("\"snat\"") || expressions.holds("\"dnat\"")
                || expressions.holds("\"redirect\""),
            let list = try? JSONTree(parsing: Array(expressions.utf8))
        else { return nil }
        var found: (kind: TranslationKind, statement: JSONTree)?
        var source: String?
        var destination: String?
        var port: String?
        var protocolName: String?
        for expression in list.elements {
            for kind in kinds { if let statement = expression[kind.rawValue] { found = (kind, statement) } }
            guard let match = expression["match"], let left = match["left"]?["payload"],
                let right = match["right"].flatMap({ Self.describe($0) })
            else { continue }
            let value = (match["op"]?.string == "!=" ? "! " : "") + right
            switch left["field"]?.string {
            case "saddr": source = value
            case "daddr": destination = value
            case "dport":
                port = value
                protocolName = left["protocol"]?.string
            default: break
            }
        }
        guard let found else { return nil }
        self.init(kind: found.kind, rule: reference)
        to = Self.destination(found.statement)
        match =
            found.kind.isSource
            ? source : Self.target(protocolName: protocolName, address: destination, port: port)
        if match == nil {
            let words = text.split(separator: " ")
            let conditions = words.prefix { !kinds.contains(TranslationKind(rawValue: String($0))) }.filter {
                $0 != "counter"
            }
            if !conditions.isEmpty { match = conditions.joined(separator: " ") }
        }
    }

    private static func target(protocolName: String?, address: String?, port: String?) -> String? {
        if address == nil, port == nil { return nil }
        return [protocolName, address, port.map { "dport \($0)" }].compactMap { $0 }.joined(separator: " ")
    }

    /// `172.19.0.2:80`, `[2001:db8::2]:80`, `:8080`.
    private static func destination(_ statement: JSONTree) -> String? {
        let address = statement["addr"].flatMap { describe($0) }
        let port = statement["port"].flatMap { describe($0) }
        guard let port else { return address }
        guard let address else { return ":\(port)" }
        return (address.contains(":") ? "[\(address)]" : address) + ":\(port)"
    }

    /// An address, a prefix, a range or a list of them; nil for what is looked up in the packet or in a map.
    private static func describe(_ value: JSONTree) -> String? {
        switch value {
        case .string(let text): return text
        case .integer(let number): return "\(number)"
        case .object:
            if let prefix = value["prefix"], let address = prefix["addr"]?.string, let length = prefix["len"]?.integer {
                return "\(address)/\(length)"
            }
            if let range = value["range"]?.elements, range.count == 2, let from = describe(range[0]),
                let to = describe(range[1])
            {
                return "\(from)-\(to)"
            }
            if let set = value["set"] {
                let parts = set.elements.compactMap { describe($0) }
                return parts.isEmpty ? nil : parts.joined(separator: ", ")
            }
            return nil
        default: return nil
        }
    }
}
