internal import Ruleset
public import Observations
public import WalkModel

internal import Network
internal import Wire

/// What a run has told so far that an explanation may rest on. Bounded: the oldest goes first.
///
/// Takes the same events as the engine. `explained` gives an exchange its findings from what concerns it.
public struct EvidenceLedger: Sendable {
    private static let capacity = 4096
    /// From a request to the last loss that may have taken its answer: as long as an answer is waited for, and as long
    /// again for the loss to be told.
    private static let answerNanoseconds: Int64 = 2_000_000_000

    private var before: Topology?
    private var beforeNanoseconds = Int64.max
    private var graph: NetworkGraph?
    private var graphNanoseconds = Int64.max
    private var flows: [FlowEvent] = []
    /// Entries of conntrack that were there when the run began, by their addresses before and after translation: there
    /// may be more than `capacity`.
    private var present: [AddressPair: [FlowEvent]] = [:]
    private var presentCount = 0
    private static let presentLimit = 200_000
    private var routes: [RouteDecision] = []
    private var losses: [Loss] = []
    private var counters: [String: CounterChange] = [:]
    private var anonymousDrops: [DropEvent] = []
    /// Of these the last that was forgotten.
    private var forgottenDropNanoseconds = Int64.min
    /// Translated connections that conntrack gave up, as their packets are seen before translation, by namespace: what
    /// still comes for them is for nobody.
    private var forgotten: Set<ForgottenFlow> = []
    private static let forgottenLimit = 65_536
    /// Walks about which an ICMP error came.
    private var refused: [String] = []
    /// Datagrams without an answer about which there was nothing to say, but for their identity and times: nor is there
    /// of their like, until the next event that an explanation rests on.
    private var unremarkable: Set<Walk> = []
    private static let unremarkableLimit = 1024
    /// Ends of packets that were incomplete for want of sightings, of which the newest state of the network tells nothing: of a
    /// flood they are many.
    private var incomplete: Set<IncompleteEnd> = []
    /// Flows whose replies the rules of their receiver let pass.
    private var received: Set<FlowTuple> = []
    /// Why requests failed whose replies may end later.
    private var causes = KnownCauses()

    public init() {}

    public mutating func take(_ event: Event) {
        if case .drop(let drop) = event, drop.isAnonymous { take(drop) }
        switch event {
        case .topology, .flow, .route, .loss, .counters: unremarkable.removeAll(keepingCapacity: true)
        case .vantage, .packet, .rule, .drop, .sendFailure, .sampling, .name, .watermark: return
        }
        switch event {
        case .topology(let snapshot, let time):
            incomplete.removeAll(keepingCapacity: true)
            received.removeAll(keepingCapacity: true)
            if before == nil, let graph { (before, beforeNanoseconds) = (graph.topology, graphNanoseconds) }
            graphNanoseconds = time
            graph = NetworkGraph(snapshot)
        case .flow(let flow) where flow.change == .present: keep(flow)
        case .flow(let flow):
            Self.append(flow, to: &flows)
            remember(flow)
        case .route(let route): Self.append(route, to: &routes)
        case .loss(let loss): Self.append(loss, to: &losses)
        case .counters(let change): counters[change.namespace] = change
        case .vantage, .packet, .rule, .drop, .sendFailure, .sampling, .name, .watermark: break
        }
    }

    /// Says that an ICMP error came about a walk.
    public mutating func noteRefusal(of id: String) {
        Self.append(id, to: &refused)
    }

    private mutating func keep(_ flow: FlowEvent) {
        guard presentCount < Self.presentLimit else { return }
        presentCount += 1
        for pair in Set([AddressPair(flow.original), AddressPair(flow.reply)]) {
            present[pair, default: []].append(flow)
        }
    }

    private struct ForgottenFlow: Hashable {
        let namespace: String
        let tuple: FlowTuple
    }

    private mutating func remember(_ flow: FlowEvent) {
        let isTranslated = flow.original != flow.reply.reversed
        guard isTranslated, flow.original.ipProtocol == .tcp else { return }
        for tuple in [flow.original, flow.reply] {
            let entry = ForgottenFlow(namespace: flow.namespace, tuple: tuple)
            if flow.change != .destroy {
                forgotten.remove(entry)
            } else if forgotten.count < Self.forgottenLimit {
                forgotten.insert(entry)
            }
        }
    }

    /// Whether a segment arrived where conntrack had given up the connection that it belongs to: that explains what is
    /// not seen of it, though nothing went wrong by its own way.
    public func isForgotten(_ exchange: Exchange) -> Bool {
        guard !forgotten.isEmpty, exchange.request.cameToReceiver, !exchange.request.kind.opensConnection,
            exchange.request.kind.ipProtocol == .tcp, let last = exchange.request.hops.last,
            let flags = exchange.request.kind.tcpFlags, !flags.contains(.rst)
        else { return false }
        let tuple = FlowTuple(
            source: last.packet.source, destination: last.packet.destination, sourcePort: last.packet.sourcePort ?? 0,
            destinationPort: last.packet.destinationPort ?? 0, ipProtocol: .tcp)
        return forgotten.contains(ForgottenFlow(namespace: last.namespace, tuple: tuple))
    }

    /// Whether a connection was accepted for a program that is stopped: the kernel does that without it.
    public func isUnread(_ exchange: Exchange) -> Bool {
        guard exchange.request.kind.opensConnection, exchange.arrived, let last = exchange.request.hops.last,
            let listeners = graph?[namespace: last.namespace]?.listeners
        else { return false }
        return listeners.contains { $0.isStopped == true && $0.isOn(.tcp, port: last.packet.destinationPort) }
    }

    /// The exchange as it really ended, where a reply was taken for received by its destination alone, and the rules of its
    /// receiver drop it: nobody watches behind the device there. Nil where it may have been received.
    public mutating func held(_ exchange: Exchange) -> Exchange? {
        guard let graph, let reply = exchange.reply, reply.isAtReceiver, let end = reply.hops.last,
            let receiver = graph[namespace: end.namespace],
            receiver.netfilter.chains.contains(where: \.canStopInput)
        else { return nil }
        let ports = (reply.sourcePort ?? 0, reply.destinationPort ?? 0)
        let tuple = FlowTuple(
            source: reply.source, destination: reply.destination, sourcePort: ports.0, destinationPort: ports.1,
            ipProtocol: reply.kind.ipProtocol ?? IPProtocol(rawValue: 0))
        if received.contains(tuple) { return nil }
        let context = context(graph, for: exchange.request, reply: reply)
        if let held = Diagnosis.held(exchange, context: context) { return held }
        if received.count >= Self.capacity { received.removeAll(keepingCapacity: true) }
        received.insert(tuple)
        return nil
    }

    private mutating func take(_ drop: DropEvent) {
        if anonymousDrops.count >= 2 * Self.capacity {
            forgottenDropNanoseconds = anonymousDrops[Self.capacity - 1].timeNanoseconds
        }
        Self.append(drop, to: &anonymousDrops)
    }

    private static func append<Element>(_ element: Element, to list: inout [Element]) {
        if list.count >= 2 * capacity { list.removeFirst(capacity) }
        list.append(element)
    }

    /// The exchange with the findings of its request, and of its answer where that is what failed.
    public mutating func explained(_ exchange: Exchange) -> Exchange {
        guard let graph else { return exchange }
        let isDatagram = exchange.arrived && exchange.reply == nil
        let kind = isDatagram ? exchange.request.withoutIdentity : nil
        if let kind, unremarkable.contains(kind) { return exchange }
        let end = exchange.request.lacksSightings ? IncompleteEnd(exchange) : nil
        if let end, incomplete.contains(end) { return exchange.withoutDoubtfulLoss }
        var result = exchange
        let asked = context(graph, for: exchange.request, reply: exchange.reply)
        result.request = Diagnosis.findings(for: exchange.request, reply: exchange.reply, context: asked).walk
        if let reply = exchange.reply, Diagnosis.isTakenByProxy(reply, context: asked) {
            result.reply?.outcome = .delivered
            result.reply?.stoppedAt = nil
        }
        causes.take(result.request)
        result.request.findings = causes.related(result.request)
        // Of what is for many nothing else was looked at.
        if isDatagram, result.arrived, !result.request.isForMany {
            // Nobody owes a datagram an answer: only what became of itself is told, and nothing that stands behind it.
            func concerns(_ finding: Finding) -> Bool {
                Catalogue.obstacle(finding.code)?.traits.contains(.concernsDatagram) == true
            }
            let isTold = result.request.findings.first.map(concerns) ?? false
            result.request.findings.removeAll { !isTold || !concerns($0) }
        }
        if let kind, result.request == exchange.request, unremarkable.count < Self.unremarkableLimit {
            unremarkable.insert(kind)
        }
        result = result.withoutDoubtfulLoss
        if let end, result.request.cutOff == .losses, incomplete.count < Self.unremarkableLimit {
            incomplete.insert(end)
        }
        return result
    }

    private func context(_ graph: NetworkGraph, for walk: Walk, reply: Walk?) -> DiagnosisContext {
        let walks = [walk, reply].compactMap(\.self)
        let concerned = Self.addressPairs(of: walks)
        var context = DiagnosisContext(graph: graph, before: before)
        context.isBetween = walks.allSatisfy { isBetween($0, graph.topology) }
        context.rules = walk.witness.rules
        context.drops = Self.drops(of: walk)
        context.sendFailures = walk.witness.sendFailure.map { [$0] } ?? []
        context.routes = routes.filter { concerned.contains(AddressPair($0.tuple)) }
        context.flows = flows(of: concerned)
        if let reply, let error = reply.kind.icmp, error.isError {
            context.icmpErrors = [
                DiagnosisContext.ICMPError(
                    source: reply.source, type: error.type, code: error.code, mtu: error.mtu ?? 0,
                    reachedSender: reply.cameToReceiver)
            ]
        }
        context.isReplyRefused = reply.map { refused.contains($0.id) } ?? false
        context.counters = counters.values.sorted { $0.namespace < $1.namespace }.flatMap { change in
            change.counters.sorted { $0.key < $1.key }.map {
                DiagnosisContext.CounterDelta(namespace: change.namespace, name: $0.key, delta: $0.value)
            }
        }
        context.losses = losses(concerning: walk, reply: reply)
        context.nearbyDrops = nearbyDrops(walk)
        return context
    }

    /// Whether a walk began after the first reading of the network, and ended before the newest one began.
    private func isBetween(_ walk: Walk, _ topology: Topology) -> Bool {
        guard before != nil, let began = nanoseconds(rfc3339: topology.time) else { return false }
        // The reading's time is in milliseconds.
        return beforeNanoseconds < walk.startNanoseconds
            && walk.startNanoseconds + max(0, walk.durationNanoseconds) < began - 1_000_000
    }

    /// What conntrack told of connections of a walk's addresses, whatever their ports.
    public func flows(concerning walk: Walk) -> [FlowEvent] { flows(of: Self.addressPairs(of: [walk])) }

    private func flows(of pairs: Set<AddressPair>) -> [FlowEvent] {
        let earlier = Set(pairs.flatMap { present[$0] ?? [] })
        return earlier.sorted { ($0.timeNanoseconds, $0.namespace) < ($1.timeNanoseconds, $1.namespace) }
            + flows.filter { pairs.contains(AddressPair($0.original)) || pairs.contains(AddressPair($0.reply)) }
    }

    /// What may have been lost of a walk, and of the answer that it did not get.
    private func losses(concerning walk: Walk, reply: Walk?) -> [Loss] {
        var start = Int64.max
        if reply == nil { start = walk.startNanoseconds }
        return losses.filter { loss in
            loss.timeNanoseconds >= start && loss.timeNanoseconds - start <= Self.answerNanoseconds
                || walk.losses.contains { $0.vantage == loss.source }
        }
    }

    /// The unnamed drops in whose time the walk ended, where it did not arrive. Hooks can bear a time before the packet's
    /// passage or behind it, so the whole walk counts, and some time before and after it.
    private func nearbyDrops(_ walk: Walk) -> NearbyDrops? {
        guard !anonymousDrops.isEmpty, walk.outcome != .delivered, walk.outcome != .left else { return nil }
        let start = walk.startNanoseconds
        let times = start - 5_000_000...start + max(0, walk.durationNanoseconds) + 100_000_000
        let isComplete =
            forgottenDropNanoseconds < times.lowerBound && !walk.losses.contains { $0.vantage == Loss.dropReasons }
        return NearbyDrops(
            anonymousDrops.filter { times.contains($0.timeNanoseconds) },
            etherType: walk.destination.isIPv4 ? 0x0800 : 0x86dd, isComplete: isComplete)
    }

    static func drops(of walk: Walk) -> [DropEvent] {
        if let drop = walk.witness.drop { return [drop] }
        guard let stop = walk.stoppedAt, let reason = stop.dropReason,
            walk.outcome == .dropped || walk.outcome == .rejected
        else { return [] }
        return [
            DropEvent(
                timeNanoseconds: 0, namespace: stop.namespace, device: stop.device, reason: reason,
                location: stop.location, headers: PacketHeadersRecord(PacketHeaders()))
        ]
    }

    /// Two addresses that speak with each other, whichever asks.
    private struct AddressPair: Hashable {
        let one: IPAddress
        let other: IPAddress

        init(_ source: IPAddress, _ destination: IPAddress) {
            one = min(source, destination)
            other = max(source, destination)
        }

        init(_ tuple: FlowTuple) { self.init(tuple.source, tuple.destination) }
    }

    private static func addressPairs(of walks: [Walk]) -> Set<AddressPair> {
        var pairs: Set<AddressPair> = []
        for walk in walks {
            pairs.insert(AddressPair(walk.source, walk.destination))
            for hop in walk.hops { pairs.insert(AddressPair(hop.packet.source, hop.packet.destination)) }
        }
        return pairs
    }
}

extension RuleChain {
    /// Whether something of what comes in for the namespace may end here.
    fileprivate var canStopInput: Bool {
        guard let hook, kind != .nat, hook == .input || hook == .prerouting else { return false }
        return policy == .drop || !rules.isEmpty
    }
}
