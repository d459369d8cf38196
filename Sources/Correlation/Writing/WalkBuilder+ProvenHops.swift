internal import WalkModel
import Observations
import Network
import Wire

/// Hops that no vantage point shows: the socket that sent, a routing decision, the place of the drop.
extension WalkBuilder {
    /// The socket that sent it: its namespace holds the source address, and nothing was seen before.
    mutating func sender(_ step: Step, _ place: Place, _ places: Places) -> Int? {
        let sighting = step.sighting
        guard place.phase >= .output || sent != nil, sighting.network != .arp, !sighting.has(Sighting.quotesPacket),
            !sighting.isEncapsulated, places.areas[Int(place.namespace)].topologyIndex >= 0,
            sent != nil || places.holds(sighting.source, in: place.namespace), hops.isEmpty
        else { return nil }
        hops.append(
            Hop(
                index: hops.count, host: host, namespace: places.point(place).namespace, vantage: .socket,
                direction: .out,
                evidence: [sent == nil ? .state : .conntrack], packet: sentPacket(sighting)))
        return hops.count - 1
    }

    /// The packet as its socket sent it.
    func sentPacket(_ first: Sighting) -> Hop.Packet {
        var packet = packet(first, nil)
        guard let sent else { return packet }
        let isIPv6 = first.has(Sighting.isIPv6)
        packet.source = sent.source(isIPv6: isIPv6)
        packet.destination = sent.destination(isIPv6: isIPv6)
        if packet.sourcePort != nil { packet.sourcePort = sent.sourcePort }
        if packet.destinationPort != nil { packet.destinationPort = sent.destinationPort }
        return packet
    }

    /// As conntrack says that it was sent; of a reply its sender's own translation is none of the asker's.
    private var sent: FlowKey? { record.answers == nil ? batch.extra(of: record).sent : nil }

    /// The routing decision between two steps: where the TTL fell, or a hook after routing followed one before it.
    mutating func route(_ step: Step, _ place: Place, _ places: Places, _ parent: Int?) -> Int? {
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
    func passable(_ decision: RouteDecision?) -> RouteDecision? {
        guard let decision, decision.errorNumber == nil else { return nil }
        return decision.kind?.isRefusal == true || decision.kind == .throw ? nil : decision
    }

    func decision(_ sighting: Sighting, namespace: String, _ places: Places) -> RouteDecision? {
        // Of a packet in a tunnel only the inner addresses are kept, by which nobody routes here.
        guard !sighting.isEncapsulated, let routes = batch.context?.routes, !routes.isEmpty else { return nil }
        let tuple = sighting.tuple
        if let exact = routes[EngineCore.RouteKey(namespace: namespace, tuple: tuple)] { return exact }
        var coarse = tuple
        coarse.sourcePort = 0
        coarse.destinationPort = 0
        return routes[EngineCore.RouteKey(namespace: namespace, tuple: coarse)]
    }

    mutating func appendRoute(
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

    mutating func addDelivery() {
        guard record.outcome == .delivered, record.lastStep >= 0, let places else { return }
        let last = step(record.lastStep)
        let place = places.places[Int(last.sighting.vantage)]
        guard last.sighting.network != .arp, place.phase != .socketIn else { return }
        var parent = hopOfStep[record.lastStep]
        if place.phase != .input,
            let decision = decision(last.sighting, namespace: places.point(place).namespace, places),
            decision.kind == .local
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

    mutating func addDrop() {
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

    func stop() -> Stop? {
        if record.stop >= 0 { return batch.stops[record.stop] }
        guard record.lastStep >= 0, let places else { return nil }
        let place = places.places[Int(step(record.lastStep).sighting.vantage)]
        return Stop(
            namespace: places.point(place).namespace, device: places.point(place).device,
            vantage: places.point(place).kind,
            hook: places.point(place).hook, stage: places.point(place).stage)
    }
}
