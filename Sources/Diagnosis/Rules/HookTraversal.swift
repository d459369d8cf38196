internal import Network
internal import WalkModel
internal import Wire

/// What the rules of one hook do with a packet, as far as the snapshot tells.
struct HookResult: Sendable {
    /// A rule or policy that ends the packet's way.
    struct Ending: Sendable {
        enum Kind: Sendable, Hashable {
            case drop
            case reject(String)
            case policy
        }
        var kind: Kind
        /// For a policy: without position, verdict `policy drop`.
        var rule: RuleReference
        var comment: String?
        var chain: RuleChain
        var path: [RuleReference]
        var unmatched: [Finding.Miss]
        /// Rules of earlier base chains at this hook that accepted it.
        var accepted: [RuleReference]
    }

    /// The drop that the packet surely meets, unless something before could not be told.
    var ending: Ending?
    /// Drops that it meets if conditions hold that can't be told from here.
    var possible: [Ending] = []
    /// Conditions that could not be told and could have let it pass, or end otherwise.
    var doubts: [String] = []
    /// The packet as it goes on.
    var packet: PacketState
    /// The rule that translates it, where one does.
    var translation: (rule: RuleReference, action: RuleAction)?
    /// Rules that accepted it.
    var accepted: [RuleReference] = []
    /// Rules that would have translated it but for one condition.
    var nearMisses: [NearMiss] = []

    struct NearMiss: Sendable {
        var rule: RuleReference
        var action: RuleAction
        var failing: RuleCondition.Kind
        var condition: String
        var because: String
    }

    var isCertain: Bool { doubts.isEmpty }
}

/// Walks the chains of a hook in the order of their priorities, over all backends, as the kernel does (nf_hook_slow):
/// a drop anywhere is final, an accept ends only its own base chain.
struct HookTraversal {
    var site: RuleSite
    var hook: NetfilterHook
    /// `ip` (or `ip6`) with `inet`, `bridge`, `netdev`, `arp`.
    var families: Set<TableFamily>
    /// Base chains from this priority on.
    var from: Int = .min
    /// Base chains up to this priority.
    var through: Int = .max
    /// For `netdev`.
    var device: String?
    /// Fixes another reading of the packet than by the snapshot: chains of kind `nat` are asked for new connections only.
    var asksTranslation = true

    private static let maximumRules = 400_000

    private struct State {
        var result: HookResult
        var chains: [Key: RuleChain]
        var sets: [String: [String: JSONValue]]
        var budget = HookTraversal.maximumRules
    }
    private struct Key: Hashable {
        var backend: FirewallBackend
        var family: TableFamily
        var table: String
        var name: String
    }
    private enum Ended {
        case through
        case accepted(RuleReference)
        case dropped
        case returned
    }

    func run(_ packet: PacketState) -> HookResult {
        let netfilter = site.namespace.netfilter
        var chains: [Key: RuleChain] = [:]
        for chain in netfilter.chains {
            let key = Key(backend: chain.backend, family: chain.family, table: chain.table, name: chain.name)
            if chains[key] == nil { chains[key] = chain }
        }
        var state = State(result: HookResult(packet: packet), chains: chains, sets: [:])
        for chain in baseChains() {
            if chain.kind == "nat" || (chain.kind == nil && chain.table == "nat") {
                if !asksTranslation { continue }
                switch packet.connection {
                case .established, .related, .invalid, .untracked: continue
                case .new, nil: break
                }
            }
            let ended = walk(chain, base: chain, path: [], depth: 0, isSure: true, state: &state)
            if case .dropped = ended { break }
            if case .accepted(let rule) = ended {
                state.result.accepted.append(rule)
                continue
            }
            if chain.policy == .drop {
                state.result.ending = ending(.policy, rule: nil, chain: chain, base: chain, path: [], state: state)
                break
            }
        }
        return state.result
    }

    /// The hook's base chains in order.
    func baseChains() -> [RuleChain] {
        site.namespace.netfilter.chains.filter { chain in
            families.contains(chain.family) && effectiveHook(chain) == hook
                && (chain.family != "netdev" || chain.isBound(to: device))
                && (from...through).contains(effectivePriority(chain))
        }.enumerated().sorted {
            (effectivePriority($0.element), $0.offset) < (effectivePriority($1.element), $1.offset)
        }.map(\.element)
    }

    private func effectiveHook(_ chain: RuleChain) -> NetfilterHook? {
        if let hook = chain.hook { return hook }
        guard chain.backend.isIPTables else { return nil }
        return NetfilterHook(rawValue: chain.name.lowercased())
            .flatMap { chain.name == chain.name.uppercased() ? $0 : nil }
    }

    private func effectivePriority(_ chain: RuleChain) -> Int {
        if let priority = chain.priority { return priority }
        switch chain.table {
        case "raw": return NetfilterStage.raw.priority
        case "mangle": return NetfilterStage.mangle.priority
        case "nat": return hook == .prerouting || hook == .output ? -100 : 100
        case "security": return NetfilterStage.security.priority
        default: return 0
        }
    }

    private func ending(
        _ kind: HookResult.Ending.Kind, rule: Rule?, chain: RuleChain, base: RuleChain, path: [RuleReference],
        state: State, unmatched: [Finding.Miss] = []
    ) -> HookResult.Ending {
        var misses = unmatched
        if kind == .policy {
            // The last rules of the base chain are those that let it fall through to the policy.
            misses = lastMisses(of: base, packet: state.result.packet, state: state)
        }
        return HookResult.Ending(
            kind: kind, rule: reference(rule, in: kind == .policy ? base : chain, kind: kind), comment: rule?.comment,
            chain: kind == .policy ? base : chain, path: path, unmatched: misses, accepted: state.result.accepted)
    }

    func reference(_ rule: Rule?, in chain: RuleChain, kind: HookResult.Ending.Kind? = nil) -> RuleReference {
        let verdict: String? =
            switch kind {
            case .drop: "drop"
            case .reject: "reject"
            case .policy: "policy drop"
            case nil: nil
            }
        return RuleReference(
            family: chain.family, table: chain.table, chain: chain.name, position: rule?.position,
            handle: rule?.handle, verdict: verdict, text: rule?.text, backend: chain.backend)
    }

    private func program(_ rule: Rule, chain: RuleChain, state: inout State) -> RuleProgram {
        guard chain.backend == "nft" else { return IptablesRule.parse(rule.text) }
        guard let expressions = rule.expressions.flatMap({ JSONValue(parsing: $0) }) else {
            var program = RuleProgram()
            program.steps.append(
                .condition(
                    RuleCondition(kind: .other, text: rule.text) { _, _ in .unknown("a rule without its expressions") })
            )
            return program
        }
        let key = "\(chain.family) \(chain.table)"
        if state.sets[key] == nil {
            var sets: [String: JSONValue] = [:]
            for set in site.namespace.netfilter.sets where set.family == chain.family && set.table == chain.table {
                sets[set.name] = JSONValue(parsing: set.elements) ?? .array([])
            }
            state.sets[key] = sets
        }
        return NftablesRule(family: chain.family.rawValue, sets: state.sets[key] ?? [:]).parse(expressions)
    }

    private enum RuleOutcome {
        case missed(String, RuleCondition)
        case unsure(String)
        case matched
    }

    func lastMisses(of chain: RuleChain, packet: PacketState) -> [Finding.Miss] {
        lastMisses(of: chain, packet: packet, state: State(result: HookResult(packet: packet), chains: [:], sets: [:]))
    }

    private func lastMisses(of chain: RuleChain, packet: PacketState, state: State) -> [Finding.Miss] {
        var scratch = state
        var misses: [Finding.Miss] = []
        for rule in chain.rules.suffix(8) {
            let conditions = program(rule, chain: chain, state: &scratch).conditions
            for condition in conditions {
                if case .fails(let because) = condition.evaluate(packet, site) {
                    misses.append(Finding.Miss(rule: reference(rule, in: chain), because: because))
                    break
                }
            }
        }
        return misses
    }

    private func walk(
        _ chain: RuleChain, base: RuleChain, path: [RuleReference], depth: Int, isSure: Bool, state: inout State
    ) -> Ended {
        guard depth < 64 else {
            state.result.doubts.append("chains nest too deeply")
            return .through
        }
        var misses: [Finding.Miss] = []
        for rule in chain.rules {
            state.budget -= 1
            guard state.budget > 0 else {
                state.result.doubts.append("too many rules")
                return .through
            }
            let program = program(rule, chain: chain, state: &state)
            // Why this rule itself may or may not match; `isSure` is about the way to its chain.
            var doubt: String?
            var failure: (words: String, condition: RuleCondition)?
            var failures = 0
            for step in program.steps {
                switch step {
                case .condition(let condition):
                    guard failure == nil else {
                        if case .fails = condition.evaluate(state.result.packet, site) { failures += 1 }
                        continue
                    }
                    switch condition.evaluate(state.result.packet, site) {
                    case .holds: continue
                    case .fails(let words):
                        failure = (words, condition)
                        failures += 1
                    case .unknown(let words): doubt = doubt ?? words
                    }
                case .action(let action):
                    guard failure == nil else {
                        noteNearMiss(action, failure: failure, failures: failures, rule: rule, chain: chain, &state)
                        continue
                    }
                    let ended = perform(
                        action, rule: rule, chain: chain, base: base, path: path, misses: misses, depth: depth,
                        isSure: isSure && doubt == nil, state: &state)
                    if let doubt, action.endsOrBranches { state.result.doubts.append("\(rule.text): \(doubt)") }
                    // A verdict that may not have been reached leaves both ways open: go on as if it was not.
                    if let ended, doubt == nil { return ended }
                }
            }
            if let failure {
                misses.append(Finding.Miss(rule: reference(rule, in: chain), because: failure.words))
                if misses.count > 8 { misses.removeFirst() }
            }
        }
        return .through
    }

    private func noteNearMiss(
        _ action: RuleAction, failure: (words: String, condition: RuleCondition)?, failures: Int, rule: Rule,
        chain: RuleChain, _ state: inout State
    ) {
        guard let failure, failures == 1 else { return }
        switch action {
        case .masquerade, .sourceTranslation, .destinationTranslation, .redirect:
            state.result.nearMisses.append(
                HookResult.NearMiss(
                    rule: reference(rule, in: chain), action: action, failing: failure.condition.kind,
                    condition: failure.condition.text, because: failure.words))
        default: return
        }
    }

    /// Nil: the next statement or rule follows.
    private func perform(
        _ action: RuleAction, rule: Rule, chain: RuleChain, base: RuleChain, path: [RuleReference],
        misses: [Finding.Miss], depth: Int, isSure: Bool, state: inout State
    ) -> Ended? {
        switch action {
        case .accept: return .accepted(reference(rule, in: chain))
        case .drop, .reject:
            let kind: HookResult.Ending.Kind = if case .reject(let with) = action { .reject(with) } else { .drop }
            let ending = ending(
                kind, rule: rule, chain: chain, base: base, path: path, state: state, unmatched: misses)
            if isSure { state.result.ending = ending } else { state.result.possible.append(ending) }
            return .dropped
        case .jump(let name), .goto(let name):
            let key = Key(backend: chain.backend, family: chain.family, table: chain.table, name: name)
            guard let target = state.chains[key] else {
                state.result.doubts.append("\(rule.text): the target \(name) is not known")
                return nil
            }
            let ended = walk(
                target, base: base, path: path + [reference(rule, in: chain)], depth: depth + 1, isSure: isSure,
                state: &state)
            if case .goto = action {
                switch ended {
                case .through, .returned: return .returned
                default: return ended
                }
            }
            switch ended {
            case .through, .returned: return nil
            default: return ended
            }
        case .return: return .returned
        case .queue:
            state.result.doubts.append("\(rule.text): a program in user space decides")
            return .accepted(reference(rule, in: chain))
        case .masquerade, .sourceTranslation:
            if state.result.translation == nil, isSure {
                state.result.translation = (reference(rule, in: chain), action)
                state.result.packet.isSourceTranslated = true
                if case .sourceTranslation(let address?) = action { state.result.packet.source = address }
                if case .masquerade = action, let device = site.outDevice,
                    let address = site.namespace[device: device]?.addresses.first(where: {
                        $0.address.family == state.result.packet.source.family && !$0.address.isLinkLocal
                    })
                {
                    state.result.packet.source = address.address
                }
            }
            return .accepted(reference(rule, in: chain))
        case .destinationTranslation(let address, let port):
            if state.result.translation == nil, isSure {
                state.result.translation = (reference(rule, in: chain), action)
                state.result.packet.originalDestination = state.result.packet.destination
                state.result.packet.isDestinationTranslated = true
                if let address { state.result.packet.destination = address }
                if let port { state.result.packet.destinationPort = port }
            }
            return .accepted(reference(rule, in: chain))
        case .redirect(let port):
            if state.result.translation == nil, isSure {
                state.result.translation = (reference(rule, in: chain), action)
                if let port { state.result.packet.destinationPort = port }
                let local = site.inDevice.flatMap { site.namespace[device: $0]?.addresses.first?.address }
                if let local, local.family == state.result.packet.destination.family {
                    state.result.packet.destination = local
                }
            }
            return .accepted(reference(rule, in: chain))
        case .setMark(let value, let mask):
            if isSure {
                state.result.packet.mark = state.result.packet.mark & ~mask ^ value
            } else {
                state.result.packet.isMarkKnown = false
            }
            return nil
        case .verdictMap(let look):
            let (found, reason) = look(state.result.packet, site)
            if case .unknown(let words) = reason {
                state.result.doubts.append("\(rule.text): \(words)")
                return nil
            }
            guard let found else { return nil }
            return perform(
                found, rule: rule, chain: chain, base: base, path: path, misses: misses, depth: depth,
                isSure: isSure, state: &state)
        case .goOn: return nil
        case .unknown(let name):
            state.result.doubts.append("\(rule.text): \(name) is not known")
            return nil
        }
    }
}

extension RuleChain {
    /// Whether a netdev chain is bound to a device; several devices are separated by commas.
    func isBound(to name: String?) -> Bool {
        guard let device, let name else { return true }
        return device.split(separator: ",").contains { $0 == name }
    }
}
