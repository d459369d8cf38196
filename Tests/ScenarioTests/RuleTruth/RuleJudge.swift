import Network
import Ruleset
import Wire

/// What the evaluator says of the rules that a packet may meet, and what the kernel counted.
struct RuleJudge {
    struct Judgement {
        var packet: TrialPacket
        var rule: RuleReference
        var comment: String?
        var text: String
        /// Whether it counts the packet.
        var told: Truth
        var isCounted: Bool
    }

    private let namespace: Namespace
    private let chains: [String: [RuleChain]]

    init(_ namespace: Namespace) {
        self.namespace = namespace
        // `syn_12_fwd` is of the packets `syn_12`.
        chains = Dictionary(grouping: namespace.netfilter.chains) { chain in
            chain.name.split(separator: "_").prefix(2).joined(separator: "_")
        }
    }

    func judge(_ packet: TrialPacket) -> [Judgement] {
        let told = counts(packet)
        let own = (chains["\(packet.kind)_\(packet.group)"] ?? []).filter {
            $0.family == .inet || ($0.family == .ip) == packet.kind.isIPv4
        }
        return own.flatMap { chain in
            chain.rules.compactMap { rule in
                guard let packets = rule.packets else { return nil }
                let key = Key(chain: chain.name, table: chain.table, position: rule.position)
                let truth = told.counts[key] ?? (told.isOpen ? .unknown : .fails)
                return Judgement(
                    packet: packet,
                    rule: RuleReference(
                        family: chain.family, table: chain.table, chain: chain.name, position: rule.position,
                        backend: chain.backend), comment: rule.comment, text: rule.text, told: truth,
                    isCounted: packets > 0)
            }
        }
    }

    private struct Key: Hashable {
        var chain: String
        var table: String
        var position: Int
    }

    private struct Counts {
        var counts: [Key: Truth] = [:]
        /// Whether the packet may have come to where nothing was asked.
        var isOpen = false
    }

    /// Through the hooks as the kernel forwards it.
    private func counts(_ trial: TrialPacket) -> Counts {
        var counts = Counts()
        var packet = trial.state
        var isSure = true
        var site = RuleSite(namespace: namespace, inDevice: trial.kind == .answer ? "eth1" : "eth0")
        let families: Set<TableFamily> = [.inet, packet.source.isIPv4 ? .ip : .ip6]
        func pass(_ hook: NetfilterHook) -> Bool {
            var traversal = HookTraversal(site: site, hook: hook, families: families)
            traversal.countsRules = true
            let result = traversal.run(packet)
            for (rule, truth) in result.counts {
                let key = Key(chain: rule.chain, table: rule.table, position: rule.position ?? 0)
                counts.counts[key] = isSure ? truth : .unknown
            }
            packet = result.packet
            isSure = isSure && !result.leavesDoubt
            if result.ending != nil { counts.isOpen = !result.isCertain || !isSure }
            return result.ending == nil
        }
        guard pass(.prerouting) else { return counts }
        if !packet.isDestinationKnown || packet.isAssignedSocket { isSure = false }
        if namespace.holds(packet.destination) || packet.isAssignedSocket {
            _ = pass(.input)
            if packet.isDestinationKnown, !packet.isAssignedSocket { return counts }
        }
        packet.ttl = packet.ttl.map { $0 - 1 }
        site.outDevice = trial.kind == .answer ? "eth0" : "eth1"
        if pass(.forward) { _ = pass(.postrouting) }
        return counts
    }
}
