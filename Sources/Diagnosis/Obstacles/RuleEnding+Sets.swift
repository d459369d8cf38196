internal import Network
internal import Ruleset

extension RuleEnding {
    /// `; its source is 172.19.0.2, in the set blocked`: which named set the packet is in, where the rule asks for one whose elements
    /// are known. Of a set that rules write to, what was read is what was in it then.
    var setWords: String {
        guard let compiled else { return "" }
        for match in compiled.matches where !match.isNegated {
            switch match.values.first {
            case .named(let name, _)? where match.evaluate(packet, at: site) == .holds:
                return "; \(match.explanation(packet, at: site)), in the set \(name)"
            case .unreadable(let text)? where text.hasPrefix("@"):
                let name = String(text.dropFirst())
                guard let writer = writer(of: name), isElement(of: name, match.field) else { continue }
                return
                    "; \(match.explanation(packet, at: site)), in the set \(name), to which \(writer.name) adds: \(writer.text ?? "")"
            default: continue
            }
        }
        return ""
    }

    private func isElement(of name: String, _ field: RuleField) -> Bool {
        guard case .address(let end, _) = field else { return false }
        let address = end == .source ? packet.source : packet.destination
        let set = namespace.netfilter.compiled.sets.values.first {
            $0.key.family == rule.family && $0.key.table == rule.table && $0.key.name == name
        }
        return set?.elements.contains { $0.value.truth(address) == .holds } ?? false
    }

    /// The rule that adds to a set.
    private func writer(of name: String) -> RuleReference? {
        for chain in namespace.netfilter.chains where chain.family == rule.family && chain.table == rule.table {
            for candidate in namespace.netfilter.compiled[CompiledChain.Key(chain)]?.rules ?? [] {
                let words = candidate.reference.text?.split(separator: " ") ?? []
                guard let place = words.firstIndex(of: "@\(name)"), place > words.startIndex,
                    ["add", "update"].contains(words[words.index(before: place)])
                else { continue }
                return candidate.reference
            }
        }
        return nil
    }
}
