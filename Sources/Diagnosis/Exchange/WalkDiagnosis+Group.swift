internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// Packets for many receivers: who takes them, and who passes them on.
extension WalkDiagnosis {
    mutating func sentToMany(_ reading: WalkReading, _ packet: PacketState, _ sent: GroupPacket) -> [Finding] {
        if walk.outcome == .unsent { return stopped(reading, request: nil) }
        // A rule that drops a copy is told as for any packet.
        let report = KernelReport(reading.walk, context)
        if report.rule != nil || report.reason?.rawValue.hasPrefix("NETFILTER") == true || isDroppedByRule(report) {
            return concernsTraffic(packet) ? stopped(reading, request: nil) : []
        }
        let surroundings = Surroundings(inputs(reading), origin: packet)
        if let claim = BroadcastClaim(of: packet, in: sent.sender, surroundings), isWhole(reading, sent) {
            return finding(of: WrongNetmask().claimed(claim, in: sent.sender), reading)
        }
        // Neighbour discovery asks one of many, whose answer counts (RFC 4861).
        if packet.isNeighbourDiscovery { return [] }
        // What stops a copy on its link is no matter of who wants it.
        // Of multicast the source is checked only where somebody has joined the group (ip_route_input_mc).
        if let found = snooped(reading, packet, sent) { return found }
        if walk.outcome == .lost || walk.outcome == .dropped, packet.ipProtocol == .udp, isWhole(reading, sent),
            let found = unknownBroadcast(packet, GroupTarget(sent, context.graph))
        {
            return finding(of: found, reading)
        }
        if walk.outcome == .dropped, let reason = report.reason, !DropReason.unwanted.contains(reason) {
            let isWanted = !packet.destination.isMulticast || reason == "IP_RPFILTER" && concernsTraffic(packet)
            return isWanted ? stopped(reading, request: nil) : []
        }
        let isLost = walk.outcome == .lost || walk.outcome == .dropped
        guard packet.ipProtocol == .udp || packet.isEchoRequest else {
            if isLost { endUnwanted() }
            return []
        }
        if packet.destination.isMulticast {
            return multicast(reading, packet, GroupTarget(sent, context.graph))
        }
        if isLost { endUnwanted() }
        if packet.isEchoRequest, isWhole(reading, sent), reply == nil {
            return EchoIgnored().byAll(packet, GroupTarget(sent, context.graph), topology).map { [$0] } ?? []
        }
        guard packet.ipProtocol == .udp, isWhole(reading, sent),
            topology.namespaces.contains(where: { !$0.listeners.isEmpty })
        else { return [] }
        let target = GroupTarget(sent, context.graph)
        guard !target.hasOutside, !target.receivers.isEmpty, !target.isServed(packet, context.graph) else { return [] }
        walk.outcome = .left
        return [NoListener().nobody(packet, target)]
    }

    /// Where those on the link that serve the port have other networks there, so that the address is no broadcast to them.
    private mutating func unknownBroadcast(_ packet: PacketState, _ target: GroupTarget) -> Candidate? {
        guard packet.destination != IPAddress(ipv4: .max), packet.destination.isIPv4 else { return nil }
        let serving = target.receivers.filter { port in
            topology[namespace: port.namespace]?.listeners.contains {
                $0.isOn(packet.ipProtocol, port: packet.destinationPort)
            } == true
        }
        let deaf = serving.filter { port in
            topology[namespace: port.namespace]?.isGroup(packet.destination, on: port.device) == false
        }
        guard let first = deaf.first, deaf.count == serving.count,
            let found = WrongNetmask().unknown(packet.destination, at: first, target, topology)
        else { return nil }
        walk.outcome = .dropped
        walk.stoppedAt = Stop(namespace: first.namespace, device: first.device)
        return found
    }

    /// The first of the walks that the copies of one packet may make: the one that the sender's own sighting is in.
    private func isWhole(_ reading: WalkReading, _ sent: GroupPacket) -> Bool {
        reading.sightings.contains { $0.namespace == sent.sender.name && $0.vantage == .link && $0.direction == .out }
    }

    /// False for what hosts send on their own account and no traffic waits for: reports of group membership, router
    /// solicitations, probes of duplicate address detection (RFC 4862).
    private func concernsTraffic(_ packet: PacketState) -> Bool {
        guard walk.kind.isHousekeeping else { return true }
        guard packet.ipProtocol == .icmpv6, let type = packet.icmpType else { return false }
        return type == 134 || type == 135 && !packet.source.isUnspecified || type == 136
    }

    private func isDroppedByRule(_ report: KernelReport) -> Bool {
        guard let stop = walk.stoppedAt, walk.outcome == .dropped else { return false }
        return stop.rule != nil || report.verdict != nil
    }

    /// A copy that its receiver has no use for: not a loss.
    private mutating func endUnwanted() {
        walk.outcome = .left
        walk.stoppedAt = nil
        walk.expectedNext = nil
        walk.lastSeen = nil
    }

    // MARK: Multicast

    /// A group that somebody on the link has joined, to whose port a bridge that snoops does not send it; nil where a copy
    /// was seen to come to every member.
    private mutating func snooped(
        _ reading: WalkReading, _ packet: PacketState, _ sent: GroupPacket
    ) -> [Finding]? {
        guard packet.destination.isMulticast, !packet.destination.isOfOneLink, walk.outcome != .delivered,
            packet.ipProtocol == .udp || packet.isEchoRequest, isWhole(reading, sent)
        else { return nil }
        let target = GroupTarget(sent, context.graph)
        guard let members = target.members(of: packet.destination, context.graph) else { return nil }
        let missing = members.filter { !arrived(reading, at: [$0]) }
        guard let found = MulticastSnooping().candidate(packet, target, members: missing, context.graph) else {
            return nil
        }
        walk.outcome = .dropped
        walk.stoppedAt = Stop(namespace: found.finding.where.namespace, device: found.finding.where.device)
        return finding(of: found, reading)
    }

    private mutating func multicast(
        _ reading: WalkReading, _ packet: PacketState, _ target: GroupTarget
    ) -> [Finding] {
        let group = packet.destination
        let isLost = walk.outcome == .lost || walk.outcome == .dropped
        guard let members = target.members(of: group, context.graph) else {
            if isLost { endUnwanted() }
            return []
        }
        if !members.isEmpty {
            if isLost || walk.outcome == .left { endUnwanted() }
            if walk.outcome != .delivered, arrived(reading, at: members) { walk.outcome = .delivered }
            return []
        }
        endUnwanted()
        // It came there and was taken by nobody.
        walk.hops.removeAll { $0.vantage == .socket && $0.direction == .in }
        // Nobody forwards what is for one link only, and hosts send it without asking who is there.
        guard !group.isOfOneLink, isWhole(reading, target.packet) else { return [] }
        if let barrier = MulticastBarrier(target, group, graph: context.graph) {
            let found = MulticastNotForwarded().candidate(packet, barrier, target)
            if found.isCertain {
                walk.outcome = .dropped
                walk.stoppedAt = Stop(namespace: barrier.router.name, device: barrier.inDevice)
            }
            return finding(of: found, reading)
        }
        if target.hasOutside { return unseenMembers(reading, packet, target) }
        return finding(of: NoGroupMember().candidate(packet, target, context.graph), reading)
    }

    /// Nobody is seen to have joined the group, and the link goes on where nothing can be seen: somebody there may have. That is
    /// a note, unless something speaks against it.
    private func unseenMembers(_ reading: WalkReading, _ packet: PacketState, _ target: GroupTarget) -> [Finding] {
        if reply?.cameToReceiver == true { return [] }
        let (found, isSuspect) = NoGroupMember().unseen(packet, target, context.graph)
        var findings = finding(of: found, reading)
        if !isSuspect, !packet.owesReply { findings[0].severity = .info }
        return findings
    }

    /// Whether the packet was seen to come in where the group was joined.
    private func arrived(_ reading: WalkReading, at members: [LayerTwoPath.Port]) -> Bool {
        reading.sightings.contains { hop in
            hop.vantage == .link && hop.direction == .in
                && members.contains { $0.namespace == hop.namespace && $0.device == hop.device }
        }
    }
}

extension IPAddress {
    /// Whether no router forwards what is for this group: 224.0.0.0/24 (RFC 5771), ff01::/16 and ff02::/16 (RFC 4291).
    fileprivate var isOfOneLink: Bool {
        isIPv4 ? low >> 8 == 0xe00000 : high >> 48 & 0xf <= 2
    }
}
