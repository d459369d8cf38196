internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// A sender hands a packet to a gateway that does not forward, though its destination is on the sender's own link: the prefix of
/// the sender's address does not cover it.
struct TooLongPrefix: Sendable {
    var sender: Namespace
    var device: String
    var prefix: IPPrefix
    var gateway: IPAddress
    /// The destination's own address, whose prefix covers the sender.
    var wider: IPPrefix
    var holder: Surroundings.Holder

    init?(_ step: ReceiveStep, _ surroundings: Surroundings) {
        guard step.forwardingSetting?.isOn == false else { return nil }
        let (graph, packet) = (surroundings.context.graph, step.packet)
        let ends = graph.segment(out: step.device, of: step.namespace.name).paths.filter {
            !$0.isOutside && $0.end.namespace != step.namespace.name
        }
        for end in ends.map(\.end) {
            guard let sender = surroundings.topology[namespace: end.namespace], let link = sender[device: end.device],
                let prefix = link.addresses.first(where: { $0.address == packet.source }),
                !link.addresses.contains(where: { $0.contains(packet.destination) })
            else { continue }
            let choice = surroundings.inputs.route(packet, sender, inDevice: nil)
            guard choice.device == link.name, let gateway = choice.gateway, step.namespace.holds(gateway) else {
                continue
            }
            for other in ends.map(\.end) where other.namespace != sender.name {
                guard let namespace = surroundings.topology[namespace: other.namespace],
                    let device = namespace[device: other.device],
                    let wider = device.addresses.first(where: {
                        $0.address == packet.destination && $0.length < prefix.length && $0.contains(packet.source)
                    })
                else { continue }
                self.sender = sender
                self.device = link.name
                self.prefix = prefix
                self.gateway = gateway
                self.wider = wider
                holder = Surroundings.Holder(namespace: namespace, link: device)
                return
            }
        }
        return nil
    }
}

/// The destination is the broadcast address of the sender's prefix, and the address of somebody on that link.
struct BroadcastClaim: Sendable {
    var link: Link
    var prefix: IPPrefix
    var wider: IPPrefix
    var holder: Surroundings.Holder

    init?(of packet: PacketState, in namespace: Namespace, _ surroundings: Surroundings) {
        for link in namespace.links where link.kind != .loopback {
            guard let prefix = link.addresses.first(where: { $0.broadcast == packet.destination }) else { continue }
            let paths = surroundings.context.graph.segment(out: link.name, of: namespace.name).paths
            for end in paths.filter({ !$0.isOutside }).map(\.end) where end.namespace != namespace.name {
                guard let other = surroundings.topology[namespace: end.namespace],
                    let device = other[device: end.device],
                    let wider = device.addresses.first(where: {
                        $0.address == packet.destination && $0.length < prefix.length
                    })
                else { continue }
                self.link = link
                self.prefix = prefix
                self.wider = wider
                holder = Surroundings.Holder(namespace: other, link: device)
                return
            }
        }
        return nil
    }
}

extension WrongNetmask {
    func tooLong(_ found: TooLongPrefix, _ step: ReceiveStep) -> Judgement {
        let (name, destination) = (found.sender.name, found.wider.address)
        return .candidate(
            candidate(
                at: Finding.Place(namespace: name, device: found.device),
                "wrong prefix length: \(found.prefix) on \(found.device) in \(name) does not cover \(destination), which is on that link (\(found.wider) on \(found.holder.link.name) in \(found.holder.namespace.name)), so \(name) sends to its gateway \(found.gateway) (\(step.namespace.name)), where IP forwarding is disabled",
                evidence: [
                    .state("\(found.prefix) on \(found.device) in \(name)"),
                    .state("\(found.wider) on \(found.holder.link.name) in \(found.holder.namespace.name)"),
                ],
                remedy: Remedy(replace(found.prefix, by: found.wider.length, on: found.device, of: found.sender)),
                reasons: ForwardingDisabled.dropReasons
            ).with(.isElsewhere))
    }

    func claimed(_ claim: BroadcastClaim, in namespace: Namespace) -> Candidate {
        let (name, holder) = (namespace.name, claim.holder)
        return candidate(
            at: Finding.Place(namespace: name, device: claim.link.name),
            "wrong prefix length: \(claim.prefix) on \(claim.link.name) in \(name) makes \(claim.wider.address) the broadcast address of that link, and it is the address of \(holder.namespace.name) there (\(claim.wider) on \(holder.link.name))",
            evidence: [
                .state("\(claim.prefix) on \(claim.link.name) in \(name)"),
                .state("\(claim.wider) on \(holder.link.name) in \(holder.namespace.name)"),
            ], remedy: Remedy(replace(claim.prefix, by: claim.wider.length, on: claim.link.name, of: namespace)),
            reasons: [])
    }

    /// A broadcast to the sender's network on a link, where the receiver has another network: it is the address of a host to it.
    func unknown(
        _ destination: IPAddress, at port: LayerTwoPath.Port, _ target: GroupTarget, _ topology: Topology
    ) -> Candidate? {
        guard let receiver = topology[namespace: port.namespace], let link = receiver[device: port.device],
            let own = target.device?.addresses.first(where: { $0.broadcast == destination }), let near = target.device
        else { return nil }
        let (name, sender) = (receiver.name, target.sender.name)
        let prefixes = link.addresses.filter(\.address.isIPv4)
        let other =
            prefixes.isEmpty
            ? "which has no IPv4 address there"
            : "which has \(prefixes.map { "\($0)" }.joined(separator: ", ")) there"
        return candidate(
            at: Finding.Place(namespace: name, device: link.name),
            "\(destination) is the broadcast address of \(own) on \(near.name) in \(sender), but not on \(link.name) in \(name), \(other): \(name) takes it for the address of somebody else and drops the packet",
            evidence: [.state("\(own) on \(near.name) in \(sender)")]
                + prefixes.map { .state("\($0) on \(link.name) in \(name)") }, reasons: [])
    }

    private func replace(
        _ prefix: IPPrefix, by length: Int, on device: String, of namespace: Namespace
    ) -> [RemedyAction] {
        let right = IPPrefix(prefix.address, length: length) ?? prefix
        let remove = RemedyAction.ip(namespace, "addr del \(prefix) dev \(device)")
        if prefix.address.isIPv4 { return [.ip(namespace, "addr add \(right) dev \(device)"), remove] }
        return [remove, .ip(namespace, "addr add \(right) dev \(device) nodad")]
    }
}
