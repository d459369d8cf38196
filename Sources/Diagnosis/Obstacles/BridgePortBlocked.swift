internal import Observations
internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// A port of a bridge does not let the frame pass: its state, its isolation, or its VLAN.
struct BridgePortBlocked: Obstacle {
    let code: FindingCode = "bridge-port-blocked"
    let steps: Set<PathStep.Kind> = [.bridge, .neighbour]
    let reasons: Set<DropReason> = [
        "NOT_SPECIFIED", "BRIDGE_INGRESS_STP_STATE", "BRIDGE_NO_EGRESS_PORT", "VLAN_FILTER", "NEIGH_FAILED",
        "NEIGH_QUEUEFULL", "NO_TX_TARGET",
    ]
    let traits: ObstacleTraits = .stopsEveryFrame

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        if case .neighbour(let step) = step { return lockedOut(step, surroundings) + unflooded(step, surroundings) }
        guard case .bridge(let step) = step else { return [] }
        guard let blockage = step.blockage else { return tagged(step, surroundings).map { [$0] } ?? unflooded(step) }
        let bridge = step.bridge.name
        switch blockage {
        case .bridgeDown, .portDown: return []
        case .state(let port, let state): return [spanningTree(port, state, step)]
        case .hairpin(let port):
            return [
                blocked(
                    port, step,
                    "the frame came in by it and would leave by it, and hairpin mode is off (with \(BridgeStep.netfilterKey(step.packet)) = 1 a translated packet is bridged, not routed)",
                    "bridge link set dev \(port.name) hairpin on")
            ]
        case .isolated(let entry, let exit):
            return [
                blocked(
                    exit, step, "it is isolated, and so is \(entry.name): isolated ports do not exchange frames",
                    "bridge link set dev \(exit.name) isolated off")
            ]
        case .noPVID(let entry):
            return [
                blocked(
                    entry, step, "\(bridge) filters VLANs, and the port has no PVID",
                    step.ownVLAN.map { "bridge vlan add dev \(entry.name) vid \($0) pvid untagged" })
            ]
        case .notMember(let exit, let vlan):
            let pvid = exit.bridgePort?.pvid.map(String.init) ?? "none"
            return [
                blocked(
                    exit, step, "\(bridge) filters VLANs, the frame is in VLAN \(vlan), and the port's PVID is \(pvid)",
                    "bridge vlan add dev \(exit.name) vid \(vlan) pvid untagged")
            ]
        case .notBridges(let entry, let vlan):
            let own = step.ownVLAN
            return [
                blocked(
                    entry, step,
                    "\(bridge) filters VLANs, the port's PVID is \(vlan), and \(bridge) itself is in \(own.map(String.init) ?? "none")",
                    "bridge vlan add dev \(entry.name) vid \(own ?? 1) pvid untagged")
            ]
        }
    }

    /// The reply to the question for a next hop is a frame to the asker's own address, which a bridge between may not know.
    private func unflooded(_ step: NeighbourStep, _ surroundings: Surroundings) -> [Judgement] {
        guard step.isUnanswered, case .path(let way) = step.resolution, let mac = step.link.mac else { return [] }
        for case .bridge(let name, let bridge, let entry, let exit) in way.steps {
            guard let namespace = surroundings.topology[namespace: name], let link = namespace[device: bridge],
                let back = entry.flatMap({ namespace[device: $0] })
            else { continue }
            var reply = step.packet.answer
            reply.macSource = nil
            reply.macDestination = mac
            let passage = BridgeStep(
                namespace: namespace, bridge: link, entry: exit.flatMap { namespace[device: $0] }, exit: back,
                packet: reply)
            guard case .candidate(var found)? = unknownAddress(passage) else { continue }
            found.finding.message += "; that is the \(step.protocolName) reply of \(step.hop)"
            return [.candidate(found.with([.stopsNeighbourDiscovery, .isElsewhere]))]
        }
        return []
    }

    /// A port that broadcast frames are not sent to, where the next hop behind it must be asked for.
    private func unflooded(_ step: BridgeStep) -> [Judgement] {
        if let judgement = unknownAddress(step) { return [judgement] }
        guard let hop = step.solicited, let exit = step.exit else { return [] }
        let isOff = hop.isIPv4 ? exit.bridgePort?.broadcastFlooding == false : isUnlisted(exit, hop, step)
        guard isOff else { return [] }
        let setting = hop.isIPv4 ? "bcast_flood" : "mcast_flood"
        let question = hop.isIPv4 ? "ARP requests are broadcast" : "neighbour solicitations are multicast"
        let name = step.namespace.name
        return [
            .candidate(
                candidate(
                    at: Finding.Place(namespace: name, device: exit.name),
                    "bridge port \(exit.name) of \(step.bridge.name) in \(name) is not sent the question for \(hop): \(setting) is off, and \(question)",
                    evidence: [.state("\(exit.name) in \(name): \(setting) off")],
                    remedy: Remedy([
                        .run(step.namespace, "bridge link set dev \(exit.name) \(words: CommandWords([setting])) on")
                    ]))
            )
        ]
    }

    /// A locked port takes frames from MAC addresses in the forwarding database only, and where `flood` is off frames to
    /// others do not leave by a port.
    func unknownAddress(_ step: BridgeStep) -> Judgement? {
        if let entry = step.entry, entry.bridgePort?.isLocked == true, let mac = step.packet.macSource,
            step.fdbEntry(for: mac, from: entry)?.device != entry.name
        {
            return blocked(
                entry, step, "it is locked, and the forwarding database does not have \(mac) there",
                "bridge fdb add \(mac) dev \(entry.name) master static")
        }
        if let exit = step.exit, exit.bridgePort?.flooding == false, let mac = step.packet.macDestination, !mac.isGroup,
            step.solicited == nil, step.fdbEntry(for: mac, from: step.entry) == nil
        {
            return blocked(
                exit, step, "flood is off, and the forwarding database does not have \(mac)",
                "bridge fdb add \(mac) dev \(exit.name) master static")
        }
        return nil
    }

    /// Whether multicast is not flooded to the port, and it is not known as a member of the address's group either.
    private func isUnlisted(_ port: Link, _ hop: IPAddress, _ step: BridgeStep) -> Bool {
        port.bridgePort?.multicastFlooding == false
            && step.bridge.bridge?.mdb?.contains { $0.group == hop.solicitedNode && $0.device == port.name } != true
    }

    /// Where the kernel's spanning tree runs, the state is its own and can't be set (EBUSY): a port that listens or learns
    /// forwards after two forward delays, one that blocks stands for a loop.
    private func spanningTree(_ port: Link, _ state: BridgePortState, _ step: BridgeStep) -> Judgement {
        guard step.bridge.bridge?.stp == true else {
            return blocked(port, step, "its state is \(state)", "bridge link set dev \(port.name) state 3")
        }
        let words =
            state.isBecomingReady
            ? "its state is \(state): the spanning tree sets it to forwarding after two forward delays, unless it finds a loop"
            : "its state is \(state): the spanning tree found a redundant path to the same bridges"
        return blocked(port, step, words, nil)
    }

    private func blocked(_ port: Link, _ step: BridgeStep, _ why: String, _ command: CommandWords?) -> Judgement {
        let name = step.namespace.name
        return .candidate(
            candidate(
                at: Finding.Place(namespace: name, device: port.name),
                "bridge port \(port.name) of \(step.bridge.name) in \(name) blocks the frame: \(why)",
                evidence: [.state("\(port.name) in \(name): \(why)")],
                remedy: command.map { Remedy([.run(step.namespace, $0)]) }))
    }
}
