internal import WalkModel
import Observations
import Network
internal import Ruleset
import Wire

/// Makes a `Walk` of a walk record: names for numbers, what changed from hop to hop, and the hops that
/// no vantage point shows but that the kernel's state proves (the socket that sent, a routing decision).
struct WalkBuilder {
    private let batch: WalkBatch
    private let record: WalkRecord
    private var hops: [Hop] = []
    /// The hop of each step.
    private var hopOfStep: [Int] = []
    /// What the packet met in the base chain that ended it.
    private var endingRules: [RuleReference] = []

    init(batch: WalkBatch, record: WalkRecord) {
        self.batch = batch
        self.record = record
    }

    private var places: Places? { batch.context?.places }
    private var host: String? { places?.topology?.host }

    func walk() -> Walk {
        var builder = self
        var walk = record.stepCount > 0 ? builder.observedWalk() : builder.unseenWalk()
        walk.witness = witness()
        return walk
    }

    private func witness() -> WalkWitness {
        var witness = WalkWitness()
        let extra = batch.extra(of: record)
        witness.rules = extra.rules
        witness.drop = extra.onlyDrop
        witness.sendFailure = extra.failure
        witness.edges = record.edges
        return witness
    }

    // MARK: Walks that were seen

    private mutating func observedWalk() -> Walk {
        let first = batch.steps[record.stepStart]
        for index in 0..<record.stepCount {
            append(index)
        }
        addDelivery()
        addRules()
        addDrop()
        let stopped = record.outcome == .delivered || record.outcome == .left ? nil : stop()
        let hasPorts = Self.hasPorts(first.sighting)
        var walk = Walk(
            id: record.identifier.description, answers: record.answers?.description, host: host,
            kind: kind(of: first), source: first.sighting.source, destination: first.sighting.destination,
            sourcePort: hasPorts ? first.sighting.sourcePort : nil,
            destinationPort: hasPorts ? first.sighting.destinationPort : nil,
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
    private func kind(of step: Step) -> PacketKind {
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

    private func message(_ sighting: Sighting, _ detail: PacketDetail?) -> ICMPMessage {
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

    private func step(_ index: Int) -> Step { batch.steps[record.stepStart + index] }

    private mutating func append(_ index: Int) {
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
        if step.joint.contains(.conntrack) { hop.evidence.append(.conntrack) }
        if step.parent >= 0 {
            let before = self.step(Int(step.parent))
            hop.changes = changes(from: before, to: step, hop: hop)
            hop.rules = translationRules(hop.changes, place, before.sighting, sighting, places)
        }
        hopOfStep.append(hops.count)
        hops.append(hop)
    }

    private func deviceName(_ sighting: Sighting, _ place: Place, _ places: Places) -> String? {
        guard !place.isLink else { return nil }
        let isOut = place.phase == .output || place.phase == .postrouting
        let index =
            isOut
            ? (sighting.physicalOutDevice != 0 ? sighting.physicalOutDevice : sighting.outDevice)
            : (sighting.physicalInDevice != 0 ? sighting.physicalInDevice : sighting.inDevice)
        let device = places.device(namespace: place.namespace, index: index)
        return device >= 0 ? places.nameOfDevice[Int(device)] : nil
    }

    private func packet(_ sighting: Sighting, _ place: Place?) -> Hop.Packet {
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
            let isNumbered = kind == .vxlan || kind == .gre && detail.tunnelIdentifier != 0
            packet.encapsulation = Encapsulation(
                kind: kind, identifier: isNumbered ? detail.tunnelIdentifier : nil, source: detail.tunnelSource,
                destination: detail.tunnelDestination, fragments: Int(detail.tunnelFragments))
        }
        return packet
    }

    private func changes(from before: Step, to after: Step, hop: Hop) -> [FieldChange] {
        let old = hops[hopOfStep[Int(after.parent)]].packet
        let new = hop.packet
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
        let isFragment = before.sighting.has(Sighting.isFragment) || after.sighting.has(Sighting.isFragment)
        if !isFragment { note(old.length, new.length, FieldChange.length) }
        noteKnown(old.mark, new.mark, FieldChange.mark)
        note(old.dscp, new.dscp, FieldChange.dscp)
        note(Int(max(before.segments, after.mergedFrom)), Int(after.segments), FieldChange.segments)
        note(old.encapsulation, new.encapsulation, FieldChange.encapsulation)
        return result
    }

    // MARK: Hops that state proves

    /// The socket that sent it: its namespace holds the source address, and nothing was seen before.
    private mutating func sender(_ step: Step, _ place: Place, _ places: Places) -> Int? {
        let sighting = step.sighting
        guard place.phase >= .output, sighting.network != .arp, !sighting.has(Sighting.quotesPacket),
            !sighting.isEncapsulated, places.areas[Int(place.namespace)].topologyIndex >= 0,
            places.holds(sighting.source, in: place.namespace), hops.isEmpty
        else { return nil }
        hops.append(
            Hop(
                index: hops.count, host: host, namespace: places.point(place).namespace, vantage: .socket,
                direction: .out,
                evidence: [.state], packet: packet(sighting, nil)))
        return hops.count - 1
    }

    /// The routing decision between two steps: where the TTL fell, or a hook after routing followed one before it.
    private mutating func route(_ step: Step, _ place: Place, _ places: Places, _ parent: Int?) -> Int? {
        let sighting = step.sighting
        guard sighting.network != .arp, let parent else { return nil }
        let isFirst = step.parent < 0
        var before = sighting
        if !isFirst {
            before = self.step(Int(step.parent)).sighting
            let from = places.places[Int(before.vantage)]
            guard from.namespace == place.namespace, before.tunnelKind == sighting.tunnelKind else { return nil }
            let isForwarded = before.ttl == sighting.ttl &+ 1 && from.phase.isBeforeRouting
            let isInput = from.phase.isBeforeRouting && place.phase == .input
            guard isForwarded || isInput else { return nil }
            let decision = passable(decision(before, namespace: places.point(place).namespace, places))
            if isInput, decision == nil { return nil }
            return appendRoute(decision, before, place, step, parent, places)
        }
        // Locally sent: the decision precedes the output hook.
        guard hops[parent].vantage == .socket,
            let decision = passable(decision(sighting, namespace: places.point(place).namespace, places))
        else { return nil }
        return appendRoute(decision, sighting, place, step, parent, places)
    }

    /// A decision that a packet which went on can have met: a refusal was asked for in another state, or of another
    /// question.
    private func passable(_ decision: RouteDecision?) -> RouteDecision? {
        guard let decision, decision.errorNumber == nil else { return nil }
        return ["blackhole", "unreachable", "prohibit", "throw"].contains(decision.kind ?? "") ? nil : decision
    }

    private func decision(_ sighting: Sighting, namespace: String, _ places: Places) -> RouteDecision? {
        // Of a packet in a tunnel only the inner addresses are kept, by which nobody routes here.
        guard !sighting.isEncapsulated, let routes = batch.context?.routes, !routes.isEmpty else { return nil }
        let tuple = FlowTuple(
            source: sighting.source, destination: sighting.destination, sourcePort: sighting.sourcePort,
            destinationPort: sighting.destinationPort, ipProtocol: IPProtocol(rawValue: sighting.ipProtocol))
        if let exact = routes[EngineCore.RouteKey(namespace: namespace, tuple: tuple)] { return exact }
        var coarse = tuple
        coarse.sourcePort = 0
        coarse.destinationPort = 0
        return routes[EngineCore.RouteKey(namespace: namespace, tuple: coarse)]
    }

    private mutating func appendRoute(
        _ decision: RouteDecision?, _ sighting: Sighting, _ place: Place, _ step: Step, _ parent: Int, _ places: Places
    ) -> Int {
        hops.append(
            Hop(
                index: hops.count, parent: parent, host: host, namespace: places.point(place).namespace,
                device: decision?.outDevice,
                vantage: .route, offsetNanoseconds: hops[parent].offsetNanoseconds,
                evidence: [decision == nil ? .state : .kernel], confidence: step.confidence,
                joinedBy: decision == nil ? [.ttl] : [], packet: packet(sighting, nil), route: decision))
        return hops.count - 1
    }

    private mutating func addDelivery() {
        guard record.outcome == .delivered, record.lastStep >= 0, let places else { return }
        let last = step(record.lastStep)
        let place = places.places[Int(last.sighting.vantage)]
        guard last.sighting.network != .arp, place.phase != .socketIn else { return }
        var parent = hopOfStep[record.lastStep]
        if place.phase != .input,
            let decision = decision(last.sighting, namespace: places.point(place).namespace, places),
            decision.kind == "local"
        {
            parent = appendRoute(decision, last.sighting, place, last, parent, places)
        }
        hops.append(
            Hop(
                index: hops.count, parent: parent, host: host, namespace: places.point(place).namespace,
                vantage: .socket,
                direction: .in,
                offsetNanoseconds: last.offsetNanoseconds, evidence: [.state], confidence: last.confidence,
                packet: packet(last.sighting, nil)))
    }

    private mutating func addDrop() {
        guard record.outcome == .dropped || record.outcome == .rejected, record.stop >= 0, record.lastStep >= 0 else {
            return
        }
        let stop = batch.stops[record.stop]
        var parent = hopOfStep[record.lastStep]
        if let namespace = stop.namespace,
            let near = hops.last(where: { $0.namespace == namespace })?.index, hops[parent].namespace != namespace
        {
            parent = near
        }
        hops.append(
            Hop(
                index: hops.count, parent: parent, host: host, namespace: stop.namespace ?? hops[parent].namespace,
                device: stop.device, vantage: .drop, hook: stop.hook, stage: stop.stage,
                offsetNanoseconds: hops[parent].offsetNanoseconds, evidence: [stop.rule == nil ? .kernel : .rule],
                packet: hops[parent].packet,
                rules: endingRules.isEmpty ? stop.rule.map { [$0] } ?? [] : endingRules))
    }

    private func stop() -> Stop? {
        if record.stop >= 0 { return batch.stops[record.stop] }
        guard record.lastStep >= 0, let places else { return nil }
        let place = places.places[Int(step(record.lastStep).sighting.vantage)]
        return Stop(
            namespace: places.point(place).namespace, device: places.point(place).device,
            vantage: places.point(place).kind,
            hook: places.point(place).hook, stage: places.point(place).stage)
    }

    // MARK: Rules

    /// The rules that a packet met, at the hop of their hook where there is one, else at the link nearest to it; those of the base chain that ended it
    /// are kept for the hop of the drop.
    private mutating func addRules() {
        guard let places else { return }
        let events = batch.extra(of: record).rules
        let ending = record.stop >= 0 ? events.last { $0.reference == batch.stops[record.stop].rule } : nil
        for event in events {
            let reference = event.reference
            let namespace = places.namespace(places.area(named: event.namespace))
            let base = namespace?.netfilter.chains.first {
                $0.family == reference.family && $0.table == reference.table
                    && $0.name == event.baseChain ?? reference.chain
            }
            if let ending, ending.namespace == event.namespace, ending.isSameBase(event) {
                if !endingRules.contains(reference) { endingRules.append(reference) }
                continue
            }
            guard let hook = event.hook ?? base?.hook, let target = hop(of: event, hook, Self.stage(base?.priority))
            else { continue }
            // What the state made of a translation, the kernel has now said itself.
            hops[target].rules.removeAll { $0.verdict == nil && $0.isSameRule(as: reference) }
            if !hops[target].rules.contains(reference) { hops[target].rules.append(reference) }
            if !hops[target].evidence.contains(.rule) { hops[target].evidence.append(.rule) }
        }
    }

    private func hop(of event: RuleEvent, _ hook: NetfilterHook, _ stage: NetfilterStage?) -> Int? {
        let here = hops.indices.filter { hops[$0].namespace == event.namespace }
        if !["bridge", "netdev"].contains(event.reference.family) {
            let hooked = here.filter { hops[$0].vantage == .netfilter && hops[$0].hook == hook }
            let exact = hooked.first { hops[$0].stage == stage && hops[$0].edge != .before }
            if let found = exact ?? hooked.last { return found }
        }
        // Frames pass these where a capture sees them; so did a packet whose sighting at the hook was lost.
        let isOut = [.output, .postrouting, .egress].contains(hook)
        let links = here.filter { hops[$0].vantage == .link && hops[$0].direction == (isOut ? .out : .in) }
        return links.first { hops[$0].device == (isOut ? event.outDevice : event.inDevice) } ?? links.last
    }

    static func stage(_ priority: Int?) -> NetfilterStage? {
        guard let priority else { return nil }
        return NetfilterStage.allCases.min { abs($0.priority - priority) < abs($1.priority - priority) }
    }

    /// The rule behind a translation, where the snapshot leaves only one that it can be.
    private func translationRules(
        _ changes: [FieldChange], _ place: Place, _ before: Sighting, _ after: Sighting, _ places: Places
    ) -> [RuleReference] {
        let changesSource = changes.contains { $0.field.isOfSource }
        let changesDestination = changes.contains { $0.field.isOfDestination }
        guard changesSource != changesDestination, let namespace = places.namespace(place.namespace),
            places.places[Int(before.vantage)].namespace == place.namespace
        else { return [] }
        let kinds: [TranslationKind] = changesSource ? [.masquerade, .snat] : [.dnat, .redirect]
        let end = changesSource ? RuleField.End.source : .destination
        let address = changesSource ? before.source : before.destination
        let matching = namespace.netfilter.translations.filter { rule in
            rule.translationKinds.contains(where: kinds.contains) && rule.mayMatch(address, at: end)
        }
        // The answers to a translated flow are translated back by no rule.
        guard matching.count == 1, let only = matching.first else { return [] }
        if changesDestination, after.destination != before.destination, namespaceHolds(after, before) { return [] }
        return [only.reference]
    }

    private func namespaceHolds(_ after: Sighting, _ before: Sighting) -> Bool { record.answers != nil }

    // MARK: What should have come next

    private func expectedNext() -> Hop? {
        guard let places, record.lastStep >= 0 else { return nil }
        let last = step(record.lastStep)
        let place = places.places[Int(last.sighting.vantage)]
        let isOut = place.phase == .linkOut || place.phase == .bridgeOut
        func hop(
            _ namespace: Int32, device: String?, _ vantage: VantagePoint.Kind, _ direction: VantagePoint.Direction?,
            _ hook: NetfilterHook? = nil
        ) -> Hop {
            Hop(
                index: hops.count, parent: hopOfStep[record.lastStep], host: host,
                namespace: places.areas[Int(namespace)].name, device: device, vantage: vantage, direction: direction,
                hook: hook, offsetNanoseconds: last.offsetNanoseconds, evidence: [.state], confidence: .weak,
                packet: packet(last.sighting, nil))
        }
        if isOut, place.device >= 0 {
            let device = places.devices[Int(place.device)]
            if device.isLoopback {
                return hop(place.namespace, device: places.nameOfDevice[Int(place.device)], .link, .in)
            }
            if device.peer >= 0 {
                let far = places.devices[Int(device.peer)]
                return hop(far.namespace, device: places.nameOfDevice[Int(device.peer)], .link, .in)
            }
            return nil
        }
        let area = places.areas[Int(place.namespace)]
        if area.topologyIndex >= 0, places.holds(last.sighting.destination, in: place.namespace) {
            if place.device >= 0, place.phase == .linkIn {
                let master = places.devices[Int(place.device)].master
                if master >= 0 { return hop(place.namespace, device: places.nameOfDevice[Int(master)], .link, .in) }
            }
            return area.lastInputRank >= 0
                ? hop(place.namespace, device: nil, .netfilter, nil, .input)
                : hop(place.namespace, device: nil, .socket, .in)
        }
        if last.sighting.network == .arp { return nil }
        if place.phase.isBeforeRouting {
            if area.watchesForward { return hop(place.namespace, device: nil, .netfilter, nil, .forward) }
        }
        return hop(place.namespace, device: chosenDevice(place, places), .link, .out)
    }

    /// The device that routing chose where the packet was last seen, for it or for what it was there before translation.
    private func chosenDevice(_ place: Place, _ places: Places) -> String? {
        for index in stride(from: record.lastStep, through: 0, by: -1) {
            let sighting = step(index).sighting
            guard places.places[Int(sighting.vantage)].namespace == place.namespace else { return nil }
            if let decision = decision(sighting, namespace: places.point(place).namespace, places) {
                return decision.outDevice
            }
        }
        return nil
    }

    // MARK: Walks that nobody saw

    private mutating func unseenWalk() -> Walk {
        let extra = batch.extra(of: record)
        let tuple: FlowTuple
        let headers = extra.onlyDrop?.headers ?? extra.rules.last?.headers
        if let failure = extra.failure {
            tuple = failure.tuple
        } else if let headers {
            tuple = headers.tuple
        } else {
            tuple = FlowTuple(
                source: IPAddress(ipv4: 0), destination: IPAddress(ipv4: 0), sourcePort: 0, destinationPort: 0,
                ipProtocol: IPProtocol(rawValue: 0))
        }
        let hasPorts = tuple.ipProtocol.hasPorts
        let stop = record.stop >= 0 ? batch.stops[record.stop] : nil
        let packet = Hop.Packet(
            source: tuple.source, destination: tuple.destination,
            sourcePort: hasPorts ? tuple.sourcePort : nil, destinationPort: hasPorts ? tuple.destinationPort : nil,
            ttl: headers?.ttl, length: headers?.length ?? 0)
        let namespace = stop?.namespace ?? ""
        var hops: [Hop] = []
        let isLocal =
            places.map { places in
                let area = places.area(named: namespace)
                return area >= 0 && places.holds(tuple.source, in: area)
            } ?? false
        if extra.failure != nil || isLocal {
            hops.append(
                Hop(
                    index: 0, host: host, namespace: namespace, vantage: .socket, direction: .out,
                    evidence: [extra.failure == nil ? .state : .kernel], packet: packet))
        }
        if extra.failure == nil {
            hops.append(
                Hop(
                    index: hops.count, parent: hops.isEmpty ? nil : 0, host: host, namespace: namespace,
                    device: stop?.device,
                    vantage: .drop, hook: stop?.hook, stage: stop?.stage,
                    evidence: [stop?.rule == nil ? .kernel : .rule], packet: packet,
                    rules: stop?.rule.map { [$0] } ?? []))
        }
        return Walk(
            id: record.identifier.description, host: host, kind: .unseen(tuple.ipProtocol), source: tuple.source,
            destination: tuple.destination, sourcePort: packet.sourcePort, destinationPort: packet.destinationPort,
            startNanoseconds: record.startNanoseconds, outcome: record.outcome, hops: hops, stoppedAt: stop)
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
        }
    }
}

extension RuleReference {
    /// Whether both name one rule, whatever is said of it.
    fileprivate func isSameRule(as other: RuleReference) -> Bool {
        family == other.family && table == other.table && chain == other.chain && position == other.position
            && handle == other.handle && backend == other.backend
    }
}

extension RuleEvent {
    /// Whether both were met on the way through one base chain.
    fileprivate func isSameBase(_ other: RuleEvent) -> Bool {
        reference.family == other.reference.family && reference.table == other.reference.table
            && (baseChain ?? reference.chain) == (other.baseChain ?? other.reference.chain)
    }
}
