internal import WalkModel
import Observations
import Network
internal import Ruleset
import Wire

/// Makes a `Walk` of a walk record: names for numbers, what changed from hop to hop, and the hops that
/// no vantage point shows but that the kernel's state proves (the socket that sent, a routing decision).
struct WalkBuilder {
    let batch: WalkBatch
    let record: WalkRecord
    var hops: [Hop] = []
    /// The hop of each step.
    var hopOfStep: [Int] = []
    /// What the packet met in the base chain that ended it.
    var endingRules: [RuleReference] = []
    /// Held, since it is asked for at each hop and made of many arrays.
    let places: Places?

    init(batch: WalkBatch, record: WalkRecord) {
        self.batch = batch
        self.record = record
        places = batch.context?.places
    }

    var host: String? { places?.graph?.topology.host }

    func walk() -> Walk {
        var builder = self
        var walk = record.stepCount > 0 ? builder.observedWalk() : builder.unseenWalk()
        walk.witness = witness()
        // What the kernel sends on its own account is always looked at.
        if record.sampledOneOf > 1, !walk.kind.isHousekeeping { walk.sampledOneOf = record.sampledOneOf }
        return walk
    }

    func witness() -> WalkWitness {
        var witness = WalkWitness()
        let extra = batch.extra(of: record)
        witness.rules = extra.rules
        witness.drop = extra.onlyDrop
        witness.sendFailure = extra.failure
        witness.edges = record.edges
        witness.isAtReceiver = record.isAtReceiver
        if record.stepCount > 0 {
            let first = batch.steps[record.stepStart].sighting
            witness.label = first.label
            if first.ipProtocol == IPProtocol.tcp.rawValue, first.has(Sighting.hasTransport) {
                witness.tcpSequence = first.tcpSequence
            }
        }
        return witness
    }

    // MARK: Walks that were seen

    mutating func observedWalk() -> Walk {
        let first = batch.steps[record.stepStart]
        hops.reserveCapacity(record.stepCount + 4)
        hopOfStep.reserveCapacity(record.stepCount)
        for index in 0..<record.stepCount {
            append(index)
        }
        addDelivery()
        addRules()
        addDrop()
        let stopped = record.outcome == .delivered || record.outcome == .left ? nil : stop()
        let hasPorts = Self.hasPorts(first.sighting)
        let sent = sentPacket(first.sighting)
        var walk = Walk(
            id: record.identifier.description, answers: record.answers?.description, host: host,
            kind: kind(of: first), source: sent.source, destination: sent.destination,
            sourcePort: hasPorts ? sent.sourcePort : nil, destinationPort: hasPorts ? sent.destinationPort : nil,
            startNanoseconds: record.startNanoseconds,
            durationNanoseconds: record.endNanoseconds - record.startNanoseconds, outcome: record.outcome, hops: hops,
            stoppedAt: stopped)
        if record.outcome == .lost, record.lastStep >= 0 {
            walk.lastSeen = hops[hopOfStep[record.lastStep]]
            walk.expectedNext = expectedNext()
        }
        walk.cutOff = record.cutOff
        walk.losses = batch.losses[record.lossStart..<record.lossStart + record.lossCount].map {
            WalkLoss(vantage: $0.source, lost: $0.lost, isInferred: $0.isInferred)
        }
        return walk
    }

    /// What the packet is, by its first sighting.
    func kind(of step: Step) -> PacketKind {
        let sighting = step.sighting
        if sighting.network == .arp {
            return .arp(operation: sighting.transaction, sender: MACAddress(value: sighting.macSource))
        }
        let number = IPProtocol(rawValue: sighting.ipProtocol)
        if sighting.has(Sighting.isFragment), !sighting.has(Sighting.hasTransport) {
            return .fragment(number, offset: sighting.fragmentOffset)
        }
        switch number {
        case .icmp, .icmpv6: return .icmp(message(sighting, batch.detail(of: step)))
        case .tcp: return .tcp(flags: TCPFlags(rawValue: sighting.tcpFlags), payloadLength: sighting.payloadLength)
        case .udp: return .udp(payloadLength: sighting.payloadLength)
        case .sctp: return .sctp(payloadLength: sighting.payloadLength)
        default: return .other(number, payloadLength: sighting.payloadLength)
        }
    }

    func message(_ sighting: Sighting, _ detail: PacketDetail?) -> ICMPMessage {
        var message = ICMPMessage(
            isIPv6: sighting.ipProtocol == IPProtocol.icmpv6.rawValue, type: sighting.icmpType, code: sighting.icmpCode)
        if message.isEcho {
            message.identifier = sighting.sourcePort
            message.sequence = sighting.transaction
        }
        guard let detail else { return message }
        if message.isTooBig { message.mtu = detail.reportedMTU }
        if sighting.has(Sighting.quotesPacket) {
            message.quoted = FlowTuple(
                source: detail.quotedSource, destination: detail.quotedDestination,
                sourcePort: detail.quotedSourcePort, destinationPort: detail.quotedDestinationPort,
                ipProtocol: detail.quotedProtocol)
        }
        return message
    }

    /// Whether ports were read.
    static func hasPorts(_ sighting: Sighting) -> Bool {
        sighting.network != .arp && IPProtocol(rawValue: sighting.ipProtocol).hasPorts
            && (sighting.sourcePort != 0 || sighting.destinationPort != 0)
    }

    func step(_ index: Int) -> Step { batch.steps[record.stepStart + index] }

    mutating func append(_ index: Int) {
        let step = step(index)
        let sighting = step.sighting
        guard let places else { return }
        let place = places.places[Int(sighting.vantage)]
        var parent = step.parent >= 0 ? hopOfStep[Int(step.parent)] : nil
        if parent == nil, let sent = sender(step, place, places) { parent = sent }
        if let routed = route(step, place, places, parent) { parent = routed }
        let device = places.point(place).device ?? deviceName(sighting, place, places)
        var hop = Hop(
            index: hops.count, parent: parent, host: host, namespace: places.point(place).namespace, device: device,
            vantage: places.point(place).kind, direction: places.point(place).direction, hook: places.point(place).hook,
            stage: places.point(place).stage, edge: places.point(place).edge, offsetNanoseconds: step.offsetNanoseconds,
            evidence: place.isLink ? [.seen] : [.log], confidence: step.confidence,
            joinedBy: step.parent >= 0 ? step.joint.names : [], packet: packet(sighting, place))
        if sighting.has(Sighting.isFragment) { hop.packet.fragments = Int(step.segments) }
        if step.joint.contains(.conntrack) { hop.evidence.append(.conntrack) }
        if step.parent >= 0 {
            let before = self.step(Int(step.parent))
            hop.changes = changes(from: before, to: step, hop: hop)
            hop.rules = translationRules(hop.changes, place, before.sighting, sighting, places)
        } else if index == 0, let first = hops.first, first.evidence == [.conntrack] {
            // Its sender translated it before it was seen.
            hop.changes = changes(of: first.packet, to: hop.packet).filter(\.field.isTranslated)
            hop.evidence.append(.conntrack)
            hop.joinedBy = JoinEvidence.conntrack.names
        }
        hopOfStep.append(hops.count)
        hops.append(hop)
    }

    func deviceName(_ sighting: Sighting, _ place: Place, _ places: Places) -> String? {
        guard !place.isLink else { return nil }
        let isOut = place.phase == .output || place.phase == .postrouting
        let index =
            isOut
            ? (sighting.physicalOutDevice != 0 ? sighting.physicalOutDevice : sighting.outDevice)
            : (sighting.physicalInDevice != 0 ? sighting.physicalInDevice : sighting.inDevice)
        let device = places.device(namespace: place.namespace, index: index)
        return device >= 0 ? places.nameOfDevice[Int(device)] : nil
    }

    func packet(_ sighting: Sighting, _ place: Place?) -> Hop.Packet {
        let hasPorts = Self.hasPorts(sighting)
        let isLink = place?.isLink ?? false
        var packet = Hop.Packet(
            source: sighting.source, destination: sighting.destination,
            sourcePort: hasPorts ? sighting.sourcePort : nil,
            destinationPort: hasPorts ? sighting.destinationPort : nil,
            ttl: sighting.network == .arp ? nil : sighting.ttl, length: sighting.length)
        if isLink, sighting.has(Sighting.hasMACSource) {
            packet.macSource = MACAddress(value: sighting.macSource)
        }
        if isLink, sighting.has(Sighting.hasMACDestination) {
            packet.macDestination = MACAddress(value: sighting.macDestination)
        }
        if !isLink { packet.mark = sighting.mark }
        packet.dscp = sighting.network == .arp ? nil : sighting.dscp
        if sighting.network == .ipv4 { packet.dontFragment = sighting.has(Sighting.dontFragment) }
        if let kind = sighting.tunnelKind.encapsulation, sighting.detail >= 0 {
            let detail = batch.details[Int(sighting.detail)]
            let hasAddresses = kind != .pppoe && kind != .mpls || detail.tunnelSource != IPAddress(ipv4: 0)
            packet.encapsulation = Encapsulation(
                kind: kind,
                identifier: kind.isNumbered || detail.tunnelIdentifier != 0 ? detail.tunnelIdentifier : nil,
                source: hasAddresses ? detail.tunnelSource : nil,
                destination: hasAddresses ? detail.tunnelDestination : nil, fragments: Int(detail.tunnelFragments))
        }
        return packet
    }

    func changes(from before: Step, to after: Step, hop: Hop) -> [FieldChange] {
        let isFragment = before.sighting.has(Sighting.isFragment) || after.sighting.has(Sighting.isFragment)
        return changes(
            of: hops[hopOfStep[Int(after.parent)]].packet, to: hop.packet, isFragment: isFragment,
            segments: (Int(max(before.segments, after.mergedFrom)), Int(after.segments)))
    }

    private func changes(
        of old: Hop.Packet, to new: Hop.Packet, isFragment: Bool = false, segments: (Int, Int) = (1, 1)
    ) -> [FieldChange] {
        var result: [FieldChange] = []
        func note<Value: Equatable>(_ from: Value, _ to: Value, _ change: (Value, Value) -> FieldChange) {
            if from != to { result.append(change(from, to)) }
        }
        /// Only where both are known.
        func noteKnown<Value: Equatable>(_ from: Value?, _ to: Value?, _ change: (Value, Value) -> FieldChange) {
            if let from, let to { note(from, to, change) }
        }
        note(old.source, new.source, FieldChange.source)
        note(old.destination, new.destination, FieldChange.destination)
        note(old.sourcePort, new.sourcePort, FieldChange.sourcePort)
        note(old.destinationPort, new.destinationPort, FieldChange.destinationPort)
        note(old.ttl, new.ttl, FieldChange.ttl)
        noteKnown(old.macSource, new.macSource, FieldChange.macSource)
        noteKnown(old.macDestination, new.macDestination, FieldChange.macDestination)
        if !isFragment { note(old.length, new.length, FieldChange.length) }
        noteKnown(old.mark, new.mark, FieldChange.mark)
        note(old.dscp, new.dscp, FieldChange.dscp)
        note(segments.0, segments.1, FieldChange.segments)
        note(old.encapsulation, new.encapsulation, FieldChange.encapsulation)
        return result
    }
}

extension PacketHeaders.TunnelKind {
    /// Nil for none.
    fileprivate var encapsulation: Encapsulation.Kind? {
        switch self {
        case .none: nil
        case .vxlan: .vxlan
        case .gre: .gre
        case .ipip: .ipip
        case .geneve: .geneve
        case .erspan: .erspan
        case .gtp: .gtp
        case .l2tp: .l2tp
        case .pptp: .pptp
        case .teredo: .teredo
        case .gue: .gue
        case .pppoe: .pppoe
        case .mpls: .mpls
        }
    }
}
