internal import Observations
internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// Walks a packet through the configured network and notes each step: the one place that knows the order of the kernel's
/// packet flow. It knows no findings.
///
/// A sender looks up its route, asks `output`, looks the route up again where rules may have changed it, and leaves. A
/// receiver asks `prerouting`, looks up its route, and either asks `input` and hands the packet to a socket, or asks
/// `forward` and leaves. Leaving is `postrouting`, the device, the neighbour, and the link layer up to the next device at
/// which IP takes over (`PathWalker+LinkLayer`).
///
/// What the packet is seen to have passed is left out: `Resumed` names the hook at which the walk takes it up. A topology
/// in circles, or of tunnels that carry themselves, comes to an end after 64 stations.
struct PathWalker {
    static let stationLimit = 64
    /// How deep packets may carry each other: XMIT_RECURSION_LIMIT of net/core/dev.h.
    static let depthLimit = 8

    let inputs: PathInputs
    /// Whether the packet carries another through a tunnel.
    let isCarrier: Bool
    var path: ForwardPath
    /// The device at which the packet was seen on its way out: what is asked before that it has passed.
    var seenOut: LayerTwoPath.Port?
    /// The port of a bridge by which a packet came in that the bridge itself sends on, translated (br_netfilter).
    var bridgedFrom: String?
    /// The next hop that is asked for before the packet can go.
    var solicited: IPAddress?
    /// What asks for it, where nobody replied.
    var question: PacketState?
    var topology: Topology { inputs.topology }

    init(inputs: PathInputs, origin: PacketState, carrying: ForwardPath?) {
        self.inputs = inputs
        isCarrier = carrying != nil
        path = ForwardPath(origin: origin, inputs)
        path.stations = carrying?.stations ?? 0
        path.depth = carrying.map { $0.depth + 1 } ?? 0
    }

    /// A hook in which the packet was seen: what comes before is done.
    struct Resumed {
        var hook: NetfilterHook
        var priority: Int
        var outDevice: String?

        /// From which priority on the chains of `hook` are still to be asked.
        func priority(at hook: NetfilterHook) -> Int? { self.hook == hook ? priority : nil }
    }

    /// - Parameter carrier: what the packet was seen inside of, at `start`: that goes on first.
    mutating func walk(_ packet: PacketState, from start: PathStart, inside carrier: Carrier? = nil) {
        if let carrier { return walk(packet, inside: carrier, from: start) }
        switch start {
        case .send(let name):
            guard let namespace = topology[namespace: name] else { return }
            send(packet, namespace, resumed: nil)
        case .transmitted(let name, let device):
            seenOut = LayerTwoPath.Port(namespace: name, device: device)
            follow(
                packet, inputs.graph.segment(out: device, of: name),
                at: LayerTwoPath.Port(namespace: name, device: device))
        case .received(let name, let device):
            // A capture sees a packet before tc and the netdev hooks do (__netif_receive_skb_core).
            var packet = packet
            if let namespace = topology[namespace: name], let link = namespace[device: device] {
                askReceiver(namespace, link, &packet)
            }
            follow(
                packet, inputs.graph.segment(into: device, of: name),
                at: LayerTwoPath.Port(namespace: name, device: device))
        case .hook(let name, let hook, let priority, let inDevice, let outDevice):
            guard let namespace = topology[namespace: name] else { return }
            let resumed = Resumed(hook: hook, priority: priority, outDevice: outDevice)
            switch hook {
            case .output: send(packet, namespace, resumed: resumed)
            case .postrouting where inDevice == nil: send(packet, namespace, resumed: resumed)
            case .prerouting, .input, .forward, .postrouting:
                receive(packet, namespace, inDevice ?? "lo", physical: nil, resumed: resumed)
            default: return
            }
        }
    }

    mutating func note(_ step: PathStep) { path.steps.append(step) }

    mutating func mayContinue() -> Bool {
        path.stations += 1
        if path.stations >= Self.stationLimit { stop() }
        return path.stations < Self.stationLimit
    }

    mutating func stop() { path.isBlocked = true }

    // MARK: Sending

    private mutating func send(_ packet: PacketState, _ namespace: Namespace, resumed: Resumed?) {
        guard mayContinue() else { return }
        var packet = packet
        var choice = inputs.route(packet, namespace, inDevice: nil)
        let step = RouteStep(namespace: namespace, packet: packet, choice: choice)
        note(.route(step))
        if step.isBlocked { return stop() }
        if packet.source.isUnspecified, let source = choice.preferredSource ?? address(of: choice, namespace, packet) {
            packet.source = source
        }
        noteUnrecognised(&packet, namespace, inDevice: nil, outDevice: choice.device)
        if resumed?.hook != .postrouting {
            note(.conntrack(ConntrackStep(namespace: namespace, packet: packet, hook: .output)))
            let site = RuleSite(namespace: namespace, outDevice: choice.device)
            let (destination, mark) = (packet.destination, packet.mark)
            ask(.output, &packet, site, from: resumed?.priority(at: .output))
            if packet.destination != destination || packet.mark != mark, !reroute(packet, namespace, &choice) { return }
        }
        if choice.kind != .local { choice = inputs.route(packet, namespace, inDevice: nil) }
        if let device = resumed?.outDevice { choice.take(device) }
        guard choice.kind != nil else { return }
        path.routers.append(ForwardPath.Router(namespace: namespace.name, choice: choice, packet: packet))
        leave(packet, namespace, choice, inDevice: nil, from: resumed?.priority(at: .postrouting))
    }

    /// Rules of `output` have changed what routing looks at: the packet is routed once more, with its source as it is
    /// (ip_route_me_harder). False where it gets no further.
    private mutating func reroute(_ packet: PacketState, _ namespace: Namespace, _ choice: inout RouteChoice) -> Bool {
        choice = inputs.route(packet, namespace, inDevice: nil)
        let step = RouteStep(namespace: namespace, packet: packet, choice: choice)
        note(.route(step))
        if step.isBlocked { stop() }
        return !step.isBlocked
    }

    private func address(of choice: RouteChoice, _ namespace: Namespace, _ packet: PacketState) -> IPAddress? {
        guard let device = choice.device else { return nil }
        return namespace[device: device]?.addresses.first { $0.address.family == packet.destination.family }?.address
    }

    /// Post-routing, then the device, then the neighbour, then the link layer.
    private mutating func leave(
        _ packet: PacketState, _ namespace: Namespace, _ choice: RouteChoice, inDevice: String?, from: Int?
    ) {
        var packet = packet
        guard let device = choice.device else { return }
        ask(
            .postrouting, &packet, RuleSite(namespace: namespace, inDevice: inDevice, outDevice: device), from: from)
        if isRecognised(in: namespace) { packet = inputs.sourceRestored(packet, namespace) }
        if choice.kind == .local {
            note(.route(RouteStep(namespace: namespace, packet: packet, choice: choice)))
            receive(packet, namespace, device, physical: nil, resumed: nil)
            return
        }
        guard let link = namespace[device: device] else {
            path.end = .left(namespace: namespace.name, device: device)
            return
        }
        note(
            .transmit(
                TransmitStep(namespace: namespace, link: link, packet: packet, choice: choice, inDevice: inDevice)))
        fragment(&packet, by: link, isForwarded: inDevice != nil)
        guard pass(DeviceStep(namespace: namespace, link: link)) else { return }
        let hop = choice.gateway ?? packet.destination
        if hop.isMulticast || packet.destination == IPAddress(ipv4: .max) || choice.kind == .broadcast {
            path.end = .left(namespace: namespace.name, device: device)
            return
        }
        let here = LayerTwoPath.Port(namespace: namespace.name, device: device)
        let neighbour = resolve(hop, packet, namespace, link, choice)
        solicited = neighbour.isKnown ? nil : hop
        question = neighbour.isUnanswered && !neighbour.isKnown ? neighbour.question : nil
        defer { (solicited, question) = (nil, nil) }
        if case .nobody = neighbour.resolution {
            askThroughTunnel(packet, from: here)
            askQueues(namespace, link, packet)
        }
        note(.neighbour(neighbour))
        noteAlternatives(neighbour)
        packet.macSource = link.mac
        packet.macDestination = neighbour.isKnown ? neighbour.entry?.mac ?? link.mac : nil
        switch neighbour.resolution {
        case .nobody: stop()
        case .stray(let mac):
            note(.sighting(here, .out))
            note(.stray(StrayStep(namespace: namespace, device: device, packet: packet, mac: mac)))
            stop()
        case .outside:
            askTransmitter(namespace, link, &packet)
            note(.sighting(here, .out))
            leave(packet, by: here)
        case .path(let way):
            // What a wire's near end asks is asked where the wire begins.
            if !way.beginsWithWire { note(.sighting(here, .out)) }
            packet.macDestination = packet.macDestination ?? topology.link(at: way.end)?.mac
            travel(packet, way)
        }
    }

    /// Cuts what is longer than the device's MTU (ip_fragment): in IPv6 its sender alone does. TCP has cut its own.
    private func fragment(_ packet: inout PacketState, by link: Link, isForwarded: Bool) {
        guard packet.ipProtocol != .tcp, link.mtu > 0, packet.length > link.mtu,
            packet.source.isIPv4 ? packet.dontFragment == false : !isForwarded
        else { return }
        packet.isFragmented = true
        packet.length = link.mtu
    }

    /// False where the device can't send.
    mutating func pass(_ step: DeviceStep) -> Bool {
        note(.device(step))
        if step.isBlocked { stop() }
        return !step.isBlocked
    }

    // MARK: Receiving

    mutating func receive(
        _ packet: PacketState, _ namespace: Namespace, _ device: String, physical: String?, resumed: Resumed?
    ) {
        guard mayContinue() else { return }
        var packet = packet
        let physical = physical ?? arrivalPort(at: device, of: namespace)
        /// Whether it was seen past routing.
        let isRouted = resumed.map { $0.hook != .prerouting } ?? false
        packet.connection = inputs.connectionState(packet, namespace)
        noteUnrecognised(&packet, namespace, inDevice: device, port: physical)
        if !isRouted {
            note(.conntrack(ConntrackStep(namespace: namespace, packet: packet, hook: .prerouting)))
            let site = RuleSite(namespace: namespace, inDevice: device, physicalInDevice: physical)
            ask(.prerouting, &packet, site, from: resumed?.priority(at: .prerouting))
            if isRecognised(in: namespace) { packet = inputs.destinationRestored(packet, namespace) }
            if resumed == nil, isPrerouted(packet, at: physical, by: device, namespace) {
                note(.sighting(LayerTwoPath.Port(namespace: namespace.name, device: device), .in))
            }
        }
        var choice = inputs.route(packet, namespace, inDevice: device)
        // To all on the link, or to a group: for this namespace too, whoever else it is for.
        if namespace.isGroup(packet.destination, on: device) { choice.takeGroup(packet.destination) }
        let isLocal = choice.kind == .local || choice.kind == .broadcast || choice.kind == .multicast
        var step = ReceiveStep(namespace: namespace, device: device, packet: packet, choice: choice)
        if !isRouted {
            note(.source(step))
            if !isLocal {
                note(.forwarding(step))
                let route = RouteStep(namespace: namespace, packet: packet, choice: choice, inDevice: device)
                note(.route(route))
                if route.isBlocked { return stop() }
            }
        }
        if isLocal, resumed?.hook != .forward, resumed?.hook != .postrouting {
            let site = RuleSite(namespace: namespace, inDevice: device, physicalInDevice: physical)
            ask(.input, &packet, site, from: resumed?.priority(at: .input))
            if isRecognised(in: namespace) { packet = inputs.sourceRestored(packet, namespace) }
            // The kernel itself takes what a tunnel carries.
            if !isCarrier { note(.socket(SocketStep(namespace: namespace, device: device, packet: packet))) }
            path.end = .delivered(namespace: namespace.name)
            return
        }
        if let out = resumed?.outDevice { choice.take(out) }
        guard choice.device != nil else { return }
        step.choice = choice
        path.routers.append(
            ForwardPath.Router(namespace: namespace.name, inDevice: device, choice: choice, packet: packet))
        if !isRouted { note(.router(step)) }
        // Before the rules of forward (ip_forward, ip6_forward).
        // Whoever sends it on with none left, or where a fix lets it live, is not known to the routers behind.
        if !isRouted, let ttl = packet.ttl, ttl > 0 { packet.ttl = ttl > 1 ? ttl - 1 : nil }
        if resumed?.hook != .postrouting {
            let site = RuleSite(
                namespace: namespace, inDevice: device, outDevice: choice.device, physicalInDevice: physical)
            ask(.forward, &packet, site, from: resumed?.priority(at: .forward))
        }
        bridgedFrom = bridgedPort(packet, namespace, device, physical, choice)
        leave(packet, namespace, choice, inDevice: device, from: resumed?.priority(at: .postrouting))
        bridgedFrom = nil
    }

    private func arrivalPort(at device: String, of namespace: Namespace) -> String? {
        guard let port = inputs.arrivalPort, port.namespace == namespace.name,
            namespace[device: port.device]?.master == device
        else { return nil }
        return port.device
    }

    /// The port that a packet came in by, where its destination was translated to another address behind the same bridge
    /// and the bridge hands its frames to the IP hooks: then it is bridged, not routed (br_nf_pre_routing_finish).
    private func bridgedPort(
        _ packet: PacketState, _ namespace: Namespace, _ device: String, _ physical: String?, _ choice: RouteChoice
    ) -> String? {
        guard let physical, packet.isDestinationTranslated == true, choice.device == device,
            let bridge = namespace[device: device], bridge.kind == .bridge
        else { return nil }
        let step = BridgeStep(namespace: namespace, bridge: bridge, entry: nil, exit: nil, packet: packet)
        return step.handsToIP(packet) ? physical : nil
    }

    /// Notes a reply that conntrack does not take for one, which is a packet of no connection then.
    mutating func noteUnrecognised(
        _ packet: inout PacketState, _ namespace: Namespace, inDevice: String?, port: String? = nil,
        outDevice: String? = nil
    ) {
        let found = inputs.unrecognised(packet, namespace, inDevice: inDevice, port: port, outDevice: outDevice)
        guard let found else { return }
        path.unrecognised.append(found)
        packet.connection = found.state
    }

    private func isRecognised(in namespace: Namespace) -> Bool {
        !path.unrecognised.contains { $0.namespace.name == namespace.name }
    }

    // MARK: Hooks

    /// Asks the rules of an IP hook.
    mutating func ask(_ hook: NetfilterHook, _ packet: inout PacketState, _ site: RuleSite, from: Int?) {
        if packet.connection == nil { packet.connection = inputs.connectionState(packet, site.namespace) }
        let families: Set<TableFamily> = [packet.source.isIPv4 ? "ip" : "ip6", "inet"]
        // Of what a namespace sends itself the destination was translated in `output`, or bound as it is, once for all
        // (nf_nat_inet_fn): what it meets once more on lo translates nothing.
        let link = site.inDevice.flatMap { site.namespace[device: $0] }
        let isSentHere = hook == .prerouting && link?.kind == .loopback
        let traversal = HookTraversal(
            site: site, hook: hook, families: families, from: from ?? .min, asksTranslation: !isSentHere)
        ask(traversal, &packet, isExpected: true)
    }

    /// Runs a hook's rules and takes what they do to the packet.
    mutating func ask(_ traversal: HookTraversal, _ packet: inout PacketState, isExpected: Bool) {
        var traversal = traversal
        traversal.before = inputs.context.rulesBefore(traversal.site.namespace)
        var result = traversal.run(packet)
        if let ending = result.ending, ending.accepted.isEmpty, traversal.from > .min {
            // Chains that the packet is past may have accepted it, which then was not the last word.
            var whole = traversal
            whole.from = .min
            if let same = whole.run(packet).ending, same.rule == ending.rule { result.ending?.accepted = same.accepted }
        }
        note(.hook(HookStep(traversal: traversal, packet: packet, result: result, isExpected: isExpected)))
        packet = result.packet
    }
}

extension Topology {
    func link(at port: LayerTwoPath.Port) -> Link? { self[namespace: port.namespace]?[device: port.device] }
}
