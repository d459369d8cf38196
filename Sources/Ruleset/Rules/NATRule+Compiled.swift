package import Network
internal import Wire

extension NATRule {
    /// The summary of a rule that translates addresses; nil for any other.
    package init?(_ rule: CompiledRule) {
        guard let action = rule.actions.last(where: { $0.translation != nil }), let kind = action.translationKind,
            let target = action.translation
        else { return nil }
        self.init(kind: kind, rule: rule.reference)
        let isSource = kind.isSource
        if rule.isNftables {
            to = target.text
            match = isSource ? rule.nftAddress(.source) : rule.nftDestination
        } else {
            to = kind == .masquerade || kind == .redirect ? target.portText : target.text
            match = isSource ? rule.iptablesText(.address(.source, nil)) : rule.iptablesDestination
        }
        match = match ?? rule.conditionText
    }
}

extension CompiledRule {
    // MARK: iptables

    fileprivate var iptablesDestination: String? {
        Self.destination(
            protocolName: iptablesText(.transportProtocol(nil)), address: iptablesText(.address(.destination, nil)),
            port: iptablesText(.port(.destination, nil)))
    }

    /// The value of a field's first condition that has one, as its option writes it.
    fileprivate func iptablesText(_ field: RuleField) -> String? {
        let found = matches.first { match in
            guard match.field == field, match.values.count == 1 else { return false }
            if case .addresses = match.values[0] { return false }
            return true
        }
        return found.map { ($0.isNegated ? "! " : "") + $0.iptablesValue }
    }

    // MARK: nft

    fileprivate func nftAddress(_ end: RuleField.End) -> String? {
        nftText { if case .address(end, _) = $0 { true } else { false } }?.text
    }

    fileprivate var nftDestination: String? {
        let port = nftText { if case .port(.destination, _) = $0 { true } else { false } }
        let protocolName: String? =
            if case .port(_, let number)? = port?.field { number?.description ?? "th" } else { nil }
        return Self.destination(protocolName: protocolName, address: nftAddress(.destination), port: port?.text)
    }

    /// The values of the last such condition; nil for what is looked up in the packet or in a map.
    private func nftText(_ isWanted: (RuleField) -> Bool) -> (field: RuleField, text: String)? {
        let found = matches.last { match in
            isWanted(match.field) && match.mask == nil
                && match.values.allSatisfy { if case .unreadable(let text) = $0 { text.hasPrefix("@") } else { true } }
        }
        return found.map { match in
            let texts = match.values.map { match.field.nftText([$0]) }
            return (match.field, (match.isNegated ? "! " : "") + texts.joined(separator: ", "))
        }
    }

    // MARK: Both

    private static func destination(protocolName: String?, address: String?, port: String?) -> String? {
        if address == nil, port == nil { return nil }
        return [protocolName, address, port.map { "dport \($0)" }].compactMap { $0 }.joined(separator: " ")
    }

    /// The rule's words up to its translation; nil for a rule without conditions.
    fileprivate var conditionText: String? {
        let conditions: [String]
        if isNftables {
            let kinds: Set = ["masquerade", "snat", "dnat", "redirect"]
            conditions = text.split(separator: " ").map(String.init).prefix { !kinds.contains($0) }.filter {
                $0 != "counter"
            }
        } else {
            conditions = Self.withoutComment(Array(Rule.words(text).dropFirst(2).prefix { $0 != "-j" }))
        }
        return conditions.isEmpty ? nil : conditions.joined(separator: " ")
    }

    /// What somebody wrote beside the conditions asks for nothing.
    private static func withoutComment(_ words: [String]) -> [String] {
        guard let option = words.firstIndex(of: "--comment") else { return words }
        var words = words
        words.removeSubrange(option...min(option + 1, words.count - 1))
        if option >= 2, words[option - 1] == "comment", words[option - 2] == "-m" {
            words.removeSubrange(option - 2..<option)
        }
        return words
    }
}
