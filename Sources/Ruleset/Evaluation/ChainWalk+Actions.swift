internal import Network

/// What the rules that match do: to the packet, to its path through the chains.
extension ChainWalk {
    /// Nil: the next step or rule follows.
    mutating func perform(
        _ action: RuleAction, _ rule: CompiledRule, _ position: inout Position, isSure: Bool
    ) -> Exit? {
        switch action {
        case .accept: return .accepted(rule.reference)
        case .drop: return end(.drop, rule, position, isSure)
        case .reject(let with): return end(.reject(with), rule, position, isSure)
        case .jump(let name): return branch(to: name, rule, position, isSure, isGoto: false)
        case .goto(let name): return branch(to: name, rule, position, isSure, isGoto: true)
        case .return: return .returned
        case .queue(let queue): return hand(to: queue, rule, position, isSure)
        case .forward(let device): return end(.forward(to: device), rule, position, isSure)
        case .masquerade, .sourceTranslation, .destinationTranslation, .redirect, .netmap:
            guard result.translation == nil else { return .accepted(rule.reference) }
            if isSure, isHere(position) {
                result.translation = (rule.reference, action)
                result.packet.translate(by: action, at: site, hook)
            } else {
                // Its counter says that it translated some packet: that is the likelier way.
                if let rise = rise(of: rule, in: position.chain), rise > 0 {
                    result.translation = (rule.reference, action)
                    result.packet.translate(by: action, at: site, hook)
                }
                result.packet.doubt(action, hook)
            }
            return .accepted(rule.reference)
        case .verdictMap(let map): return look(map, rule, &position, isSure)
        case .transparentProxy(let proxy): return give(to: proxy, rule, position, isSure)
        case .setMark, .write, .restoreMark, .saveMark, .noTrack, .setZone:
            change(by: action, rule, position, isSure: isSure && isHere(position))
            return nil
        case .log, .counter, .pass: return nil
        case .block(let block):
            pass(block, rule, &position)
            return nil
        case .other(let name):
            result.doubts.append("\(rule.text): \(name) is not known")
            mayHaveAccepted = true
            result.packet.isMarkKnown = false
            return nil
        }
    }

    /// A chain of which only the text is known: it may do whatever its words say.
    private mutating func pass(_ block: RuleBlock, _ rule: CompiledRule, _ position: inout Position) {
        result.doubts.append("\(rule.text): what the chain inside it does can't be told")
        if block.has("mark") || block.leadsOn {
            result.packet.isMarkKnown = false
            result.packet.connectionMark = nil
        }
        let translatesDestination = block.has("dnat") || block.has("redirect") || block.leadsOn
        let translatesSource = block.has("snat") || block.has("masquerade") || block.leadsOn
        if translatesDestination { result.packet.isDestinationKnown = false }
        if translatesSource { result.packet.isSourceKnown = false }
        if block.leadsOn || block.has("drop") {
            _ = end(.drop, rule, position, false)
        } else if block.has("reject") {
            _ = end(.reject("icmp port-unreachable"), rule, position, false)
        }
        if translatesDestination || translatesSource || block.has("accept") { mayHaveAccepted = true }
        if block.isGoto { position.mayHaveReturned = true }
    }

    /// What a rule changes of the packet or of its connection.
    private mutating func change(by action: RuleAction, _ rule: CompiledRule, _ position: Position, isSure: Bool) {
        switch action {
        case .setMark(let value, let mask):
            result.packet.setMark(isSure ? value : nil, mask: mask)
            if isSure { noteMarking(rule, position, mask) }
        case .write(let field, let value):
            if !field.isAbsent(result.packet) { result.packet.write(isSure ? value : nil, to: field) }
        case .restoreMark(let mask):
            if isSure { result.packet.restoreMark(mask: mask, at: site) } else { result.packet.isMarkKnown = false }
        case .saveMark(let mask):
            result.packet.saveMark(mask: mask, isSure: isSure)
        case .noTrack:
            // Past conntrack's own hook nothing is kept from it any more.
            guard position.base.priority < Self.conntrackPriority, isNewHere else { return }
            result.packet.connection = isSure ? .untracked : nil
            if isSure { result.untracking = rule.reference }
        case .setZone(let assignment): set(assignment, rule, position, isSure: isSure)
        default: return
        }
    }

    private var isNewHere: Bool { result.packet.connection == nil || result.packet.connection == .new }

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
            if let mark = proxy.mark {
                result.packet.setMark(isSure && isHere(position) ? mark : nil, mask: proxy.markMask)
            }
            return .accepted(rule.reference)
        case .fails where proxy.dropsWithoutSocket: return end(.proxy(proxy), rule, position, isSure)
        case .fails: return nil
        case .unknown:
            result.doubts.append("\(rule.text): whether a socket takes it can't be told")
            if proxy.mark != nil { result.packet.isMarkKnown = false }
            if proxy.dropsWithoutSocket {
                mayHaveAccepted = true
                _ = end(.proxy(proxy), rule, position, false)
            }
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
            mayHaveAccepted = true
            result.packet.isMarkKnown = false
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

    /// The action of the packet's key; of keys that it may have, each action is possible.
    private mutating func look(
        _ map: VerdictMap, _ rule: CompiledRule, _ position: inout Position, _ isSure: Bool
    ) -> Exit? {
        let (certain, possible) = map.look(result.packet, at: site)
        if !possible.isEmpty {
            result.doubts.append("\(rule.text): \(Match(map.field).doubt(rule, result.packet, at: site))")
        }
        for action in possible {
            if let exit = perform(action, rule, &position, isSure: false) { noteDoubtful(exit, &position) }
        }
        guard let certain else { return nil }
        let exit = perform(certain, rule, &position, isSure: isSure && possible.isEmpty)
        guard let exit, !possible.isEmpty else { return exit }
        noteDoubtful(exit, &position)
        return nil
    }

    // MARK: Endings

    private mutating func end(
        _ kind: HookResult.Ending.Kind, _ rule: CompiledRule, _ position: Position, _ isSure: Bool
    ) -> Exit {
        var reference = rule.reference
        reference.verdict = kind.verdict
        var ending = HookResult.Ending(
            kind: kind, rule: reference, comment: rule.comment, chain: source(position.chain), path: position.path,
            unmatched: position.misses.map {
                RuleMiss(rule: $0.rule.reference, because: $0.match.explanation($0.packet, at: site))
            }, accepted: result.accepted)
        ending.rise = rise(of: rule, in: position.chain)
        ending.mayBePassedBy = !isHere(position)
        if isSure { result.ending = ending } else { result.possible.append(ending) }
        return .dropped
    }

    /// The last rules of the base chain are those that let the packet come to the policy.
    func policyEnding(_ base: CompiledChain) -> HookResult.Ending {
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
