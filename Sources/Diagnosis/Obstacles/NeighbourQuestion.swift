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
    /// The address that is asked for, and the device of the link in the namespace that the walk is in.
    let asked: IPAddress
    private let device: String
    private let question: PacketState
    private let reply: PacketState
    private var stations: [Station] = []

    /// - Parameters:
    ///   - path: to who has the address, or as far as can be seen.
    ///   - holder: the namespace of who has it; nil where that can't be seen.
    init(_ step: NeighbourStep, along path: LayerTwoPath, to holder: Namespace?, _ topology: Topology) {
        let (own, end) = (step.link.name, path.end.device)
        (asked, device, question) = (step.hop, own, step.question)
        reply = question.neighbourReply(from: holder?[device: end]?.mac)
        stations = sent(by: step.namespace, own) + [atDevice(.egress, step.namespace, own)]
        stations += between(path.steps, topology)
        var back: [Station] = []
        if let holder {
            stations += received(by: holder, end)
            back = sent(by: holder, end)
        } else if let last = topology[namespace: path.end.namespace] {
            stations.append(atDevice(.egress, last, end))
            back = [atDevice(.ingress, last, end)]
        }
        back += between(path.steps.reversed().map(\.reversed), topology)
        back += [atDevice(.ingress, step.namespace, own)] + received(by: step.namespace, own)
        append(replies: back)
    }

    /// The question of a neighbour that can't be seen for an address of a namespace.
    init(of asker: IPAddress, for asked: IPAddress, by link: Link, of namespace: Namespace) {
        (self.asked, device) = (asked, link.name)
        question = PacketState(asking: asked, as: asker, from: nil)
        reply = question.neighbourReply(from: link.mac)
        stations = [atDevice(.ingress, namespace, device)] + received(by: namespace, device)
        append(replies: sent(by: namespace, device) + [atDevice(.egress, namespace, device)])
    }

    private mutating func append(replies: [Station]) {
        stations += replies.map { station in
            var station = station
            station.isReply = true
            return station
        }
    }

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
        for station in stations {
            let packet = station.isReply ? reply : question
            let site = RuleSite(
                namespace: station.namespace, inDevice: station.inDevice, outDevice: station.outDevice,
                physicalInDevice: station.ports.in, physicalOutDevice: station.ports.out)
            let traversal = HookTraversal(
                site: site, hook: station.hook, families: station.families, device: station.device,
                asksTranslation: false)
            guard !traversal.baseChains().isEmpty else { continue }
            let result = traversal.run(packet)
            guard let ending = result.ending else { continue }
            let rule = RuleEnding(ending: ending, traversal: traversal, packet: packet, doubts: result.doubts)
            var found = Catalogue.candidate(for: rule, surroundings).with(.stopsNeighbourDiscovery)
            found.finding.message += "; that is the \(name(station)) for \(asked) on \(device)"
            let accepts =
                asked.isIPv4
                ? AcceptRemedy.arp(traversal, ending, question)
                : AcceptRemedy.neighbourDiscovery(
                    traversal, ending, station.outDevice ?? station.inDevice ?? device)
            found.finding.remedy = Remedy(
                accepts + own(surroundings.origin, like: packet, station.isReply, traversal, ending))
            return found
        }
        return nil
    }

    /// Accepts for the packet that waits, or the reply to it, where the rule that ends the question ends that too.
    private func own(
        _ origin: PacketState, like asked: PacketState, _ isReply: Bool, _ traversal: HookTraversal,
        _ ending: HookResult.Ending
    ) -> [RemedyAction] {
        // Chains of IP see the packet elsewhere, if at all.
        guard [.bridge, .netdev].contains(ending.chain.family) else { return [] }
        var waiting = isReply ? origin.answer : origin
        (waiting.macSource, waiting.macDestination) = (asked.macSource, isReply ? question.macSource : reply.macSource)
        guard let same = traversal.run(waiting).ending, same.rule.isSame(as: ending.rule) else { return [] }
        return AcceptRemedy.actions(traversal: traversal, ending: same, packet: waiting)
    }

    private func name(_ station: Station) -> String {
        switch (asked.isIPv4, station.isReply) {
        case (true, false): "ARP request"
        case (true, true): "ARP reply"
        case (false, false): "neighbour solicitation"
        case (false, true): "neighbour advertisement"
        }
    }

    // MARK: The places

    private var families: Set<TableFamily> { asked.isIPv4 ? ["arp"] : ["ip6", "inet"] }

    private func sent(by namespace: Namespace, _ device: String) -> [Station] {
        let hooks: [NetfilterHook] = asked.isIPv4 ? [.output] : [.output, .postrouting]
        return hooks.map { Station(namespace: namespace, hook: $0, outDevice: device, families: families) }
    }

    private func received(by namespace: Namespace, _ device: String) -> [Station] {
        let hooks: [NetfilterHook] = asked.isIPv4 ? [.input] : [.prerouting, .input]
        return hooks.map { Station(namespace: namespace, hook: $0, inDevice: device, families: families) }
    }

    /// What a device asks of each frame; a chain of the family inet sees IP alone there.
    private func atDevice(_ hook: NetfilterHook, _ namespace: Namespace, _ device: String) -> Station {
        let families: Set<TableFamily> = asked.isIPv4 ? ["netdev"] : ["netdev", "inet"]
        return Station(
            namespace: namespace, hook: hook, inDevice: hook == .ingress ? device : nil,
            outDevice: hook == .egress ? device : nil, families: families, device: device)
    }

    private func between(_ steps: [LayerTwoPath.Step], _ topology: Topology) -> [Station] {
        steps.flatMap { step -> [Station] in
            switch step {
            case .wire(let from, let to):
                guard let near = topology[namespace: from.namespace], let far = topology[namespace: to.namespace] else {
                    return []
                }
                return [atDevice(.egress, near, from.device), atDevice(.ingress, far, to.device)]
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
        // br_netfilter hands what is only bridged to the hooks above: of ARP to forward alone (br_nf_forward_arp).
        let key = "net.bridge.bridge-nf-call-\(asked.isIPv4 ? "arptables" : "ip6tables")"
        if let entry, let exit, namespace.settings.value(key)?.isOn == true {
            let hooks: [NetfilterHook] = asked.isIPv4 ? [.forward] : [.prerouting, .forward, .postrouting]
            stations += hooks.map { hook in
                Station(
                    namespace: namespace, hook: hook,
                    inDevice: hook == .postrouting ? nil : asked.isIPv4 ? entry : bridge,
                    outDevice: hook == .prerouting ? nil : asked.isIPv4 ? exit : bridge, families: families,
                    ports: (entry, hook == .prerouting ? nil : exit))
            }
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

extension PacketState {
    /// The question for an address: an ARP request (RFC 826), or a neighbour solicitation with the asker's MAC address (RFC 4861,
    /// 4.3).
    init(asking address: IPAddress, as asker: IPAddress, from mac: MACAddress?) {
        let isIPv4 = address.isIPv4
        let group = address.solicitedNode
        self.init(
            source: asker, destination: isIPv4 ? address : group, ipProtocol: .icmpv6, icmpType: isIPv4 ? nil : 135,
            ttl: 255, length: isIPv4 ? 28 : 72)
        arpOperation = isIPv4 ? 1 : nil
        macSource = mac
        macDestination = MACAddress(value: isIPv4 ? 0xffff_ffff_ffff : 0x3333_0000_0000 | group.low & 0xffff_ffff)
        // Neighbour discovery is untracked (nf_conntrack_icmpv6_error).
        connection = .untracked
        originalDestination = address
    }

    /// What answers such a question.
    fileprivate func neighbourReply(from mac: MACAddress?) -> PacketState {
        var packet = self
        packet.source = originalDestination ?? destination
        packet.destination = source
        packet.icmpType = isARP ? nil : 136
        packet.arpOperation = isARP ? 2 : nil
        packet.macSource = mac
        packet.macDestination = macSource
        return packet
    }
}
