internal import Observations
internal import Network
internal import WalkModel
internal import Wire

/// mtu-exceeded and ttl-expired.
extension Projection {
    mutating func checkTimeToLive(_ packet: PacketState, _ namespace: Namespace, _ device: String) {
        guard let ttl = packet.ttl else { return }
        guard ttl <= 1 else {
            check(false, "TTL: \(ttl) at \(namespace.name)")
            return
        }
        add(
            Candidate(
                finding: Finding(
                    code: "ttl-expired", severity: .error,
                    where: Finding.Place(namespace: namespace.name, device: device),
                    message:
                        "the packet came to \(namespace.name) by \(device) with TTL \(ttl): a router takes one off and drops what is then at zero; it needs a greater TTL, if it does not go round in circles",
                    evidence: [.seen("TTL \(ttl) at \(namespace.name) \(device) in")] + toldWords(types: [11, 3])),
                isCertain: true, reasons: ["IP_INHDR", "IP_TTL_EXPIRED", "NOT_SPECIFIED"]))
    }

    /// Whether the packet is one datagram whose length counts: TCP may be a super-segment that is cut later.
    private func isWhole(_ packet: PacketState) -> Bool { packet.ipProtocol != .tcp && packet.length > 0 }

    private var kernelSaysTooBig: Bool {
        context.drops.contains { $0.reason == "PKT_TOO_BIG" }
            || context.icmpErrors.contains { $0.mtu > 0 }
    }

    /// What the sender was told of it.
    private func toldWords(types: [UInt8]) -> [Fact] {
        context.icmpErrors.filter { types.contains($0.type) }.map {
            .seen(
                "ICMP type \($0.type) code \($0.code) from \($0.source)\($0.mtu > 0 ? ", MTU \($0.mtu)" : "")\($0.reachedSender ? ", which reached the sender" : ", which did not reach the sender")"
            )
        }
    }

    /// A router's choice: fragment, or drop and tell (RFC 1191, RFC 8201).
    mutating func checkForwardSize(_ packet: PacketState, _ namespace: Namespace, _ choice: RouteChoice) {
        guard let device = choice.device, let link = namespace[device: device], link.mtu > 0 else { return }
        checkAgainst(packet, namespace, link, isRouter: true)
    }

    mutating func checkSize(_ packet: PacketState, _ namespace: Namespace, _ link: Link, inDevice: String?) {
        // A forwarded packet was asked before the hooks; a local sender learns it from its socket (EMSGSIZE).
        guard inDevice == nil, link.mtu > 0 else { return }
        checkAgainst(packet, namespace, link, isRouter: false)
    }

    private mutating func checkAgainst(_ packet: PacketState, _ namespace: Namespace, _ link: Link, isRouter: Bool) {
        let said = kernelSaysTooBig
        let isTooBig = packet.length > link.mtu && (isWhole(packet) || said)
        guard isTooBig else {
            if packet.length > 0, isWhole(packet) {
                check(false, "size: \(packet.length) bytes, MTU \(link.mtu) of \(link.name) in \(namespace.name)")
            }
            return
        }
        let mayFragment = packet.source.isIPv4 && packet.dontFragment == false || !packet.source.isIPv4 && !isRouter
        if mayFragment, !said { return }
        let isKnown = said || packet.dontFragment == true || !packet.source.isIPv4
        add(tooBig(packet, namespace, link, isKnown: isKnown, peer: peer(of: link)))
    }

    private func peer(of link: Link) -> (Namespace, Link)? {
        guard let peer = link.peer, let name = peer.namespace, let other = topology[namespace: name],
            let end = other[device: peer.device]
        else { return nil }
        return (other, end)
    }

    private func tooBig(
        _ packet: PacketState, _ namespace: Namespace, _ link: Link, isKnown: Bool, peer: (Namespace, Link)?
    ) -> Candidate {
        let told = toldWords(types: [3, 2])
        let reached = context.icmpErrors.contains { $0.mtu > 0 && $0.reachedSender }
        let words =
            reached
            ? "the sender was told" : "no ICMP error was seen to reach the sender"
        var actions: [RemedyAction] = [.ip(namespace, "link set dev \(link.name) mtu \(packet.length)")]
        if let (other, end) = peer, end.mtu < packet.length {
            actions.append(.ip(other, "link set dev \(end.name) mtu \(packet.length)"))
        }
        // Once told, a sender keeps the smaller size for ten minutes (ip_rt_mtu_expires).
        if let sender = topology.namespaces.first(where: { $0.holds(packet.source) }) {
            actions.append(.ip(sender, packet.source.family, "route flush cache"))
        }
        return Candidate(
            finding: Finding(
                code: "mtu-exceeded", severity: .error,
                where: Finding.Place(namespace: namespace.name, device: link.name),
                message:
                    "the packet of \(packet.length) bytes does not fit through \(link.name) in \(namespace.name), whose MTU is \(link.mtu), and it must not be fragmented; \(words)",
                evidence: [
                    .state("MTU \(link.mtu) of \(link.name) in \(namespace.name)"), .seen("\(packet.length) bytes"),
                ]
                    + told,
                remedy: Remedy(actions)),
            isCertain: isKnown, reasons: ["PKT_TOO_BIG", "NOT_SPECIFIED"])
    }

    /// A device drops frames that exceed its own MTU (is_skb_forwardable): silently, DF or not.
    mutating func checkReceiverSize(
        _ packet: PacketState, _ near: Namespace, _ nearLink: Link, _ far: Namespace, _ farLink: Link
    ) {
        guard isWhole(packet), farLink.mtu > 0, nearLink.mtu > farLink.mtu else { return }
        // Room for one VLAN tag is always left.
        guard packet.length > farLink.mtu + 4 else { return }
        guard packet.length <= nearLink.mtu else { return }
        add(
            Candidate(
                finding: Finding(
                    code: "mtu-exceeded", severity: .error,
                    where: Finding.Place(namespace: far.name, device: farLink.name),
                    message:
                        "\(nearLink.name) in \(near.name) sends up to \(nearLink.mtu) bytes, \(farLink.name) in \(far.name) at its other end takes \(farLink.mtu): the packet of \(packet.length) bytes is dropped without a word",
                    evidence: [
                        .state("MTU \(nearLink.mtu) of \(nearLink.name), MTU \(farLink.mtu) of \(farLink.name)"),
                        .seen("\(packet.length) bytes"),
                    ],
                    remedy: Remedy([.ip(far, "link set dev \(farLink.name) mtu \(nearLink.mtu)")])),
                isCertain: true, reasons: ["NOT_SPECIFIED", "PKT_TOO_BIG"]))
    }
}
