package import Network

/// Passes a packet through the chains of a hook in the order of the kernel, over all backends, as nf_hook_slow does:
/// a drop anywhere is final, an accept ends only its own base chain.
package struct HookTraversal: Sendable {
    package var site: RuleSite
    package var hook: NetfilterHook
    /// `ip` (or `ip6`) with `inet`, `bridge`, `netdev`, `arp`.
    package var families: Set<TableFamily>
    /// Base chains from this priority on.
    package var from: Int
    /// Of a device's own hooks, ingress and egress.
    package var device: String?
    /// Whether chains that translate are passed too; they see the first packet of a connection only.
    package var asksTranslation: Bool
    /// Whether the result says which rules count the packet.
    package var countsRules = false
    /// The rules as they stood before the packet, where those of `site` were read after it: a rule whose counter did not
    /// rise in between did not match.
    package var before: Netfilter?

    package init(
        site: RuleSite, hook: NetfilterHook, families: Set<TableFamily>, from: Int = .min, device: String? = nil,
        asksTranslation: Bool = true
    ) {
        self.site = site
        self.hook = hook
        self.families = families
        self.from = from
        self.device = device
        self.asksTranslation = asksTranslation
    }

    package func run(_ packet: PacketState) -> HookResult {
        var result = runChains(packet)
        // A socket that an earlier chain of the hook gave the packet to stays with it.
        if result.proxying == nil, from > .min, hook == .prerouting,
            site.namespace.netfilter.compiled.givesToSockets
        {
            var whole = self
            whole.from = .min
            result.proxying = whole.runChains(packet).proxying
            if result.proxying?.isServed == true { result.packet.isAssignedSocket = true }
        }
        return result
    }

    private func runChains(_ packet: PacketState) -> HookResult {
        let chains = baseChains()
        guard packet.isFragmented, packet.fragment == nil else { return run(packet, chains) }
        let single = Set(chains.filter { asks($0, packet) && meetsFragments($0, packet) }.map(\.key))
        if single.isEmpty { return run(packet, chains) }
        // A datagram arrives only where its later fragments do.
        let first = run(packet, chains, as: .first, in: single)
        if first.ending != nil { return first }
        let later = run(packet, chains, as: .later, in: single)
        return later.ending != nil || first.possible.isEmpty && !later.possible.isEmpty ? later : first
    }

    /// - Parameter single: the chains that meet fragments by themselves, of which the packet is `part` there.
    private func run(
        _ packet: PacketState, _ chains: [CompiledChain], as part: FragmentPart? = nil,
        in single: Set<CompiledChain.Key> = []
    ) -> HookResult {
        var walk = ChainWalk(self, packet)
        // What an earlier chain says of the connection (NOTRACK) counts for a later one.
        for chain in chains where asks(chain, walk.result.packet) {
            walk.result.packet.fragment = single.contains(chain.key) ? part : nil
            let known = walk.result.possible.count
            let before = walk.result.packet
            let ends = walk.pass(chain)
            if ends || walk.result.possible.count > known { walk.result.fragment = walk.result.packet.fragment }
            guard ends else { continue }
            // Which of two runs first matters where both end the packet.
            let rivals = CompiledRuleset.rivals(of: chain, among: chains.filter { asks($0, before) })
            walk.result.isOrderKnown = !rivals.contains { rival in
                var other = ChainWalk(self, before)
                return other.pass(rival)
            }
            break
        }
        walk.result.packet.fragment = packet.fragment
        return walk.result
    }

    /// The hook's base chains in order.
    package func baseChains() -> [CompiledChain] {
        site.namespace.netfilter.compiled.baseChains(hook, families: families).filter {
            $0.priority >= from && (!hook.isOfDevice || $0.isBound(to: device))
        }
    }

    private func asks(_ chain: CompiledChain, _ packet: PacketState) -> Bool {
        if !chain.isTranslating { return true }
        return asksTranslation && (packet.connection == .new || packet.connection == nil)
    }

    /// The last rules of a chain that do not match a packet, at most eight: those before a position, or all.
    package func lastMisses(of chain: RuleChain, before position: Int? = nil, packet: PacketState) -> [RuleMiss] {
        guard let compiled = site.namespace.netfilter.compiled[CompiledChain.Key(chain)] else { return [] }
        return Self.lastMisses(of: compiled, before: position, packet, site)
    }

    static func lastMisses(
        of chain: CompiledChain, before position: Int? = nil, _ packet: PacketState, _ site: RuleSite
    ) -> [RuleMiss] {
        let rules = chain.rules.prefix { rule in position.map { (rule.reference.position ?? 0) < $0 } ?? true }
        return rules.suffix(ChainWalk.keptMisses).compactMap { rule in
            rule.matches.first { $0.evaluate(packet, at: site) == .fails }.map {
                RuleMiss(rule: rule.reference, because: $0.explanation(packet, at: site))
            }
        }
    }
}

extension NetfilterHook {
    /// Whether chains of this hook are bound to devices, and run where conntrack has not seen the packet.
    package var isOfDevice: Bool { self == .ingress || self == .egress }
}
