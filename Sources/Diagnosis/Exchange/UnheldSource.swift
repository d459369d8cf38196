internal import Observations
internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// A source address that a rule gave a packet, and for which the router that did so takes no replies.
struct UnheldSource {
    /// Who would look for the address to send a reply to it.
    enum Asker {
        /// The next router, which has it on the link of one of its devices.
        case router(Namespace, device: String)
        /// The next router, which has no route for it.
        case lost(Namespace)
        /// Somebody who can't be seen, perhaps by a route that leads back here.
        case unseen(isOnLink: Bool)
    }

    var namespace: Namespace
    /// As it came to the rule.
    var packet: PacketState
    /// What its source became.
    var address: IPAddress
    var rule: RuleReference
    var chain: RuleChain
    var traversal: HookTraversal
    var outDevice: String
    var asker: Asker

    var isCertain: Bool {
        if case .unseen = asker { false } else { true }
    }

    /// Nil where each translated source is taken by somebody, or where the next router has a route for it.
    init?(_ reading: WalkReading, _ graph: NetworkGraph) {
        for stay in reading.stays() where stay.entry.source != stay.exit.source {
            guard let out = stay.outDevice, !stay.namespace.holds(stay.exit.source),
                !Self.takes(stay.exit.source, stay.namespace, out),
                let asker = Self.asker(stay, out, graph)
            else { continue }
            var packet = stay.exit
            packet.source = stay.entry.source
            packet.sourcePort = stay.entry.sourcePort
            packet.connection = .new
            let traversal = HookTraversal(
                site: RuleSite(namespace: stay.namespace, inDevice: stay.inDevice, outDevice: out), hook: .postrouting,
                families: [packet.source.isIPv4 ? "ip" : "ip6", "inet"], from: 50)
            guard let (rule, action) = traversal.run(packet).translation, Self.gives(stay.exit.source, by: action),
                let chain = stay.namespace.netfilter.chain(of: rule)
            else { continue }
            namespace = stay.namespace
            self.packet = packet
            address = stay.exit.source
            self.rule = rule
            self.chain = chain
            self.traversal = traversal
            outDevice = out
            self.asker = asker
            return
        }
        return nil
    }

    /// Whether a namespace takes what comes in by a device for an address that none of its devices has: by a local route,
    /// or since it replies for others.
    private static func takes(_ address: IPAddress, _ namespace: Namespace, _ device: String) -> Bool {
        if namespace.lookUpRoute(to: address, source: nil, mark: 0, inDevice: device).kind == .local { return true }
        let inquiry = NeighbourInquiry(namespace: namespace, device: device, target: address)
        switch inquiry.reply {
        case .own, .proxy: return true
        case .silent, .unconcerned: return false
        }
    }

    private static func gives(_ address: IPAddress, by action: RuleAction) -> Bool {
        let target: TranslationTarget
        switch action {
        case .sourceTranslation(let given), .netmap(let given): target = given
        default: return false
        }
        switch target.addresses {
        case .addresses(let range)?: return range.contains(address)
        case .prefix(let prefix)?: return prefix.contains(address)
        default: return false
        }
    }

    private static func asker(_ stay: WalkReading.Stay, _ out: String, _ graph: NetworkGraph) -> Asker? {
        let (namespace, address) = (stay.namespace, stay.exit.source)
        let segment = graph.segment(out: out, of: namespace.name)
        let ends = segment.paths.filter { !$0.isOutside && $0.end.namespace != namespace.name }.compactMap { path in
            graph.topology[namespace: path.end.namespace].map { (namespace: $0, device: path.end.device) }
        }
        // Replies go to whoever has it.
        if ends.contains(where: { $0.namespace.holds(address) }) { return nil }
        let choice = namespace.lookUpRoute(
            to: stay.exit.destination, source: stay.entry.source, mark: 0, inDevice: stay.inDevice)
        let hop = choice.gateway ?? stay.exit.destination
        if let next = ends.first(where: { $0.namespace.holds(hop) }) {
            let back = next.namespace.lookUpRoute(to: address, source: nil, mark: 0, inDevice: nil)
            if back.kind == nil { return .lost(next.namespace) }
            let isKnown = next.namespace.neighbors.contains { $0.address == address && $0.state.isResolved }
            guard back.kind == .unicast, back.gateway == nil, back.device == next.device, !isKnown else { return nil }
            return .router(next.namespace, device: next.device)
        }
        guard ends.isEmpty || segment.paths.contains(where: \.isOutside) else { return nil }
        let isOnLink = namespace[device: out]?.addresses.contains { $0.contains(address) } == true
        return .unseen(isOnLink: isOnLink)
    }
}

extension WalkDiagnosis {
    /// That nobody takes replies to the address that the request's source was translated to.
    func unheldSource(_ request: WalkReading) -> Candidate? {
        UnheldSource(request, context.graph).map { SourceNATUnheld().candidate($0) }
    }
}
