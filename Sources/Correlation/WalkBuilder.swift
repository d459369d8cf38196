internal import WalkModel
import Observations
import Network
internal import Ruleset
import Wire

/// Writes a walk record out in the contract's form: names for numbers, what changed from hop to hop, and the hops that
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
        guard record.stepCount > 0 else { return witness }
        let first = batch.steps[record.stepStart]
        let transport = IPProtocol(rawValue: first.sighting.ipProtocol)
        if transport == .icmp || transport == .icmpv6 {
            witness.icmpType = first.sighting.icmpType
            witness.icmpCode = first.sighting.icmpCode
            witness.reportedMTU = batch.detail(of: first)?.reportedMTU
        }
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
            id: record.identifier.description, answers: record.answers?.description,
            protocol: Self.protocolName(first.sighting), source: first.sighting.source.description,
            destination: first.sighting.destination.description,
            sourcePort: hasPorts ? first.sighting.sourcePort : nil,
            destinationPort: hasPorts ? first.sighting.destinationPort : nil,
            summary: summary(of: first.sighting, detail: batch.detail(of: first)),
            start: timestamp(record.startNanoseconds),
            durationNanoseconds: record.endNanoseconds - record.startNanoseconds, outcome: record.outcome, hops: hops,
            stoppedAt: stopped)
        if record.outcome == .lost, record.lastStep >= 0 {
            walk.lastSeen = hops[hopOfStep[record.lastStep]]
            walk.expectedNext = expectedNext()
        }
        walk.cutOff = record.cutOff
        walk.losses = batch.losses[record.lossStart..<record.lossStart + record.lossCount].map {
            WalkLoss(vantage: $0.source, lost: $0.lost)
        }
        return walk
    }

    static func protocolName(_ sighting: Sighting) -> String {
        sighting.network == .arp ? "arp" : IPProtocol(rawValue: sighting.ipProtocol).description
    }

    static func hasPorts(_ sighting: Sighting) -> Bool {
        let named: [IPProtocol] = [.tcp, .udp, .sctp]
        return sighting.network != .arp && named.contains(IPProtocol(rawValue: sighting.ipProtocol))
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
            index: hops.count, parent: parent, namespace: places.point(place).namespace, device: device,
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
            source: sighting.source.description, destination: sighting.destination.description,
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
        if sighting.isEncapsulated, sighting.detail >= 0 {
            let detail = batch.details[Int(sighting.detail)]
            let name =
                switch sighting.tunnelKind {
                case .vxlan: "vxlan \(detail.tunnelIdentifier)"
                case .gre: detail.tunnelIdentifier == 0 ? "gre" : "gre \(detail.tunnelIdentifier)"
                case .ipip: "ipip"
                case .none: ""
                }
            packet.encapsulation = "\(name) \(detail.tunnelSource) → \(detail.tunnelDestination)"
        }
        return packet
    }

    private func changes(from before: Step, to after: Step, hop: Hop) -> [Hop.Change] {
        let old = hops[hopOfStep[Int(after.parent)]].packet
        let new = hop.packet
        var result: [Hop.Change] = []
        // Words only for what differs: most of a hop's fields don't.
        func note<Value: Equatable & CustomStringConvertible>(_ field: String, _ from: Value?, _ to: Value?) {
            if from != to { result.append(Hop.Change(field: field, from: from?.description, to: to?.description)) }
        }
        note("source", old.source, new.source)
        note("destination", old.destination, new.destination)
        note("source_port", old.sourcePort, new.sourcePort)
        note("destination_port", old.destinationPort, new.destinationPort)
        note("ttl", old.ttl, new.ttl)
        if old.macSource != nil, new.macSource != nil { note("mac_source", old.macSource, new.macSource) }
        if old.macDestination != nil, new.macDestination != nil {
            note("mac_destination", old.macDestination, new.macDestination)
        }
        let isFragment = before.sighting.has(Sighting.isFragment) || after.sighting.has(Sighting.isFragment)
        if !isFragment { note("length", old.length, new.length) }
        if old.mark != nil, new.mark != nil { note("mark", old.mark, new.mark) }
        note("dscp", old.dscp, new.dscp)
        note("segments", max(before.segments, after.mergedFrom), after.segments)
        note("encapsulation", old.encapsulation, new.encapsulation)
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
                index: hops.count, namespace: places.point(place).namespace, vantage: .socket, direction: .out,
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
                index: hops.count, parent: parent, namespace: places.point(place).namespace,
                device: decision?.outDevice,
                vantage: .route, offsetNanoseconds: hops[parent].offsetNanoseconds,
                evidence: [decision == nil ? .state : .kernel], confidence: step.confidence,
                joinedBy: decision == nil ? ["ttl"] : [], packet: packet(sighting, nil), route: decision))
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
                index: hops.count, parent: parent, namespace: places.point(place).namespace, vantage: .socket,
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
                index: hops.count, parent: parent, namespace: stop.namespace ?? hops[parent].namespace,
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
        _ changes: [Hop.Change], _ place: Place, _ before: Sighting, _ after: Sighting, _ places: Places
    ) -> [RuleReference] {
        let changesSource = changes.contains { $0.field == "source" || $0.field == "source_port" }
        let changesDestination = changes.contains { $0.field == "destination" || $0.field == "destination_port" }
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
                index: hops.count, parent: hopOfStep[record.lastStep],
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
        let named: [IPProtocol] = [.tcp, .udp, .sctp]
        let hasPorts = named.contains(tuple.ipProtocol)
        let stop = record.stop >= 0 ? batch.stops[record.stop] : nil
        let packet = Hop.Packet(
            source: tuple.source.description, destination: tuple.destination.description,
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
                    index: 0, namespace: namespace, vantage: .socket, direction: .out,
                    evidence: [extra.failure == nil ? .state : .kernel], packet: packet))
        }
        if extra.failure == nil {
            hops.append(
                Hop(
                    index: hops.count, parent: hops.isEmpty ? nil : 0, namespace: namespace, device: stop?.device,
                    vantage: .drop, hook: stop?.hook, stage: stop?.stage,
                    evidence: [stop?.rule == nil ? .kernel : .rule], packet: packet,
                    rules: stop?.rule.map { [$0] } ?? []))
        }
        let ports = hasPorts ? " \(tuple.sourcePort) → \(tuple.destinationPort)" : ""
        let name = "\(tuple.ipProtocol)".uppercased()
        return Walk(
            id: record.identifier.description, protocol: tuple.ipProtocol.description,
            source: tuple.source.description, destination: tuple.destination.description,
            sourcePort: hasPorts ? tuple.sourcePort : nil, destinationPort: hasPorts ? tuple.destinationPort : nil,
            summary: "\(name)\(ports)", start: timestamp(record.startNanoseconds), outcome: record.outcome, hops: hops,
            stoppedAt: stop)
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
