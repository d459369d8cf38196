internal import Observations
internal import Network
internal import WalkModel
internal import Wire

/// Follows a packet from where it was last seen along the way that the state of the network gives it, in the order of
/// the kernel's own packet flow, and asks at each place what could stop it there.
///
/// Each question's answer is kept: a candidate where something holds, a check where it does not. The causes
/// themselves stand in `Causes/`, one file a family.
struct Projection {
    let context: DiagnosisContext
    var topology: Topology { context.topology }
    /// Flows by which a translated answer is recognised.
    var flows: [FlowEvent]
    /// Namespaces that the answered packet passed; nil for a packet that answers none.
    var requestPassed: Set<String>?
    /// The packet as first sent: translations on the way hide its sender.
    var origin: PacketState?
    /// As if policy routing had no rules of its own.
    var usesMainTableOnly = false
    /// Where the packet was expected next, unless a source there lost events: what lies behind it can't be the cause.
    var boundary: LayerTwoPath.Port?
    var boundaryHook: (namespace: String, hook: NetfilterHook)?

    /// The device at which the packet was seen on its way out: what stands before that is behind it.
    private(set) var seenOut: LayerTwoPath.Port?
    private(set) var candidates: [Candidate] = []
    private(set) var checks: [Finding.Check] = []
    /// How many candidates stood before the boundary; nil where the projection never came by it.
    private(set) var candidatesBeforeBoundary: Int?
    private(set) var end: PathEnd = .stopped
    /// Translations on the way.
    var translations: [(namespace: String, rule: RuleReference, isSource: Bool)] = []
    /// The routers that it left by, with the way they took.
    var routers: [Router] = []
    typealias Router = (namespace: String, inDevice: String?, choice: RouteChoice, packet: PacketState)
    private var steps = 0

    init(_ context: DiagnosisContext, flows: [FlowEvent]) {
        self.context = context
        self.flows = flows
    }

    // MARK: Book-keeping

    mutating func add(_ candidate: Candidate) { candidates.append(candidate) }

    mutating func check(_ holds: Bool?, _ text: String) {
        let check = Finding.Check(holds: holds, text: text)
        if !checks.contains(check) { checks.append(check) }
    }

    mutating func pass(_ port: LayerTwoPath.Port) {
        if port == boundary, candidatesBeforeBoundary == nil { candidatesBeforeBoundary = candidates.count }
    }

    mutating func pass(_ namespace: String, _ hook: NetfilterHook) {
        if let boundaryHook, boundaryHook == (namespace, hook), candidatesBeforeBoundary == nil {
            candidatesBeforeBoundary = candidates.count
        }
    }

    // MARK: The way

    mutating func run(_ packet: PacketState, from start: PathStart) {
        if origin == nil { origin = packet }
        switch start {
        case .send(let name):
            guard let namespace = topology[namespace: name] else { return }
            send(packet, namespace, resumed: nil)
        case .transmitted(let name, let device):
            let segment = Segment(of: topology, out: device, namespace: name)
            seenOut = LayerTwoPath.Port(namespace: name, device: device)
            follow(packet, segment, resolved: nil)
        case .received(let name, let device):
            // A capture sees a packet before tc and the netdev hooks do (__netif_receive_skb_core).
            var packet = packet
            askReceiver(name, device, &packet)
            let segment = Segment(of: topology, into: device, namespace: name)
            follow(packet, segment, resolved: nil)
        case .hook(let name, let hook, let priority, let inDevice, let outDevice):
            guard let namespace = topology[namespace: name] else { return }
            let resumed = Resumed(hook: hook, priority: priority, outDevice: outDevice)
            switch hook {
            case .output: send(packet, namespace, resumed: resumed)
            case .postrouting where inDevice == nil: send(packet, namespace, resumed: resumed)
            case .prerouting, .input, .forward, .postrouting:
                receive(packet, namespace, inDevice ?? "lo", physical: nil, resumed: resumed)
            case .ingress, .egress: return
            }
        }
    }

    /// A hook in which the packet was seen: what comes before is behind it.
    struct Resumed {
        var hook: NetfilterHook
        var priority: Int
        var outDevice: String?
    }

    private mutating func mayGoOn() -> Bool {
        steps += 1
        return steps < 64
    }

    private mutating func send(_ packet: PacketState, _ namespace: Namespace, resumed: Resumed?) {
        guard mayGoOn() else { return }
        var packet = packet
        let choice = route(packet, namespace, inDevice: nil)
        guard checkSending(choice, packet, namespace) else { return }
        if packet.source.isUnspecified, let source = choice.preferredSource ?? address(of: choice, namespace, packet) {
            packet.source = source
        }
        let isLocal = choice.kind == "local"
        if resumed?.hook != .postrouting {
            checkConntrackSpace(packet, namespace, .output)
            let site = RuleSite(namespace: namespace, outDevice: choice.device)
            guard ask(.output, &packet, site, from: resumed?.hook == .output ? resumed?.priority : nil) else { return }
        }
        // Rules of `output` may have changed what routing looks at.
        var way = choice
        if !isLocal { way = route(packet, namespace, inDevice: nil) }
        if let device = resumed?.outDevice, way.device == nil { way.device = device }
        guard way.kind != nil else { return }
        routers.append((namespace.name, nil, way, packet))
        let from = resumed?.hook == .postrouting ? resumed?.priority : nil
        leave(packet, namespace, way, inDevice: nil, from: from)
    }

    private func address(of choice: RouteChoice, _ namespace: Namespace, _ packet: PacketState) -> IPAddress? {
        guard let device = choice.device else { return nil }
        return namespace[device: device]?.addresses.first { $0.address.family == packet.destination.family }?.address
    }

    /// Post-routing, then the neighbour, then the wire.
    private mutating func leave(
        _ packet: PacketState, _ namespace: Namespace, _ way: RouteChoice, inDevice: String?, from: Int?
    ) {
        var packet = packet
        guard let device = way.device else { return }
        let site = RuleSite(namespace: namespace, inDevice: inDevice, outDevice: device)
        guard ask(.postrouting, &packet, site, from: from) else { return }
        if way.kind == "local" {
            checkLoopback(packet, namespace, device)
            receive(packet, namespace, device, physical: nil, resumed: nil)
            return
        }
        guard let link = namespace[device: device] else {
            end = .left(namespace: namespace.name, device: device)
            return
        }
        checkSize(packet, namespace, link, inDevice: inDevice)
        if let master = link.master, namespace[device: master]?.kind == "bridge", way.kind == "unicast",
            let prefix = way.preferredSource.flatMap({ source in link.addresses.first { $0.address == source } })
                ?? link.addresses.first(where: { $0.contains(packet.destination) }),
            !namespace.isResolved(way.gateway ?? packet.destination, on: device)
        {
            // The answer to its ARP question goes to the bridge, not to the port that asked.
            add(addressOnPort(prefix, link, namespace.name))
        }
        let hop = way.gateway ?? packet.destination
        guard checkDevice(link, namespace) else { return }
        if hop.isMulticast || packet.destination == IPAddress(ipv4: .max) || way.kind == "broadcast" {
            end = .left(namespace: namespace.name, device: device)
            return
        }
        let segment = Segment(of: topology, out: device, namespace: namespace.name)
        guard let target = resolve(hop, packet, namespace, link, way, segment) else { return }
        switch target {
        case .outside:
            askTransmitter(link, namespace, &packet)
            pass(LayerTwoPath.Port(namespace: namespace.name, device: device))
            end = .left(namespace: namespace.name, device: device)
        case .path(let path):
            // What stands before a wire is asked where the wire begins.
            if !path.beginsWithWire { pass(LayerTwoPath.Port(namespace: namespace.name, device: device)) }
            travel(packet, path)
        }
    }

    enum Target {
        case path(LayerTwoPath)
        case outside
    }

    /// A frame that was seen on a wire: its MAC destination says to whom it goes.
    private mutating func follow(_ packet: PacketState, _ segment: Segment, resolved: LayerTwoPath?) {
        guard mayGoOn() else { return }
        let inside = segment.paths.filter { !$0.isOutside }
        func link(_ path: LayerTwoPath) -> Link? {
            topology[namespace: path.end.namespace]?[device: path.end.device]
        }
        var chosen: LayerTwoPath?
        if let mac = packet.macDestination, !mac.isGroup {
            chosen = inside.first { link($0)?.mac == mac }
            if chosen == nil {
                // A port's own address is the bridge's too.
                chosen = inside.first { path in
                    topology[namespace: path.end.namespace]?.links.contains {
                        $0.master == path.end.device && $0.mac == mac
                    } == true
                }
            }
        }
        if chosen == nil {
            chosen = inside.first { topology[namespace: $0.end.namespace]?.holds(packet.destination) == true }
        }
        // Without MAC addresses: the one that would route it on.
        if chosen == nil, packet.macDestination == nil {
            chosen =
                inside.first {
                    topology[namespace: $0.end.namespace].map { forwards($0, $0.links.first?.name, packet) } == true
                } ?? inside.first
        }
        guard let chosen else {
            if let outside = segment.paths.first(where: { $0.isOutside }) {
                end = .left(namespace: outside.end.namespace, device: outside.end.device)
            } else if let mac = packet.macDestination {
                check(nil, "nobody that can be seen holds the MAC address \(mac)")
            }
            return
        }
        travel(packet, chosen)
    }

    private mutating func travel(_ packet: PacketState, _ path: LayerTwoPath) {
        var packet = packet
        var physical: String?
        for step in path.steps {
            guard passes(step, &packet) else { return }
            if case .bridge(_, _, let port, nil) = step { physical = port }
        }
        if path.isOutside {
            if let namespace = topology[namespace: path.end.namespace], let link = namespace[device: path.end.device] {
                askTransmitter(link, namespace, &packet)
            }
            end = .left(namespace: path.end.namespace, device: path.end.device)
            return
        }
        guard let namespace = topology[namespace: path.end.namespace] else { return }
        pass(path.end)
        receive(packet, namespace, path.end.device, physical: physical, resumed: nil)
    }

    private mutating func receive(
        _ packet: PacketState, _ namespace: Namespace, _ device: String, physical: String?, resumed: Resumed?
    ) {
        guard mayGoOn() else { return }
        var packet = packet
        let isSeen = resumed.map { $0.hook != .prerouting } ?? false
        packet.connection = connectionState(packet, namespace)
        if !isSeen {
            checkConntrackSpace(packet, namespace, .prerouting)
            let site = RuleSite(namespace: namespace, inDevice: device, physicalInDevice: physical)
            let from = resumed?.hook == .prerouting ? resumed?.priority : nil
            guard ask(.prerouting, &packet, site, from: from) else { return }
            translateAnswer(&packet, namespace)
        }
        var choice = route(packet, namespace, inDevice: device)
        let isLocal = choice.kind == "local"
        if !isSeen {
            checkSource(packet, namespace, device, choice)
            if !isLocal {
                checkForwarding(packet, namespace, device, choice)
                guard checkRoute(choice, packet, namespace, device) else { return }
            }
        }
        if isLocal && resumed?.hook != .forward && resumed?.hook != .postrouting {
            let site = RuleSite(namespace: namespace, inDevice: device, physicalInDevice: physical)
            guard ask(.input, &packet, site, from: resumed?.hook == .input ? resumed?.priority : nil) else { return }
            checkSocket(packet, namespace, device)
            end = .delivered(namespace: namespace.name)
            return
        }
        if let out = resumed?.outDevice, choice.device == nil { choice.device = out }
        guard choice.device != nil else { return }
        routers.append((namespace.name, device, choice, packet))
        if !isSeen {
            checkTimeToLive(packet, namespace, device)
            checkScope(packet, namespace, device)
            checkForwardSize(packet, namespace, choice)
        }
        if resumed?.hook != .postrouting {
            let site = RuleSite(
                namespace: namespace, inDevice: device, outDevice: choice.device, physicalInDevice: physical)
            guard ask(.forward, &packet, site, from: resumed?.hook == .forward ? resumed?.priority : nil) else {
                return
            }
        }
        if !isSeen, let ttl = packet.ttl, ttl > 0 { packet.ttl = ttl - 1 }
        leave(
            packet, namespace, choice, inDevice: device,
            from: resumed?.hook == .postrouting ? resumed?.priority : nil)
    }

    // MARK: State

    /// The kernel's own answer where it was asked the same, else the snapshot's.
    func route(_ packet: PacketState, _ namespace: Namespace, inDevice: String?) -> RouteChoice {
        var choice = namespace.lookUpRoute(
            to: packet.destination, source: packet.source, mark: packet.mark, inDevice: inDevice,
            mainOnly: usesMainTableOnly)
        guard !usesMainTableOnly else { return choice }
        let answers = context.routes.filter {
            $0.namespace == namespace.name && $0.tuple.destination == packet.destination
                && ($0.tuple.source == packet.source || $0.tuple.source.isUnspecified) && $0.inDevice == inDevice
                && $0.mark == packet.mark
        }
        guard let answer = answers.last else { return choice }
        choice.evidence = .kernel
        if let number = answer.errorNumber, number != 0, answer.kind == nil {
            // EHOSTUNREACH is what a device that does not forward answers too: not a missing route.
            if number == 113 { return choice }
            if choice.kind == nil || choice.kind == "unicast" { choice.kind = nil }
            return choice
        }
        if let kind = answer.kind { choice.kind = kind }
        if let device = answer.outDevice, choice.kind != "local" { choice.device = device }
        if choice.kind == "unicast" { choice.gateway = answer.gateway }
        if let table = answer.table { choice.table = table }
        if let source = answer.preferredSource { choice.preferredSource = source }
        return choice
    }

    /// What conntrack of `namespace` makes of the packet, where that follows from what was seen.
    func connectionState(_ packet: PacketState, _ namespace: Namespace) -> ConnectionState? {
        if packet.connection == .untracked { return .untracked }
        for flow in flows.reversed() where flow.namespace == namespace.name && flow.change != .destroy {
            if flow.reply.covers(packet) { return .established }
            // IPS_SEEN_REPLY
            if flow.original.covers(packet) {
                if flow.status & 2 != 0 { return .established }
                // nf_conntrack_proto_tcp: an ACK alone in SYN_SENT is invalid: its SYN-ACK never came by here.
                if packet.ipProtocol == .tcp, let flags = packet.tcpFlags, flags & 0b1_0110 == 0b1_0000 {
                    return .invalid
                }
                return .new
            }
        }
        guard let passed = requestPassed else { return packet.connection }
        if passed.contains(namespace.name) { return .established }
        // An answer to something that conntrack here never saw.
        switch packet.ipProtocol {
        case .tcp: return .invalid
        case .icmp, .icmpv6: return .invalid
        default: return .new
        }
    }

    /// What conntrack does to the answers of a translated flow, before routing.
    private func translateAnswer(_ packet: inout PacketState, _ namespace: Namespace) {
        guard let flow = flows.last(where: { $0.namespace == namespace.name && $0.reply.covers(packet) }) else {
            return
        }
        packet.destination = flow.original.source
        packet.source = flow.original.destination
        if packet.hasPorts {
            packet.destinationPort = flow.original.sourcePort
            packet.sourcePort = flow.original.destinationPort
        }
    }

    func forwards(_ namespace: Namespace, _ device: String?, _ packet: PacketState) -> Bool {
        namespace.forwardingSetting(device: device, isIPv4: packet.destination.isIPv4)?.isOn ?? false
    }
}

extension FlowTuple {
    /// Whether the packet is of this direction; an echo's identifier may be missing from the packet.
    func covers(_ packet: PacketState) -> Bool {
        guard source == packet.source, destination == packet.destination, ipProtocol == packet.ipProtocol else {
            return false
        }
        guard packet.hasPorts else { return true }
        return sourcePort == packet.sourcePort ?? 0 && destinationPort == packet.destinationPort ?? 0
    }
}

extension Namespace {
    /// Whether the neighbour table has a MAC address for `address`.
    func isResolved(_ address: IPAddress, on device: String) -> Bool {
        neighbors.contains {
            $0.address == address && $0.device == device
                && ["reachable", "stale", "delay", "probe", "permanent", "noarp"].contains($0.state.lowercased())
        }
    }

    /// The setting that decides whether a packet that came in by `device` is forwarded; nil where none was read.
    func forwardingSetting(device: String?, isIPv4: Bool) -> (key: String, isOn: Bool)? {
        if isIPv4 {
            if let device, let value = deviceSetting("net.ipv4.conf", device, "forwarding") {
                return ("net.ipv4.conf.\(device).forwarding", value == "1")
            }
            return sysctls["net.ipv4.ip_forward"].map { ("net.ipv4.ip_forward", $0 == "1") }
        }
        return sysctls["net.ipv6.conf.all.forwarding"].map { ("net.ipv6.conf.all.forwarding", $0 == "1") }
    }

    /// `net.ipv4.conf.DEVICE.KEY`; a device's dots may be written as slashes.
    func deviceSetting(_ prefix: String, _ device: String, _ key: String) -> String? {
        sysctls["\(prefix).\(device).\(key)"] ?? sysctls["\(prefix).\(device.replacing(".", with: "/")).\(key)"]
    }
}
