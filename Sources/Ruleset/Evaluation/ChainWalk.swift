internal import Network
internal import Wire

/// One packet on its path through the chains of a hook. It holds the verdicts; words come from `Match+Explanation`.
///
/// A condition that can't be told leaves both ways open: what its rule would do is noted as possible or as a doubt, and
/// the packet goes on as if the rule had not matched.
struct ChainWalk {
    static let keptMisses = 8
    private static let maximumRules = 400_000
    private static let maximumDepth = 64
    /// NF_IP_PRI_CONNTRACK
    static let conntrackPriority = -200

    private let traversal: HookTraversal
    let ruleset: CompiledRuleset
    var result: HookResult
    private var budget = Self.maximumRules
    /// Whether a rule of the base chain under way may have accepted the packet: what follows in it may not be met.
    var mayHaveAccepted = false

    init(_ traversal: HookTraversal, _ packet: PacketState) {
        self.traversal = traversal
        ruleset = traversal.site.namespace.netfilter.compiled
        result = HookResult(packet: packet)
    }

    var site: RuleSite { traversal.site }
    var hook: NetfilterHook { traversal.hook }

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
        /// Whether the rules that led there surely match.
        var isSure = true
        /// Whether a rule of the chain may have sent it back to the caller.
        var mayHaveReturned = false
        var misses: [(rule: CompiledRule, match: Match, packet: PacketState)] = []
    }

    /// Passes a base chain and its policy. True where the packet ends there.
    mutating func pass(_ base: CompiledChain) -> Bool {
        mayHaveAccepted = false
        switch walk(Position(chain: base, base: base)) {
        case .dropped: return true
        case .accepted(let rule):
            result.accepted.append(rule)
            return false
        case .end, .returned:
            guard base.dropsByPolicy else { return false }
            result.ending = policyEnding(base)
            result.ending?.mayBePassedBy = mayHaveAccepted
            return true
        }
    }

    mutating func walk(_ start: Position) -> Exit {
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
        var isCounted = false
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
                if !isCounted, rule.counts(at: action) {
                    isCounted = true
                    if doubt != nil, rise(of: rule, in: position.chain) == 0 { return nil }
                    count(rule, isSure: doubt == nil && isHere(position))
                }
                let exit = perform(action, rule, &position, isSure: position.isSure && doubt == nil)
                if let doubt, action.endsOrBranches { result.doubts.append("\(rule.text): \(doubt)") }
                if let exit, doubt == nil { return exit }
                if let exit { noteDoubtful(exit, &position) }
            }
            // What else fails is asked only of a rule that may nearly have translated the packet.
            if failure != nil, !rule.isTranslation { break }
        }
        if let failure {
            position.misses.append((rule, failure, result.packet))
            if position.misses.count > Self.keptMisses { position.misses.removeFirst() }
        } else if !isCounted, !rule.isNftables {
            count(rule, isSure: doubt == nil && isHere(position))
        }
        return nil
    }

    /// By how much the rule's counter rose around the packet; nil where that is not known.
    func rise(of rule: CompiledRule, in chain: CompiledChain) -> UInt64? {
        guard let before = traversal.before, rule.hasOneCounter, let position = rule.reference.position else {
            return nil
        }
        let now = site.namespace.netfilter.chains[chain.index]
        return before.rise(ofRuleAt: position, in: now)
    }

    /// Whether the packet surely comes to the next rule of a chain, unless a rule before has dropped it.
    func isHere(_ position: Position) -> Bool {
        position.isSure && !position.mayHaveReturned && !mayHaveAccepted
    }

    /// The packet goes on, and may not be here any more.
    mutating func noteDoubtful(_ exit: Exit, _ position: inout Position) {
        switch exit {
        case .accepted: mayHaveAccepted = true
        case .returned, .end: position.mayHaveReturned = true
        case .dropped: break
        }
    }

    private mutating func count(_ rule: CompiledRule, isSure: Bool) {
        guard traversal.countsRules else { return }
        result.counts[rule.reference] = isSure && result.possible.isEmpty ? .holds : .unknown
    }

    /// Whether a rule of nft ends at an action (NFT_BREAK): at `tproxy` without a socket, at a write to a header that
    /// is not there, at a translation to an address of the other family, or to one that a map does not have.
    private mutating func breaks(_ action: RuleAction, _ rule: CompiledRule, isSure: Bool) -> Bool {
        if case .write(let field, _) = action { return rule.isNftables && field.isAbsent(result.packet) }
        if action.translation?.map?.look(result.packet, at: site).truth == .fails { return true }
        if let family = action.translation?.family, family != result.packet.source.family { return true }
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
}
