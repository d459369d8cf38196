internal import Network

/// One packet on its way through the chains of a hook. It holds the verdicts; words come from `Match+Explanation`.
///
/// A condition that can't be told leaves both ways open: what its rule would do is noted as possible or as a doubt, and
/// the packet goes on as if the rule had not matched.
struct ChainWalk {
    static let keptMisses = 8
    private static let maximumRules = 400_000
    private static let maximumDepth = 64
    /// NF_IP_PRI_CONNTRACK
    private static let conntrackPriority = -200

    let site: RuleSite
    let hook: NetfilterHook
    let ruleset: CompiledRuleset
    var result: HookResult
    private var budget = Self.maximumRules

    init(site: RuleSite, hook: NetfilterHook, packet: PacketState) {
        self.site = site
        self.hook = hook
        ruleset = site.namespace.netfilter.compiled
        result = HookResult(packet: packet)
    }

    /// How a chain was left.
    enum Exit {
        case end
        case accepted(RuleReference)
        case dropped
        case returned
    }

    /// Where the packet is: a chain, and how it came there.
    struct Position {
        var chain: CompiledChain
        var base: CompiledChain
        var path: [RuleReference] = []
        var depth = 0
        /// Whether it surely came there.
        var isSure = true
        var misses: [(rule: CompiledRule, match: Match, packet: PacketState)] = []
    }

    /// Passes a base chain and its policy. True where the packet ends there.
    mutating func pass(_ base: CompiledChain) -> Bool {
        switch walk(Position(chain: base, base: base)) {
        case .dropped: return true
        case .accepted(let rule):
            result.accepted.append(rule)
            return false
        case .end, .returned:
            guard base.dropsByPolicy else { return false }
            result.ending = policyEnding(base)
            return true
        }
    }

    private mutating func walk(_ start: Position) -> Exit {
        guard start.depth < Self.maximumDepth else {
            result.doubts.append("chains nest too deeply")
            return .end
        }
        var position = start
        for rule in start.chain.rules {
            budget -= 1
            guard budget > 0 else {
                result.doubts.append("too many rules")
                return .end
            }
            if let exit = apply(rule, &position) { return exit }
        }
        return .end
    }

    /// Nil: the next rule follows.
    private mutating func apply(_ rule: CompiledRule, _ position: inout Position) -> Exit? {
        // Why this rule may or may not match.
        var doubt: String?
        var failure: Match?
        var failures = 0
        for step in rule.steps {
            switch step {
            case .match(let match):
                switch match.evaluate(result.packet, at: site) {
                case .holds: continue
                case .fails:
                    failures += 1
                    failure = failure ?? match
                case .unknown where failure == nil: doubt = doubt ?? match.doubt(rule, result.packet, at: site)
                case .unknown: continue
                }
            case .action(let action):
                if failure == nil, breaks(action, rule, isSure: position.isSure && doubt == nil) { return nil }
                if let failure {
                    if failures == 1 { noteNearMiss(rule, action, failure) }
                    continue
                }
                let exit = perform(action, rule, position, isSure: position.isSure && doubt == nil)
                if let doubt, action.endsOrBranches { result.doubts.append("\(rule.text): \(doubt)") }
                if let exit, doubt == nil { return exit }
            }
            // What else fails is asked only of a rule that may nearly have translated the packet.
            if failure != nil, !rule.isTranslation { break }
        }
        if let failure {
            position.misses.append((rule, failure, result.packet))
            if position.misses.count > Self.keptMisses { position.misses.removeFirst() }
        }
        return nil
    }

    /// Whether a rule of nft ends at an action (NFT_BREAK): at `tproxy` without a socket.
    private mutating func breaks(_ action: RuleAction, _ rule: CompiledRule, isSure: Bool) -> Bool {
        guard case .transparentProxy(let proxy) = action, !proxy.dropsWithoutSocket,
            proxy.hasSocket(for: result.packet, at: site) == .fails
        else { return false }
        if isSure, result.proxying == nil {
            result.proxying = HookResult.Proxying(rule: rule.reference, proxy: proxy, isServed: false)
        }
        return true
    }

    private mutating func noteNearMiss(_ rule: CompiledRule, _ action: RuleAction, _ match: Match) {
        guard action.translation != nil else { return }
        result.nearMisses.append(
            HookResult.NearMiss(
                compiled: rule, action: action, match: match, because: match.explanation(result.packet, at: site)))
    }

    // MARK: Actions

    /// Nil: the next step or rule follows.
    private mutating func perform(
        _ action: RuleAction, _ rule: CompiledRule, _ position: Position, isSure: Bool
    ) -> Exit? {
        switch action {
        case .accept: return .accepted(rule.reference)
        case .drop: return end(.drop, rule, position, isSure)
        case .reject(let with): return end(.reject(with), rule, position, isSure)
        case .jump(let name): return branch(to: name, rule, position, isSure, isGoto: false)
        case .goto(let name): return branch(to: name, rule, position, isSure, isGoto: true)
        case .return: return .returned
        case .queue(let queue): return hand(to: queue, rule, position, isSure)
        case .masquerade, .sourceTranslation, .destinationTranslation, .redirect, .netmap:
            guard result.translation == nil else { return .accepted(rule.reference) }
            if isSure {
                result.translation = (rule.reference, action)
                result.packet.translate(by: action, at: site, hook)
            } else {
                result.packet.doubt(action, hook)
            }
            return .accepted(rule.reference)
        case .setMark(let value, let mask):
            result.packet.setMark(isSure ? value : nil, mask: mask)
            if isSure { noteMarking(rule, position, mask) }
            return nil
        case .write(let field, let value):
            if !field.isAbsent(result.packet) { result.packet.write(isSure ? value : nil, to: field) }
            return nil
        case .restoreMark(let mask):
            if isSure { result.packet.restoreMark(mask: mask) } else { result.packet.isMarkKnown = false }
            return nil
        case .saveMark(let mask):
            let packet = result.packet
            let old = packet.connectionMark ?? 0
            result.packet.connectionMark =
                isSure && packet.isMarkKnown && (mask == .max || packet.connectionMark != nil)
                ? old & ~mask | packet.mark & mask : nil
            return nil
        case .verdictMap(let map): return look(map, rule, position, isSure)
        case .transparentProxy(let proxy): return give(to: proxy, rule, position, isSure)
        case .noTrack:
            if isSure, result.packet.connection == nil || result.packet.connection == .new {
                result.packet.connection = .untracked
                result.untracking = rule.reference
            }
            return nil
        case .setZone(let assignment):
            set(assignment, rule, position, isSure: isSure)
            return nil
        case .log, .counter, .pass: return nil
        case .other(let name):
            result.doubts.append("\(rule.text): \(name) is not known")
            return nil
        }
    }

    /// Past conntrack's own hook no rule sets a zone any more.
    private mutating func set(
        _ assignment: ZoneAssignment, _ rule: CompiledRule, _ position: Position, isSure: Bool
    ) {
        guard result.zoning == nil, position.base.priority < Self.conntrackPriority else { return }
        let (zone, truth) = assignment.look(result.packet, at: site)
        if truth == .fails { return }
        result.zoning = HookResult.Zoning(
            rule: rule.reference, chain: source(position.chain), zone: isSure ? zone : nil)
    }

    private mutating func noteMarking(_ rule: CompiledRule, _ position: Position, _ mask: UInt32) {
        result.markings.append(
            HookResult.Marking(rule: rule.reference, path: position.path, mask: mask, mark: result.packet.mark))
    }

    /// To a program: it decides where one reads the queue.
    private mutating func hand(
        to queue: PacketQueue, _ rule: CompiledRule, _ position: Position, _ isSure: Bool
    ) -> Exit? {
        guard let bound = site.namespace.netfilter.queues, !bound.contains(where: queue.numbers.contains) else {
            result.doubts.append("\(rule.text): a program in user space decides")
            return .accepted(rule.reference)
        }
        // It goes on at the next chain, as after an accept (nf_hook_slow).
        return queue.mayBypass ? .accepted(rule.reference) : end(.queue(queue), rule, position, isSure)
    }

    /// To a socket of the namespace.
    private mutating func give(
        to proxy: TransparentProxy, _ rule: CompiledRule, _ position: Position, _ isSure: Bool
    ) -> Exit? {
        switch proxy.hasSocket(for: result.packet, at: site) {
        case .holds:
            if isSure {
                result.packet.isAssignedSocket = true
                result.proxying = HookResult.Proxying(rule: rule.reference, proxy: proxy, isServed: true)
            }
            guard proxy.dropsWithoutSocket else { return nil }
            if let mark = proxy.mark { result.packet.setMark(isSure ? mark : nil, mask: proxy.markMask) }
            return .accepted(rule.reference)
        case .fails where proxy.dropsWithoutSocket: return end(.proxy(proxy), rule, position, isSure)
        case .fails: return nil
        case .unknown:
            result.doubts.append("\(rule.text): whether a socket takes it can't be told")
            return nil
        }
    }

    private mutating func branch(
        to name: String, _ rule: CompiledRule, _ position: Position, _ isSure: Bool, isGoto: Bool
    ) -> Exit? {
        var key = position.chain.key
        key.name = name
        guard let target = ruleset[key] else {
            result.doubts.append("\(rule.text): the target \(name) is not known")
            return nil
        }
        let exit = walk(
            Position(
                chain: target, base: position.base, path: position.path + [rule.reference],
                depth: position.depth + 1, isSure: isSure))
        switch exit {
        // After a goto the caller's next rule does not follow.
        case .end, .returned: return isGoto ? .returned : nil
        case .accepted, .dropped: return exit
        }
    }

    private mutating func look(
        _ map: VerdictMap, _ rule: CompiledRule, _ position: Position, _ isSure: Bool
    ) -> Exit? {
        let (action, truth) = map.look(result.packet, at: site)
        if truth == .unknown {
            result.doubts.append("\(rule.text): \(Match(map.field).doubt(rule, result.packet, at: site))")
            return nil
        }
        return action.flatMap { perform($0, rule, position, isSure: isSure) }
    }

    // MARK: Endings

    private mutating func end(
        _ kind: HookResult.Ending.Kind, _ rule: CompiledRule, _ position: Position, _ isSure: Bool
    ) -> Exit {
        var reference = rule.reference
        reference.verdict = kind == .drop ? .drop : .reject
        let ending = HookResult.Ending(
            kind: kind, rule: reference, comment: rule.comment, chain: source(position.chain), path: position.path,
            unmatched: position.misses.map {
                RuleMiss(rule: $0.rule.reference, because: $0.match.explanation($0.packet, at: site))
            }, accepted: result.accepted)
        if isSure { result.ending = ending } else { result.possible.append(ending) }
        return .dropped
    }

    /// The last rules of the base chain are those that let the packet come to the policy.
    private func policyEnding(_ base: CompiledChain) -> HookResult.Ending {
        let key = base.key
        return HookResult.Ending(
            kind: .policy,
            rule: RuleReference(
                family: key.family, table: key.table, chain: key.name, verdict: .policy(.drop), backend: key.backend),
            chain: source(base), unmatched: HookTraversal.lastMisses(of: base, result.packet, site),
            accepted: result.accepted)
    }

    private func source(_ chain: CompiledChain) -> RuleChain { site.namespace.netfilter.chains[chain.index] }
}
