internal import Ruleset
internal import Observations
internal import Network
internal import WalkModel
internal import Wire

/// The packet is longer than the MTU of a device and must not be fragmented (RFC 1191, RFC 8201), or longer than what the
/// other end of a link takes.
struct MTUExceeded: Obstacle {
    let code: FindingCode = "mtu-exceeded"
    let steps: Set<PathStep.Kind> = [.router, .transmit, .wire, .bridge]
    let reasons: Set<DropReason> = ["PKT_TOO_BIG", "NOT_SPECIFIED"]
    let traits: ObstacleTraits = .dependsOnSize

    func words(for reason: DropReason, _ packet: PacketState) -> String? {
        reason == .packetTooBig ? "it exceeds the MTU of the next link and must not be fragmented" : nil
    }

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        switch step {
        // A router fragments, or drops and reports. A local sender learns it from its socket (EMSGSIZE).
        case .router(let step):
            guard let link = step.choice.device.flatMap({ step.namespace[device: $0] }) else { return [] }
            return compare(
                step.packet, step.namespace, link, step.choice, from: step.device, isRouter: true, surroundings)
        case .transmit(let step) where step.inDevice == nil:
            return compare(
                step.packet, step.namespace, step.link, step.choice, from: nil, isRouter: false, surroundings)
        case .transmit(let step) where surroundings.wasNotFragmented(in: step.namespace):
            return uncut(step, surroundings)
        case .wire(let step) where step.farLink.isUp: return receive(step, surroundings)
        case .bridge(let step) where step.blockage == nil: return leavePort(step, surroundings)
        default: return []
        }
    }

    private func compare(
        _ packet: PacketState, _ namespace: Namespace, _ link: Link, _ choice: RouteChoice, from inDevice: String?,
        isRouter: Bool, _ surroundings: Surroundings
    ) -> [Judgement] {
        guard link.mtu > 0 else { return [] }
        // A route's own MTU comes before the device's (ip_dst_mtu_maybe_forward).
        if isRouter, let mtu = choice.route?.mtu, mtu > 0, mtu < link.mtu, packet.length > mtu,
            packet.length <= link.mtu,
            packet.isWhole, packet.dontFragment != false || !packet.source.isIPv4
        {
            return [.candidate(tooBig(packet, namespace, choice, mtu, surroundings))]
        }
        let isReported =
            surroundings.context.drops.contains { $0.reason == .packetTooBig }
            || surroundings.context.icmpErrors.contains { $0.mtu > 0 }
        guard packet.length > link.mtu, packet.isWhole || isReported else {
            guard packet.isWhole else { return [] }
            return [.passed("size: \(packet.length) bytes, MTU \(link.mtu) of \(link.name) in \(namespace.name)")]
        }
        let mayFragment = packet.source.isIPv4 ? packet.dontFragment == false : !isRouter
        if mayFragment, !isReported { return [] }
        let isKnown = isReported || packet.dontFragment == true || !packet.source.isIPv4
        return [
            .candidate(tooBig(packet, namespace, link, choice, from: inDevice, isKnown: isKnown, surroundings))
        ]
    }

    /// The kernel was to cut it for its way out, and must not: of a packet that is forwarded that is found so late where the MTU
    /// is the route's own (ip6_dst_mtu_maybe_forward).
    private func uncut(_ step: TransmitStep, _ surroundings: Surroundings) -> [Judgement] {
        let (packet, link) = (step.packet, step.link)
        if let mtu = step.choice.route?.mtu, mtu > 0, packet.length > mtu {
            return [.candidate(tooBig(packet, step.namespace, step.choice, mtu, surroundings))]
        }
        guard link.mtu > 0, packet.length > link.mtu else { return [] }
        return [
            .candidate(
                tooBig(packet, step.namespace, link, step.choice, from: step.inDevice, isKnown: true, surroundings))
        ]
    }

    private func tooBig(
        _ packet: PacketState, _ namespace: Namespace, _ choice: RouteChoice, _ mtu: UInt32,
        _ surroundings: Surroundings
    ) -> Candidate {
        let hasReached = surroundings.context.icmpErrors.contains { $0.mtu > 0 && $0.reachedSender }
        let told = hasReached ? "the sender received the ICMP error" : "no ICMP error was seen to reach the sender"
        return candidate(
            at: Finding.Place(namespace: namespace.name, device: choice.device),
            "the packet of \(packet.length) bytes exceeds the MTU of the route \(choice.text) in \(namespace.name) (mtu \(mtu)) and must not be fragmented; \(told)",
            evidence: [
                .state("mtu \(mtu) of the route \(choice.text) in \(namespace.name)"), .seen("\(packet.length) bytes"),
            ]
                + surroundings.errors(ofTypes: [3, 2]), isCertain: packet.dontFragment == true || !packet.source.isIPv4)
    }

    /// The sender's socket call failed with EMSGSIZE, and the route that it takes has an MTU of its own.
    func refused(_ stop: StoppedPacket) -> Candidate? {
        for case .route(let step) in stop.findings.path.steps where step.inDevice == nil {
            let name = step.namespace.name
            if let mtu = step.choice.pathMTU { return remembered(mtu, step, stop) }
            guard let mtu = step.choice.route?.mtu, mtu > 0 else { return nil }
            return candidate(
                at: Finding.Place(namespace: name, device: step.choice.device),
                "\(name) could not send to \(step.packet.destination): the packet is longer than the MTU of the route \(step.choice.text) (mtu \(mtu)) and must not be fragmented",
                evidence: [.state("mtu \(mtu) of the route \(step.choice.text) in \(name)")])
        }
        return nil
    }

    /// The sender has learned a smaller MTU from an ICMP error, and keeps it (RFC 1191, 6.3).
    private func remembered(_ mtu: UInt32, _ step: RouteStep, _ stop: StoppedPacket) -> Candidate {
        let (name, destination) = (step.namespace.name, step.packet.destination)
        return candidate(
            at: Finding.Place(namespace: name, device: step.choice.device),
            "\(name) could not send to \(destination): the packet is longer than the path MTU that \(name) remembers for it (mtu \(mtu)), which an ICMP error told it, and must not be fragmented; where the path is still that narrow, the next packet is told so again",
            evidence: [.kernel("route in \(name) to \(destination): mtu \(mtu), which expires (a route exception)")],
            remedy: Remedy([.ip(step.namespace, destination.family, "route flush cache")]))
    }

    /// What is noted of a packet that was sent past the path MTU that its sender remembers.
    func sentPast(_ mtu: UInt32, _ length: UInt32, to destination: IPAddress, _ choice: RouteChoice, in name: String)
        -> Finding
    {
        Finding(
            code: code, severity: .info, where: Finding.Place(namespace: name, device: choice.device),
            message:
                "this packet of \(length) bytes was sent past the path MTU that \(name) remembers for \(destination) (mtu \(mtu)), which an ICMP error told it; until it expires a program that sets DF gets \"Message too long\" (EMSGSIZE) for it, and TCP sends smaller segments",
            evidence: [.kernel("route in \(name) to \(destination): mtu \(mtu), which expires (a route exception)")])
    }

    private func tooBig(
        _ packet: PacketState, _ namespace: Namespace, _ link: Link, _ choice: RouteChoice, from inDevice: String?,
        isKnown: Bool, _ surroundings: Surroundings
    ) -> Candidate {
        let hasReached = surroundings.context.icmpErrors.contains { $0.mtu > 0 && $0.reachedSender }
        let told = hasReached ? "the sender received the ICMP error" : "no ICMP error was seen to reach the sender"
        // Segments of TCP travel together. Each of them came over the link before.
        let entry = inDevice.flatMap { namespace[device: $0]?.mtu } ?? 0
        let isTogether = !packet.isWhole && entry > link.mtu && entry < packet.length
        let length = isTogether ? entry : packet.length
        var actions: [RemedyAction] = [.ip(namespace, "link set dev \(link.name) mtu \(length)")]
        if let peer = link.peer, let other = peer.namespace.flatMap({ surroundings.topology[namespace: $0] }),
            let end = other[device: peer.device], end.mtu < length
        {
            actions.append(.ip(other, "link set dev \(end.name) mtu \(length)"))
        }
        // What leaves by a bridge leaves by one of its ports.
        if let port = surroundings.port(towards: packet.destination, by: choice, link, namespace), port.mtu < length {
            actions.append(.ip(namespace, "link set dev \(port.name) mtu \(length)"))
        }
        let subject =
            isTogether
            ? "segments of up to \(length) bytes (\(packet.length) together) exceed"
            : "the packet of \(packet.length) bytes exceeds"
        // Once told, a sender keeps the smaller size for ten minutes (ip_rt_mtu_expires).
        if let sender = surroundings.topology.namespaces.first(where: { $0.holds(packet.source) }) {
            actions.append(.ip(sender, packet.source.family, "route flush cache"))
        }
        return candidate(
            at: Finding.Place(namespace: namespace.name, device: link.name),
            "\(subject) the MTU of \(link.name) in \(namespace.name) (\(link.mtu)) and must not be fragmented; \(told)",
            evidence: [
                .state("MTU \(link.mtu) of \(link.name) in \(namespace.name)"), .seen("\(packet.length) bytes"),
            ] + surroundings.errors(ofTypes: [3, 2]), remedy: Remedy(actions), isCertain: isKnown)
    }

    /// A device drops frames that exceed its own MTU (`__is_skb_forwardable`): silently, whether or not they may be
    /// fragmented. The kernel drops them while they are still the near end's.
    private func receive(_ step: WireStep, _ surroundings: Surroundings) -> [Judgement] {
        let (packet, near, far) = (step.packet, step.nearLink, step.farLink)
        guard packet.exceeds(far), near.mtu > far.mtu, packet.length <= near.mtu else { return [] }
        let candidate = candidate(
            at: Finding.Place(namespace: step.far.name, device: far.name),
            "MTU mismatch: \(near.name) in \(step.near.name) sends up to \(near.mtu) bytes, its peer \(far.name) in \(step.far.name) accepts \(far.mtu); the packet of \(packet.length) bytes is dropped silently",
            evidence: [
                .state("MTU \(near.mtu) of \(near.name), MTU \(far.mtu) of \(far.name)"),
                .seen("\(packet.length) bytes"),
            ], remedy: Remedy([.ip(step.far, "link set dev \(far.name) mtu \(near.mtu)")]),
            isCertain: packet.isWhole || surroundings.wasTooLongToForward)
        return [.candidate(candidate.with(.isElsewhere))]
    }

    /// A bridge drops frames that exceed the MTU of the port that they would leave by (`br_dev_queue_push_xmit`), and
    /// nobody learns of it: it is no router.
    private func leavePort(_ step: BridgeStep, _ surroundings: Surroundings) -> [Judgement] {
        let packet = step.packet
        guard let port = step.exit, packet.exceeds(port) else { return [] }
        let name = step.namespace.name
        let wasDropped = surroundings.wasTooLongToForward
        if step.fragments(packet), !wasDropped {
            return [.passed("size: \(packet.length) bytes, which br_netfilter fragments for \(port.name) in \(name)")]
        }
        // Whether it may be fragmented is not known of a packet whose header nobody saw.
        let isKnown = !(step.handsToIP(packet) && packet.source.isIPv4 && packet.dontFragment == nil)
        let source = step.entry.map { "\($0.name) takes in up to \($0.mtu) bytes" }
        let room = max(packet.length, step.entry?.mtu ?? step.bridge.mtu)
        var actions: [RemedyAction] = [.ip(step.namespace, "link set dev \(port.name) mtu \(room)")]
        if let peer = port.peer, let other = peer.namespace.flatMap({ surroundings.topology[namespace: $0] }),
            let end = other[device: peer.device], end.mtu < room
        {
            actions.append(.ip(other, "link set dev \(end.name) mtu \(room)"))
        }
        return [
            .candidate(
                candidate(
                    at: Finding.Place(namespace: name, device: port.name),
                    "the packet of \(packet.length) bytes exceeds the MTU of \(port.name) in \(name) (\(port.mtu)), a port of \(step.bridge.name): a bridge drops it silently",
                    evidence: [
                        .state("MTU \(port.mtu) of \(port.name) in \(name)\(source.map { "; \($0)" } ?? "")"),
                        .seen("\(packet.length) bytes"),
                    ], remedy: Remedy(actions), isCertain: packet.isWhole && isKnown || wasDropped))
        ]
    }
}

extension Surroundings {
    /// The port by which a frame leaves a bridge on its way to the next hop; nil where that is not known, and for no bridge.
    fileprivate func port(
        towards destination: IPAddress, by choice: RouteChoice, _ bridge: Link, _ namespace: Namespace
    ) -> Link? {
        guard bridge.kind == .bridge else { return nil }
        let hop = choice.gateway ?? destination
        let path = context.graph.segment(out: bridge.name, of: namespace.name).paths.first { path in
            !path.isOutside && topology[namespace: path.end.namespace]?.holds(hop) == true
        }
        for case .bridge(namespace.name, bridge.name, _, let port?) in path?.steps ?? [] {
            return namespace[device: port]
        }
        return nil
    }

    /// Whether the kernel dropped the packet where it cuts what is too long (ip_fragment, ip6_fragment), or the namespace sent an
    /// error that says so.
    fileprivate func wasNotFragmented(in namespace: Namespace) -> Bool {
        context.drops.contains { ["ip_fragment", "ip6_fragment"].contains($0.location) }
            || context.icmpErrors.contains { error in
                let isTooBig = error.source.isIPv4 ? error.type == 3 && error.code == 4 : error.type == 2
                return isTooBig && namespace.holds(error.source)
            }
    }

    /// Whether the kernel dropped the packet where it hands frames from one device to another, and nowhere else asks
    /// anything of them but their length: then a TCP packet was no super-segment.
    fileprivate var wasTooLongToForward: Bool {
        context.drops.contains {
            ["__dev_forward_skb2", "br_dev_queue_push_xmit", "br_nf_dev_queue_xmit"].contains($0.location)
        }
    }
}

extension PacketState {
    /// Whether the packet is one datagram whose length counts: TCP may be a super-segment that is cut later.
    fileprivate var isWhole: Bool { ipProtocol != .tcp && length > 0 }

    /// Whether a device does not take it as a frame. Room for one VLAN tag is always left.
    func exceeds(_ link: Link) -> Bool {
        link.mtu > 0 && length > link.mtu + 4
    }
}
