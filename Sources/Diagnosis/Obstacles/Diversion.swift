internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// A translation of the destination that a packet met on its way: whoever asked for one server and fails at another has
/// to be told which rule sent the packet there.
struct Diversion {
    var namespace: Namespace
    var hook: NetfilterHook
    /// As it came to the hook, and as it went on.
    var packet: PacketState
    var result: PacketState
    /// The rule that did it; nil where neither the trace nor the rules as read name one.
    var rule: RuleReference?
    /// What the rules make of the packet without that one; nil where they translate it no more, or were not asked.
    var afterwards: HookResult?
    /// The rule that keeps a client at one of several destinations (`-m recent`, session affinity), and its list.
    var affinity: (rule: RuleReference, list: String)?

    /// The last one on a walk; nil where the destination stays as sent.
    init?(_ reading: WalkReading) {
        let sightings = reading.sightings
        let changed = zip(sightings, sightings.dropFirst()).reversed().first { before, hop in
            before.namespace == hop.namespace && before.packet.encapsulation == hop.packet.encapsulation
                && (before.packet.destination != hop.packet.destination
                    || before.packet.destinationPort != hop.packet.destinationPort)
        }
        guard let (before, hop) = changed, let namespace = reading.topology[namespace: hop.namespace],
            var packet = reading.packet(at: before), let result = reading.packet(at: hop)
        else { return nil }
        let hook: NetfilterHook = reading.inDevice(at: hop) == nil ? .output : .prerouting
        packet.connection = .new
        self.namespace = namespace
        self.hook = hook
        self.packet = packet
        self.result = result
        let site = RuleSite(namespace: namespace, inDevice: hook == .prerouting ? reading.inDevice(at: hop) : nil)
        let families: Set<TableFamily> = [packet.source.isIPv4 ? "ip" : "ip6", "inet"]
        let traversal = HookTraversal(site: site, hook: hook, families: families)
        let foreseen = traversal.run(packet)
        if foreseen.packet.destination == result.destination {
            rule = foreseen.translation?.rule
        } else {
            let texts = ["DNAT", "REDIRECT", "dnat", "redirect"]
            rule = hop.rules.last { rule in texts.contains { rule.text?.contains($0) == true } }
        }
        guard let rule else { return }
        afterwards = Self.result(of: traversal, without: rule, packet)
    }

    /// The first one ahead on a path; nil where its rules leave the destination as it is.
    init?(ahead path: ForwardPath) {
        let hooks = path.steps.compactMap { step in if case .hook(let hook) = step { hook } else { nil } }
        let translating = hooks.first { hook in
            let (before, after) = (hook.packet, hook.result.packet)
            return before.destination != after.destination || before.destinationPort != after.destinationPort
        }
        guard let step = translating, let rule = step.result.translation?.rule else { return nil }
        namespace = step.traversal.site.namespace
        hook = step.traversal.hook
        packet = step.packet
        result = step.result.packet
        self.rule = rule
        afterwards = Self.result(of: step.traversal, without: rule, packet)
    }

    private static func result(
        of traversal: HookTraversal, without rule: RuleReference, _ packet: PacketState
    ) -> HookResult? {
        var without = traversal
        without.site.namespace.remove(rule)
        let later = without.run(packet)
        return later.translation == nil ? nil : later
    }

    /// As an obstacle on the path behind it sees it.
    var translation: Surroundings.Translation? {
        rule.map { Surroundings.Translation(namespace: namespace.name, rule: $0, isSource: false) }
    }

    /// `203.0.113.2:8080`, as it was asked for.
    var asked: String { Self.socket(packet) }

    static func socket(_ packet: PacketState) -> String {
        guard packet.hasPorts, let port = packet.destinationPort else { return packet.destination.description }
        return packet.destination.isIPv4 ? "\(packet.destination):\(port)" : "[\(packet.destination)]:\(port)"
    }

    /// `; iptables nat PREROUTING 1 in host sent it there instead of to 198.51.100.1:80`.
    var words: String {
        let kept =
            affinity.map {
                "; \($0.rule.name) keeps this client at it (session affinity, list \($0.list) of -m recent)"
            } ?? ""
        return "; \(rule?.name ?? "a rule of nat") in \(namespace.name) sent it there instead of to \(asked)\(kept)"
    }

    /// A finding about the place that the packet was sent to, with the rule that sent it there.
    func named(in finding: Finding) -> Finding {
        guard let rule, finding.rule != rule else { return finding }
        var finding = finding
        if !finding.message.contains(rule.name) {
            finding.message += words
        } else if !finding.message.hasSuffix(words) {
            return finding
        }
        if !namespace.holds(packet.destination), isUnbounded(rule) {
            finding.message +=
                ": it names neither an incoming device nor a destination, so it takes what is for others too"
        }
        if let listener = bypassed {
            finding.message +=
                "; \(namespace.name) itself has \(listener.words) there, which gets nothing past that rule"
        }
        finding.evidence.append(.state("\(rule.name): \(rule.text ?? "")"))
        if finding.checks.first?.holds != false, !finding.checks.isEmpty { finding.checks[0].text = finding.message }
        return finding
    }
}

extension Diversion {
    /// The socket of the namespace itself that was asked for, and does not get the packet.
    fileprivate var bypassed: Listener? {
        guard namespace.name != target, packet.hasPorts, namespace.holds(packet.destination) else { return nil }
        return namespace.listeners.first {
            $0.isOn(packet.ipProtocol, port: packet.destinationPort) && $0.takes(packet.destination)
        }
    }

    /// The namespace itself, where the packet was sent to another of its ports.
    private var target: String? { namespace.holds(result.destination) ? namespace.name : nil }

    /// Whether a rule asks neither by which device a packet came in nor where it is sent.
    fileprivate func isUnbounded(_ rule: RuleReference) -> Bool {
        let chain = namespace.netfilter.chains.first {
            $0.table == rule.table && $0.name == rule.chain && $0.family == rule.family
                && (rule.backend == nil || $0.backend == rule.backend)
        }
        // One that is jumped to is asked under the conditions of the jump.
        guard let chain, chain.hook != nil,
            let compiled = namespace.netfilter.compiled[CompiledChain.Key(chain)]?.rules.first(where: {
                $0.reference.position == rule.position
            })
        else { return false }
        return !compiled.matches.contains { match in
            switch match.field {
            case .device(.in, _), .address, .addressType: true
            default: false
            }
        }
    }
}

extension Namespace {
    /// As if a rule were not there.
    mutating func remove(_ rule: RuleReference) {
        for index in netfilter.chains.indices {
            let chain = netfilter.chains[index]
            guard chain.table == rule.table, chain.name == rule.chain, chain.family == rule.family,
                rule.backend == nil || chain.backend == rule.backend
            else { continue }
            netfilter.chains[index].rules.removeAll { $0.position == rule.position }
        }
    }
}
