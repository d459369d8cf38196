internal import Observations
internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// The forwarding database of a bridge has a MAC address at another port than the one that leads to it: frames to it go
/// astray, ARP replies too.
struct FDBMisdirected: Obstacle {
    let code: FindingCode = "fdb-misdirected"
    let steps: Set<PathStep.Kind> = [.bridge, .stray]
    let reasons: Set<DropReason> = ["NOT_SPECIFIED", "OTHERHOST", "NEIGH_FAILED", "NEIGH_QUEUEFULL", "NO_TX_TARGET"]
    let traits: ObstacleTraits = [.stopsEveryFrame, .isElsewhere, .stopsAfterArrival]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        switch step {
        case .bridge(let step): examine(step)
        case .stray(let step): surroundings.bridges(towards: step).lazy.map(examine).first { !$0.isEmpty } ?? []
        default: []
        }
    }

    private func examine(_ step: BridgeStep) -> [Judgement] {
        // The frame, and what comes back to its sender. The question for a neighbour is flooded.
        let destination = step.solicited == nil ? step.packet.macDestination : nil
        let ways = [
            (destination, step.exit, step.entry), (step.packet.macSource, step.entry, step.exit),
        ]
        // What the bridge itself sends or takes bears its own address (br_nf_pre_routing_finish_bridge).
        for case (let mac?, let port, let other) in ways where !mac.isGroup && mac != step.bridge.mac {
            guard let entry = step.fdbEntry(for: mac, from: other), let device = entry.device else { continue }
            let isOwn = device == step.bridge.name || entry.permanent
            if let port, device == port.name, !entry.permanent { continue }
            if port == nil, isOwn { continue }
            return [.candidate(misdirected(mac, entry, device, port, step))]
        }
        return []
    }

    private func misdirected(
        _ mac: MACAddress, _ entry: FDBEntry, _ device: String, _ port: Link?, _ step: BridgeStep
    ) -> Candidate {
        let name = step.namespace.name
        let vlan = entry.vlan.map { " vlan \($0)" } ?? ""
        let text = "\(mac) dev \(device)\(vlan)\(entry.permanent ? " permanent" : "")"
        let taken =
            entry.permanent
            ? "frames to it are taken by \(step.bridge.name) itself, as one of its own addresses"
            : "frames to it leave by \(device)"
        let right = port.map { ", and the device with this address is reached by \($0.name)" } ?? ""
        return candidate(
            at: Finding.Place(namespace: name, device: step.bridge.name),
            "the forwarding database of \(step.bridge.name) in \(name) has \(text): \(taken)\(right)",
            evidence: [.state("bridge fdb in \(name): \(text)")],
            remedy: Remedy([
                .run(
                    step.namespace,
                    "bridge fdb del \(mac) dev \(device) master\(entry.vlan.map { " vlan \($0)" } ?? "")")
            ]), isCertain: true)
    }
}

extension BridgeStep {
    /// The entry by which the bridge sends frames to a MAC address; nil where it floods them.
    func fdbEntry(for mac: MACAddress, from port: Link?) -> FDBEntry? {
        guard let bridge = bridge.bridge else { return nil }
        let vlan = bridge.vlanFiltering ? port.map { $0.bridgePort?.pvid } ?? ownVLAN : nil
        return bridge.fdb.first { $0.mac == mac && $0.vlan == vlan }
    }
}

extension Surroundings {
    /// The bridges on the path that a frame should have taken which came to a device that it is not for.
    func bridges(towards step: StrayStep) -> [BridgeStep] {
        guard let source = step.packet.macSource, let sender = context.graph.devices(mac: source).first else {
            return []
        }
        let name = context.graph.namespace(of: sender).name
        let paths = context.graph.segment(out: context.graph[sender].name, of: name).paths
        let way = paths.first { path in
            !path.isOutside && topology.link(at: path.end)?.mac == step.mac
        }
        return (way?.steps ?? []).compactMap { part in
            guard case .bridge(let name, let bridge, let entry, let exit) = part,
                let namespace = topology[namespace: name],
                let link = namespace[device: bridge]
            else { return nil }
            return BridgeStep(
                namespace: namespace, bridge: link, entry: entry.flatMap { namespace[device: $0] },
                exit: exit.flatMap { namespace[device: $0] }, packet: step.packet)
        }
    }
}
