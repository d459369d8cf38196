internal import Observations
internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// A router takes one off the TTL (hop limit) and drops the packet at zero.
struct TTLExpired: Obstacle {
    let code: FindingCode = "ttl-expired"
    let steps: Set<PathStep.Kind> = [.router]
    let reasons: Set<DropReason> = ["IP_INHDR", "IP_TTL_EXPIRED", "NOT_SPECIFIED"]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .router(let step) = step, let ttl = step.packet.ttl else { return [] }
        let name = step.namespace.name
        if ttl > 1 { return [.passed("TTL: \(ttl) at \(name)")] }
        if let writing = Writing(step, surroundings) {
            return [.candidate(candidate(writing, step).with(.followsRule))]
        }
        if let rule = Self.earlier(step, ttl, surroundings) {
            return stops(
                at: Finding.Place(namespace: name, device: step.device),
                "TTL expired in transit at \(name), where the packet arrived on \(step.device) with TTL \(ttl): \(rule.reference.name) in \(rule.namespace) sets it: \(rule.reference.text ?? "")",
                evidence: [
                    .seen("TTL \(ttl) at \(name) \(step.device) in"),
                    .state("\(rule.reference.name) in \(rule.namespace): \(rule.reference.text ?? "")"),
                ] + surroundings.errors(ofTypes: [11, 3]))
        }
        return stops(
            at: Finding.Place(namespace: name, device: step.device),
            "TTL expired in transit at \(name), where the packet arrived on \(step.device) with TTL \(ttl): initial TTL too low, or a routing loop",
            evidence: [.seen("TTL \(ttl) at \(name) \(step.device) in")]
                + surroundings.errors(ofTypes: [11, 3]))
    }

    /// The only rule of another namespace that gives packets, as they leave it, the TTL with which this one came.
    private static func earlier(
        _ step: ReceiveStep, _ ttl: UInt8, _ surroundings: Surroundings
    ) -> (reference: RuleReference, namespace: String)? {
        guard let first = surroundings.origin.ttl, first > ttl + 1 else { return nil }
        var found: [(RuleReference, String)] = []
        for namespace in surroundings.topology.namespaces where namespace.name != step.namespace.name {
            let site = RuleSite(namespace: namespace)
            for rule in namespace.netfilter.compiled.chains.flatMap(\.rules)
            where Writing.written(rule, step.packet) == UInt64(ttl) {
                let fails = rule.matches.contains { match in
                    if case .device = match.field { return false }
                    return match.evaluate(step.packet, at: site) == .fails
                }
                if !fails { found.append((rule.reference, namespace.name)) }
            }
        }
        return found.count == 1 ? found[0] : nil
    }

    private func candidate(_ writing: Writing, _ step: ReceiveStep) -> Candidate {
        let (name, rule) = (step.namespace.name, writing.rule)
        return candidate(
            at: Finding.Place(namespace: name, hook: .prerouting, device: step.device),
            "TTL expired in transit at \(name): \(rule.name) in \(name) sets it to \(writing.value): \(rule.text ?? "")",
            evidence: [.state("\(rule.name) in \(name): \(rule.text ?? "")")], rule: rule,
            remedy: writing.chain.map { chain in
                Remedy([
                    AcceptRemedy.exception(
                        to: rule, in: chain, step.packet, writing.traversal, target: ("-j ACCEPT", "accept"))
                ])
            })
    }

    /// The rule of `prerouting` that gave the packet the TTL with which no router sends it on.
    private struct Writing {
        var rule: RuleReference
        var value: UInt64
        var chain: RuleChain?
        var traversal: HookTraversal

        init?(_ step: ReceiveStep, _ surroundings: Surroundings) {
            // With what it has now it would not have come here, had it been sent so.
            guard let first = surroundings.origin.ttl, let ttl = step.packet.ttl, first > ttl else { return nil }
            let families: Set<TableFamily> = [step.packet.source.isIPv4 ? "ip" : "ip6", "inet"]
            let site = RuleSite(namespace: step.namespace, inDevice: step.device)
            traversal = HookTraversal(site: site, hook: .prerouting, families: families)
            for chain in step.namespace.netfilter.chains where families.contains(chain.family) {
                // Chains that another one jumps to have no hook of their own.
                guard chain.hook == nil || chain.hook == .prerouting,
                    let found = step.namespace.netfilter.compiled[CompiledChain.Key(chain)]?.rules.first(where: {
                        Self.written($0, step.packet).map { $0 <= UInt64(max(ttl, 1)) } == true
                            && !$0.matches.contains { $0.evaluate(step.packet, at: site) == .fails }
                    }), let value = Self.written(found, step.packet)
                else { continue }
                (rule, self.value, self.chain) = (found.reference, value, chain)
                return
            }
            return nil
        }

        static func written(_ rule: CompiledRule, _ packet: PacketState) -> UInt64? {
            for case .write(.timeToLive, let value?) in rule.actions { return value }
            return nil
        }
    }
}
