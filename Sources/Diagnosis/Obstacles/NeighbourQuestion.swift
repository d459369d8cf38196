internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// The question for one address and its reply, as frames that rules may drop.
///
/// ARP passes the `arp` hooks of both ends. Neighbour discovery of IPv6 is ICMPv6 and passes the IP hooks (RFC 4861): a
/// solicitation to the group of its target, an advertisement back. Both pass what bridges and devices between ask of every
/// frame.
struct NeighbourQuestion {
    let step: NeighbourStep
    /// To who has the address, with their namespace; nil where that can't be seen: then the asker's own rules are asked.
    let target: (path: LayerTwoPath, holder: Namespace)?

    private var device: String { target?.path.end.device ?? step.link.name }

    /// A place at which rules are asked.
    private struct Station {
        var namespace: Namespace
        var hook: NetfilterHook
        var inDevice: String?
        var outDevice: String?
        var families: Set<TableFamily>
        /// Of a netdev chain.
        var device: String?
        /// Bridge ports, where br_netfilter asks.
        var ports: (in: String?, out: String?) = (nil, nil)
        var isReply = false
    }

    /// The first rule that ends the question or its reply, as a candidate.
    func stopped(_ surroundings: Surroundings) -> Candidate? {
        let (question, reply) = (question, reply)
        for station in stations(surroundings.topology) {
            let packet = station.isReply ? reply : question
            let site = RuleSite(
                namespace: station.namespace, inDevice: station.inDevice, outDevice: station.outDevice,
                physicalInDevice: station.ports.in, physicalOutDevice: station.ports.out)
            let traversal = HookTraversal(
                site: site, hook: station.hook, families: station.families, device: station.device,
                asksTranslation: false)
            guard !traversal.baseChains().isEmpty, let ending = traversal.run(packet).ending else { continue }
            let rule = RuleEnding(ending: ending, traversal: traversal, packet: packet)
            var found = Catalogue.candidate(for: rule, surroundings).with(.stopsNeighbourDiscovery)
            found.finding.message += "; that is the \(name(station)) for \(step.hop) on \(step.link.name)"
            found.finding.remedy = Remedy(
                step.hop.isIPv4
                    ? AcceptRemedy.arp(traversal, ending, question)
                    : AcceptRemedy.neighbourDiscovery(
                        traversal, ending, station.outDevice ?? station.inDevice ?? device))
            return found
        }
        return nil
    }

    private func name(_ station: Station) -> String {
        switch (step.hop.isIPv4, station.isReply) {
        case (true, false): "ARP request"
        case (true, true): "ARP reply"
        case (false, false): "neighbour solicitation"
        case (false, true): "neighbour advertisement"
        }
    }

    // MARK: The packets

    private var question: PacketState {
        let asker = step.asker ?? IPAddress(high: 0, low: 0)
        let group = step.hop.solicitedNode
        var packet = PacketState(
            source: asker, destination: step.hop.isIPv4 ? step.hop : group, ipProtocol: .icmpv6,
            icmpType: step.hop.isIPv4 ? nil : 135, ttl: 255)
        packet.arpOperation = step.hop.isIPv4 ? 1 : nil
        packet.macSource = step.link.mac
        packet.macDestination =
            step.hop.isIPv4
            ? MACAddress(value: 0xffff_ffff_ffff) : MACAddress(value: 0x3333_0000_0000 | group.low & 0xffff_ffff)
        // Neighbour discovery is untracked (nf_conntrack_icmpv6_error).
        packet.connection = .untracked
        return packet
    }

    private var reply: PacketState {
        var packet = question
        packet.source = step.hop
        packet.destination = step.asker ?? IPAddress(high: 0, low: 0)
        packet.icmpType = step.hop.isIPv4 ? nil : 136
        packet.arpOperation = step.hop.isIPv4 ? 2 : nil
        packet.macSource = target.flatMap { $0.holder[device: device]?.mac }
        packet.macDestination = step.link.mac
        return packet
    }

    // MARK: The places

    private func stations(_ topology: Topology) -> [Station] {
        let own = step.link.name
        var stations = sent(by: step.namespace, own)
        var back: [Station] = []
        if let (path, holder) = target {
            stations += between(path.steps, topology) + received(by: holder, device)
            back = sent(by: holder, device) + between(path.steps.reversed().map(\.reversed), topology)
        }
        back += received(by: step.namespace, own)
        for index in back.indices { back[index].isReply = true }
        stations += back
        return stations
    }

    private var families: Set<TableFamily> { step.hop.isIPv4 ? ["arp"] : ["ip6", "inet"] }

    private func sent(by namespace: Namespace, _ device: String) -> [Station] {
        [Station(namespace: namespace, hook: .output, outDevice: device, families: families)]
    }

    private func received(by namespace: Namespace, _ device: String) -> [Station] {
        let hooks: [NetfilterHook] = step.hop.isIPv4 ? [.input] : [.prerouting, .input]
        return hooks.map { Station(namespace: namespace, hook: $0, inDevice: device, families: families) }
    }

    private func between(_ steps: [LayerTwoPath.Step], _ topology: Topology) -> [Station] {
        steps.flatMap { step -> [Station] in
            switch step {
            case .wire(let from, let to):
                guard let near = topology[namespace: from.namespace], let far = topology[namespace: to.namespace] else {
                    return []
                }
                return [
                    Station(
                        namespace: near, hook: .egress, outDevice: from.device, families: ["netdev"],
                        device: from.device),
                    Station(
                        namespace: far, hook: .ingress, inDevice: to.device, families: ["netdev"], device: to.device),
                ]
            case .bridge(let name, let bridge, let entry, let exit):
                guard let namespace = topology[namespace: name] else { return [] }
                return bridged(namespace, bridge, entry, exit)
            case .tunnel, .sibling: return []
            }
        }
    }

    private func bridged(_ namespace: Namespace, _ bridge: String, _ entry: String?, _ exit: String?) -> [Station] {
        guard !namespace.netfilter.chains.isEmpty else { return [] }
        var hooks: [NetfilterHook] = [entry == nil ? .output : .prerouting]
        if entry != nil { hooks.append(exit == nil ? .input : .forward) }
        if exit != nil { hooks.append(.postrouting) }
        var stations = hooks.map { hook in
            Station(
                namespace: namespace, hook: hook, inDevice: hook == .output || hook == .postrouting ? nil : entry,
                outDevice: hook == .prerouting || hook == .input ? nil : exit, families: ["bridge"])
        }
        // br_netfilter hands what is only bridged to the hooks above.
        let key = "net.bridge.bridge-nf-call-\(step.hop.isIPv4 ? "arptables" : "ip6tables")"
        if let entry, let exit, namespace.settings.value(key)?.isOn == true {
            stations.append(
                Station(
                    namespace: namespace, hook: .forward, inDevice: step.hop.isIPv4 ? entry : bridge,
                    outDevice: step.hop.isIPv4 ? exit : bridge, families: families, ports: (entry, exit)))
        }
        return stations
    }
}

extension LayerTwoPath.Step {
    /// The same step of a frame that comes back.
    fileprivate var reversed: Self {
        switch self {
        case .wire(let from, let to): .wire(from: to, to: from)
        case .bridge(let namespace, let bridge, let entry, let exit):
            .bridge(namespace: namespace, bridge: bridge, in: exit, out: entry)
        case .tunnel(let from, let to): .tunnel(from: to, to: from)
        case .sibling(let from, let to, let lower): .sibling(from: to, to: from, lower: lower)
        }
    }
}
