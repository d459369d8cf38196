internal import Ruleset
internal import Network
internal import Observations
internal import Wire

/// What a path rests on beside the packet: the state of the network, the kernel's own routing answers, and what
/// conntrack is known to hold.
struct PathInputs: Sendable {
    let context: DiagnosisContext
    /// Flows by which a translated reply is recognised.
    var flows: [FlowEvent]
    /// Entries that conntrack had given up before the packet came.
    var endedFlows: [FlowEvent] = []
    /// Namespaces that the answered packet passed; nil for a packet that answers none.
    var requestPassed: Set<String>?
    /// Of an answered packet, how it came into the namespaces whose rules may keep conntrack from taking the answer for
    /// one.
    var requestEntries: [String: UnrecognisedReply.Entry] = [:]
    /// As if policy routing had no rules of its own.
    var usesMainTableOnly = false
    /// As if these namespaces routed all that is not for themselves by these choices.
    var overrides: [String: RouteChoice] = [:]

    /// The port of a bridge by which a packet under way came into the namespace in which it is taken up.
    var arrivalPort: LayerTwoPath.Port?
    /// The namespace that sent a packet under way, where it was seen to; nil where that is not known.
    var sender: String?
    /// Who handed a packet under way to the namespace in which it is taken up; nil where that is not known.
    var handover: Handover?

    var topology: Topology { context.topology }
    var graph: NetworkGraph { context.graph }

    init(_ context: DiagnosisContext, flows: [FlowEvent] = [], requestPassed: Set<String>? = nil) {
        self.context = context
        self.flows = flows
        self.requestPassed = requestPassed
    }

    /// The kernel's own answer where it was asked the same, else the snapshot's.
    func route(_ packet: PacketState, _ namespace: Namespace, inDevice: String?) -> RouteChoice {
        if let choice = overrides[namespace.name], !namespace.holds(packet.destination) { return choice }
        var choice = namespace.lookUpRoute(
            to: packet.destination, source: packet.source, mark: packet.mark, inDevice: inDevice,
            flow: packet.routedFlow, mainOnly: usesMainTableOnly)
        guard !usesMainTableOnly else { return choice }
        let answers = context.routes.filter {
            $0.namespace == namespace.name && $0.tuple.destination == packet.destination
                && ($0.tuple.source == packet.source || $0.tuple.source.isUnspecified) && $0.inDevice == inDevice
                && $0.mark == packet.mark
        }
        guard let answer = answers.last else { return choice }
        choice.pathMTU = answer.pathMTU
        if let number = answer.errorNumber, number != 0, answer.kind == nil {
            // It refuses to say where it sends what has a source of somebody else (ip_route_output_key_hash): a proxy's.
            if inDevice == nil, !packet.source.isUnspecified, !namespace.holds(packet.source) { return choice }
            choice.take(failure: number)
            return choice
        }
        choice.isKernelAnswer = true
        if let kind = answer.kind { choice.kind = kind }
        if let device = answer.outDevice, choice.kind != .local { choice.device = device }
        if choice.kind == .unicast { choice.gateway = answer.gateway }
        if let table = answer.table, table != choice.table {
            choice.take(table, of: namespace, for: packet, inDevice: inDevice)
        }
        if let source = answer.preferredSource { choice.preferredSource = source }
        return choice
    }

    /// What conntrack of `namespace` makes of the packet, where that follows from what was seen.
    func connectionState(_ packet: PacketState, _ namespace: Namespace) -> ConnectionState? {
        if packet.connection == .untracked { return .untracked }
        for flow in flows.reversed() where flow.namespace == namespace.name && flow.change != .destroy {
            if flow.reply.covers(packet) { return .established }
            guard flow.original.covers(packet) else { continue }
            // IPS_SEEN_REPLY
            if flow.status & 2 != 0 { return .established }
            // nf_conntrack_proto_tcp: an ACK alone in SYN_SENT is invalid: its SYN-ACK never came by here.
            let isLoneACK = packet.ipProtocol == .tcp && packet.tcpFlags.map { $0 & 0b1_0110 == 0b1_0000 } == true
            return isLoneACK ? .invalid : .new
        }
        if endedFlows.contains(where: { flow in
            flow.namespace == namespace.name && (flow.reply.covers(packet) || flow.original.covers(packet))
        }) {
            return Self.stateWithoutEntry(packet, namespace)
        }
        guard let passed = requestPassed else { return packet.connection }
        if passed.contains(namespace.name) { return .established }
        // A reply to something that conntrack here never saw.
        switch packet.ipProtocol {
        case .tcp, .icmp, .icmpv6: return .invalid
        default: return .new
        }
    }

    /// What conntrack calls a packet for whose connection it has no entry (`tcp_new`): in the middle of a TCP connection a
    /// plain ACK makes an entry where that is allowed.
    static func stateWithoutEntry(_ packet: PacketState, _ namespace: Namespace) -> ConnectionState {
        guard packet.ipProtocol == .tcp, let flags = packet.tcpFlags, flags & 0b1_0111 != 0b10 else { return .new }
        let isLoose = namespace.settings.value("net.netfilter.nf_conntrack_tcp_loose")?.isOn ?? true
        return isLoose && flags & 0b1_0111 == 0b1_0000 ? .new : .invalid
    }

    /// Why conntrack of a namespace does not recognise a reply to what passed there; nil where it does.
    ///
    /// - Parameter inDevice: nil for a reply that is sent there.
    func unrecognised(
        _ packet: PacketState, _ namespace: Namespace, inDevice: String?, port: String? = nil, outDevice: String? = nil
    ) -> UnrecognisedReply? {
        guard let request = requestEntries[namespace.name] else { return nil }
        return UnrecognisedReply(
            namespace, request: request,
            reply: UnrecognisedReply.Entry(packet: packet, inDevice: inDevice, port: port, outDevice: outDevice))
    }

    /// What conntrack makes of a reply before routing: where the request's source was translated, the destination is
    /// the sender's own again. The source stays as it is up to postrouting (nf_nat_manip_pkt).
    func destinationRestored(_ packet: PacketState, _ namespace: Namespace) -> PacketState {
        guard let flow = flows.last(where: { $0.namespace == namespace.name && $0.reply.covers(packet) }) else {
            return packet
        }
        var packet = packet
        packet.destination = flow.original.source
        if packet.hasPorts { packet.destinationPort = flow.original.sourcePort }
        return packet
    }

    /// What conntrack makes of a reply on its way out, or in to a socket: where the request's destination was
    /// translated, the source is the address again that was asked.
    func sourceRestored(_ packet: PacketState, _ namespace: Namespace) -> PacketState {
        guard let flow = flows.last(where: { $0.namespace == namespace.name && $0.answers(packet) }) else {
            return packet
        }
        var packet = packet
        packet.source = flow.original.destination
        if packet.hasPorts { packet.sourcePort = flow.original.destinationPort }
        return packet
    }

    func forwards(_ namespace: Namespace, _ device: String?, _ packet: PacketState) -> Bool {
        namespace.settings.forwarding(device: device, packet.destination.family)?.isOn ?? false
    }
}

extension PacketState {
    /// What rules of policy routing may ask of it.
    var routedFlow: RoutedFlow {
        RoutedFlow(ipProtocol: ipProtocol, sourcePort: sourcePort, destinationPort: destinationPort)
    }
}

extension FlowTuple {
    /// Whether the packet is of this direction; an echo's identifier may be missing from the packet.
    func covers(_ packet: PacketState) -> Bool {
        guard source == packet.source, destination == packet.destination, ipProtocol == packet.ipProtocol else {
            return false
        }
        // Those of UDP-Lite and DCCP are not read from packets.
        guard packet.hasPorts, packet.sourcePort != nil || packet.destinationPort != nil else { return true }
        return sourcePort == packet.sourcePort ?? 0 && destinationPort == packet.destinationPort ?? 0
    }
}

extension FlowEvent {
    /// Whether the packet is a reply whose destination has been translated back already, and its source not yet.
    fileprivate func answers(_ packet: PacketState) -> Bool {
        var whole = reply
        whole.destination = original.source
        whole.destinationPort = original.sourcePort
        return change != .destroy && reply.source != original.destination
            && (whole.covers(packet) || reply.covers(packet))
    }
}

extension RouteChoice {
    /// What the kernel's refusal of a lookup says. That there is no route is said by ENETUNREACH and ESRCH alone:
    /// EHOSTUNREACH is what a device that does not forward answers too, EINVAL and EXDEV come from the checks of the
    /// source and of martian addresses, EACCES and EINVAL from routes that refuse (fib_props, ip_route_input_slow).
    fileprivate mutating func take(failure number: Int32) {
        switch number {
        case 101, 3:
            isKernelAnswer = true
            if kind == nil || kind == .unicast { kind = nil }
        case 113: isKernelAnswer = true
        default: isKernelAnswer = isDiscarding
        }
    }

    /// What is for many is taken here, whatever the tables say.
    mutating func takeGroup(_ destination: IPAddress) {
        self = RouteChoice(kind: destination.isMulticast ? .multicast : .broadcast, table: .local)
    }

    /// Takes the kernel's word for the table, with the route in it and the rule that leads there: one that asks for
    /// something that the state does not tell may have led elsewhere than the tables as read.
    fileprivate mutating func take(
        _ table: RoutingTable, of namespace: Namespace, for packet: PacketState, inDevice: String?
    ) {
        self.table = table
        route = namespace.bestRoute(to: packet.destination, table: table) ?? route
        rule =
            namespace.rules(
                to: table, packet.destination, source: packet.source, mark: packet.mark, inDevice: inDevice,
                flow: packet.routedFlow
            ).first ?? rule
    }

    /// Whether the route or rule throws away what it covers.
    var isDiscarding: Bool { ["blackhole", "unreachable", "prohibit"].contains(kind) }
}
