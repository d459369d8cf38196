package import Network
internal import Synchronization

extension Netfilter {
    /// The rules taken apart. Made when it is first asked for, and kept with this value and its copies.
    ///
    /// Readings of the same rules share one: a run reads the network several times, and little changes meanwhile.
    package var compiled: CompiledRuleset { derived.value { CompiledRuleset.shared(self) } }

    /// The rules that translate addresses, in the order of `nat`. Only those are compiled.
    package var translations: [CompiledRule] {
        derived.value {
            Translations(self)
        }.rules
    }
}

private struct Translations: Sendable {
    var rules: [CompiledRule] = []

    init(_ netfilter: Netfilter) {
        var compiler = RuleCompiler(netfilter)
        let chains = [CompiledChain.Key: RuleChain](
            netfilter.chains.map { (CompiledChain.Key($0), $0) }, uniquingKeysWith: { first, _ in first })
        for translation in netfilter.nat {
            let rule = translation.rule
            let key = CompiledChain.Key(
                backend: rule.backend ?? .nft, family: rule.family, table: rule.table, name: rule.chain)
            guard let chain = chains[key], let position = rule.position,
                let found = chain.rules.first(where: { $0.position == position })
            else { continue }
            rules.append(compiler.rule(found, in: chain))
        }
    }
}

extension CompiledRuleset {
    private struct Entry: Sendable {
        var netfilter: Netfilter
        var ruleset: CompiledRuleset
    }

    private static let entries = Mutex<[Int: Entry]>([:])
    private static let capacity = 64

    /// The compiled form of the same rules, where one was made before.
    fileprivate static func shared(_ netfilter: Netfilter) -> CompiledRuleset {
        let fingerprint = netfilter.ruleFingerprint
        if let known = entries.withLock({ $0[fingerprint] }), known.netfilter.hasSameRules(as: netfilter) {
            return known.ruleset
        }
        let made = CompiledRuleset(netfilter)
        entries.withLock { entries in
            if entries.count >= capacity { entries.removeAll() }
            entries[fingerprint] = Entry(netfilter: netfilter, ruleset: made)
        }
        return made
    }
}

extension Netfilter {
    /// Over what the compiled form is made of: all but counters.
    fileprivate var ruleFingerprint: Int {
        var hasher = Hasher()
        for chain in chains {
            hasher.combine(CompiledChain.Key(chain))
            hasher.combine(chain.policy)
            for rule in chain.rules {
                hasher.combine(rule.handle)
                hasher.combine(rule.text)
            }
        }
        hasher.combine(sets)
        return hasher.finalize()
    }

    fileprivate func hasSameRules(as other: Netfilter) -> Bool {
        sets == other.sets
            && chains.elementsEqual(other.chains) { one, other in
                one.header == other.header && one.rules.elementsEqual(other.rules) { $0.isSame(as: $1) }
            }
    }
}

extension RuleChain {
    /// The chain without its rules and counters.
    fileprivate var header: RuleChain {
        var copy = self
        copy.rules = []
        copy.policyPackets = nil
        return copy
    }
}

extension Rule {
    /// But for its counters, which libnftables writes into the expressions too.
    fileprivate func isSame(as other: Rule) -> Bool {
        guard position == other.position, handle == other.handle, comment == other.comment, text == other.text else {
            return false
        }
        if expressions == other.expressions { return true }
        guard let expressions, let others = other.expressions else { return false }
        return Self.withoutCounts(expressions) == Self.withoutCounts(others)
    }

    /// JSON without the digits after `"packets":` and `"bytes":`.
    private static func withoutCounts(_ json: String) -> [UInt8] {
        var kept: [UInt8] = []
        var isCount = false
        for byte in json.utf8 {
            if isCount, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { continue }
            isCount =
                byte == UInt8(ascii: ":")
                && (kept.hasSuffix(#""packets""#) || kept.hasSuffix(#""bytes""#))
            kept.append(byte)
        }
        return kept
    }
}

extension [UInt8] {
    fileprivate func hasSuffix(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { suffix($0.count).elementsEqual($0) }
    }
}
