internal import Network
internal import Ruleset
internal import WalkModel

/// A rule on the path of a packet that passed, whose condition other packets of the same two addresses and ports can
/// answer otherwise: who sends them, or how many there are.
struct ConditionalRule: Sendable {
    enum Kind: Sendable, Hashable {
        /// The user, group or control group of the sending socket.
        case sender
        /// A rate, a count, a quota or chance.
        case rate
    }

    var kind: Kind
    var rule: CompiledRule
    /// The condition as its rule writes it.
    var condition: String
    /// Whether the rule itself ends the packets that meet it; else it lets them pass what ends the others.
    var ends: Bool
    var step: HookStep

    /// Those of the rules of a hook that decide whether a packet ends there.
    static func all(in step: HookStep) -> [ConditionalRule] {
        var search = Search(step: step)
        for chain in step.traversal.baseChains() { search.visit(chain, depth: 0) }
        return search.found
    }

    private struct Search {
        private static let maximumDepth = 16

        let step: HookStep
        var found: [ConditionalRule] = []
        private var visited: Set<CompiledChain.Key> = []

        init(step: HookStep) { self.step = step }

        mutating func visit(_ chain: CompiledChain, depth: Int) {
            guard depth < Self.maximumDepth, visited.insert(chain.key).inserted else { return }
            let ruleset = step.traversal.site.namespace.netfilter.compiled
            for rule in chain.rules {
                guard let conditions = openConditions(rule) else { continue }
                for action in rule.actions {
                    switch action {
                    case .jump(let name), .goto(let name):
                        var key = chain.key
                        key.name = name
                        if let target = ruleset[key] { visit(target, depth: depth + 1) }
                    case .drop, .reject: note(rule, conditions, ends: true)
                    // What it lets pass matters only where something ends the rest.
                    case .accept, .return: if step.result.ending != nil { note(rule, conditions, ends: false) }
                    default: break
                    }
                }
                // All that comes here ends here, or passes.
                if conditions.isEmpty, rule.actions.contains(where: \.isFinal) { return }
            }
        }

        /// The conditions that can't be told; nil where one surely fails.
        private func openConditions(_ rule: CompiledRule) -> [Match]? {
            var open: [Match] = []
            for match in rule.matches {
                switch match.evaluate(step.packet, at: step.traversal.site) {
                case .holds: continue
                // The list of addresses that it asks fills with packets.
                case .fails where match.varyingKind == .rate: open.append(match)
                case .fails: return nil
                case .unknown: open.append(match)
                }
            }
            return open
        }

        /// Only where nothing else is open: else it is not known whether the rule concerns these packets at all.
        private mutating func note(_ rule: CompiledRule, _ conditions: [Match], ends: Bool) {
            let kinds = conditions.map(\.varyingKind)
            guard let kind = kinds.first ?? nil, kinds.allSatisfy({ $0 != nil }) else { return }
            let texts = conditions.map { rule.isNftables ? $0.nftText : $0.iptablesText }
            found.append(
                ConditionalRule(
                    kind: kind, rule: rule, condition: texts.joined(separator: " "), ends: ends, step: step))
        }
    }
}

extension Match {
    /// What the condition asks, where that is none of the packet's headers.
    fileprivate var varyingKind: ConditionalRule.Kind? {
        switch field {
        case .socketOwner: .sender
        case .limit, .recent: .rate
        case .other(let text):
            if text.hasPrefix("-m cgroup") || text.hasPrefix("-m owner") || text == "socket" || text == "cgroup" {
                .sender
            } else if text.hasPrefix("-m recent") {
                .rate
            } else {
                nil
            }
        default: nil
        }
    }
}

extension RuleAction {
    /// Whether no later rule of the base chain is asked.
    fileprivate var isFinal: Bool {
        switch self {
        case .accept, .drop, .reject: true
        default: false
        }
    }
}
