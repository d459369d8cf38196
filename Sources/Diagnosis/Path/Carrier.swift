internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// The outer packet that carries another through a tunnel, and what it carries.
struct Carrier: Sendable {
    /// As it is where the path takes it up: addresses, protocol and port of the tunnel, its own length.
    var packet: PacketState
    /// What is inside.
    var inner: PacketState
    var kind: Encapsulation.Kind
    /// VXLAN network identifier or GRE key.
    var identifier: UInt32?
    /// The device whose settings these are, of either end; nil where it can't be seen.
    var link: Link?
    var namespace: Namespace?

    /// `VXLAN 1 (UDP port 8472)`, `GRE (IP protocol 47)`.
    var words: String {
        let number = identifier.map { " \($0)" } ?? ""
        switch kind {
        case .vxlan: return "VXLAN\(number) (UDP\(packet.destinationPort.map { " port \($0)" } ?? ""))"
        case .gre: return "GRE\(number.isEmpty ? "" : " key\(number)") (IP protocol \(packet.ipProtocol.rawValue))"
        case .ipip: return "IP in IP (IP protocol \(packet.ipProtocol.rawValue))"
        case .geneve: return "Geneve\(number) (UDP\(packet.destinationPort.map { " port \($0)" } ?? ""))"
        default: return "\(kind.rawValue.uppercased())\(number) (IP protocol \(packet.ipProtocol.rawValue))"
        }
    }

    /// Of a packet that is sent by a tunnel's device.
    init(_ inner: PacketState, by link: Link, of namespace: Namespace, from source: IPAddress?, to end: IPAddress) {
        let unspecified = end.isIPv4 ? IPAddress(ipv4: 0) : IPAddress(high: 0, low: 0)
        let kind = link.encapsulation
        self.init(
            inner, kind: kind, identifier: link.vxlan?.identifier ?? link.tunnel?.outputKey,
            source: source ?? unspecified, destination: end, link: link, namespace: namespace)
        // A bridge's port reports what does not fit to its sender, and sends no fragments (skb_tunnel_check_pmtu).
        if kind == .vxlan, link.master != nil, inner.dontFragment == true { packet.dontFragment = true }
    }

    /// Of a packet that was seen in a tunnel. The device is looked for at both of its ends. Nil for a session of the
    /// link, which no packet of its own carries.
    init?(_ inner: PacketState, in encapsulation: Encapsulation, _ topology: Topology) {
        guard let source = encapsulation.source, let destination = encapsulation.destination else { return nil }
        let found = topology.tunnel(of: encapsulation, from: source, to: destination)
        self.init(
            inner, kind: encapsulation.kind, identifier: encapsulation.identifier, source: source,
            destination: destination, link: found?.link, namespace: found?.namespace)
    }

    private init(
        _ inner: PacketState, kind: Encapsulation.Kind, identifier: UInt32?, source: IPAddress, destination: IPAddress,
        link: Link?, namespace: Namespace?
    ) {
        self.inner = inner
        self.kind = kind
        self.identifier = identifier
        self.link = link
        self.namespace = namespace
        packet = PacketState(
            source: source, destination: destination, ipProtocol: Self.outerProtocol(kind, inner),
            ttl: link?.vxlan?.ttl ?? 64,
            connection: .new)
        if kind == .vxlan { packet.destinationPort = link?.vxlan?.port }
        if kind == .geneve { packet.destinationPort = 6081 }
        packet.dontFragment =
            kind == .vxlan ? link?.vxlan?.setsDontFragment(around: inner) : link?.tunnel?.setsDontFragment
        // Nothing has translated it yet where it is made.
        packet.isSourceTranslated = false
        packet.isDestinationTranslated = false
        if inner.length > 0 { packet.length = inner.length + overhead }
    }

    /// The route of the outer packets where the tunnel is bound to another device than the one that the tables would choose
    /// (`dev`): that device's own route, else as if the other end were on its link. Nil else.
    var boundChoice: RouteChoice? {
        guard let namespace, let device = link?.vxlan?.device, namespace[device: device] != nil,
            !packet.destination.isMulticast
        else { return nil }
        let source = packet.source.isUnspecified ? nil : packet.source
        let free = namespace.lookUpRoute(to: packet.destination, source: source, mark: 0, inDevice: nil)
        // An entry of the forwarding database has a device of its own, or none.
        guard free.device != device, free.kind == nil || free.kind == .unicast,
            packet.destination == link?.vxlan?.remote
        else { return nil }
        let own = namespace.routes.filter {
            $0.device == device && $0.kind == .unicast && $0.destination.contains(packet.destination)
        }.max { $0.destination.length < $1.destination.length }
        return RouteChoice(
            kind: .unicast, table: own?.table, device: device, gateway: own?.gateway, preferredSource: source,
            route: own)
    }

    /// It goes against the direction of what was sent before: of protocols without ports, conntrack takes it for a reply
    /// (nf_conntrack_proto_generic). VXLAN and Geneve have a port of their own for each flow and direction.
    mutating func answersTunnel() {
        if kind != .vxlan, kind != .geneve { packet.connection = .established }
    }

    private static func outerProtocol(_ kind: Encapsulation.Kind, _ inner: PacketState) -> IPProtocol {
        switch kind {
        case .vxlan, .geneve, .gtp, .l2tp, .teredo, .gue, .mpls, .pppoe: .udp
        case .gre, .erspan, .pptp: .gre
        case .ipip: inner.source.isIPv4 ? .ipip : IPProtocol(rawValue: 41)
        }
    }

    /// Bytes that the tunnel adds to an IP packet: the outer IP header (20 or 40), UDP and VXLAN (8 each, RFC 7348) or
    /// Geneve (8 without options, RFC 8926), GRE (4 to 16, RFC 2890), and the inner Ethernet header (14) where it carries
    /// frames. Of others at least this much.
    var overhead: UInt32 {
        let header: UInt32 = packet.source.isIPv4 ? 20 : 40
        switch kind {
        case .vxlan, .geneve: return header + 16 + 14
        case .gtp: return header + 16
        case .erspan: return header + 16 + 14
        case .pptp: return header + 14
        case .l2tp: return header + 16
        case .teredo, .gue, .mpls, .pppoe: return header + 8
        case .gre:
            let carriesFrames = link.map { !$0.kind.isIPTunnel } ?? false
            return header + (link?.tunnel?.headerLength ?? (identifier == nil ? 4 : 8)) + (carriesFrames ? 14 : 0)
        case .ipip: return header + (link?.tunnel?.headerLength ?? 0)
        }
    }
}

extension Link.VXLAN {
    /// As `vxlan_xmit_one` has it; nil where the packet inside decides, and its header was not seen.
    fileprivate func setsDontFragment(around inner: PacketState) -> Bool? {
        switch dontFragment {
        case .set: true
        case .inherit: inner.source.isIPv4 ? inner.dontFragment : true
        default: false
        }
    }
}

extension Link {
    /// What this tunnel's device puts around a packet.
    fileprivate var encapsulation: Encapsulation.Kind {
        switch kind {
        case .gre, .gretap, .ip6GRE, .ip6GRETap: .gre
        case .vxlan: .vxlan
        default: .ipip
        }
    }

    /// Whether packets in `encapsulation` come in by this device.
    func takes(_ encapsulation: Encapsulation, port: UInt16?) -> Bool {
        if let vxlan {
            return encapsulation.kind == .vxlan && encapsulation.identifier == vxlan.identifier
                && (port == nil || port == vxlan.port)
        }
        guard let tunnel, self.encapsulation == encapsulation.kind else { return false }
        return (tunnel.local == nil || tunnel.local == encapsulation.destination)
            && (tunnel.remote == nil || tunnel.remote == encapsulation.source)
            && tunnel.inputKey == encapsulation.identifier
    }

    /// Whether packets in `encapsulation` are sent by this device.
    fileprivate func sends(_ encapsulation: Encapsulation) -> Bool {
        if let vxlan {
            return encapsulation.kind == .vxlan && encapsulation.identifier == vxlan.identifier
                && (vxlan.local == nil || vxlan.local == encapsulation.source)
        }
        guard let tunnel, self.encapsulation == encapsulation.kind else { return false }
        return (tunnel.local == nil || tunnel.local == encapsulation.source)
            && (tunnel.remote == nil || tunnel.remote == encapsulation.destination)
            && tunnel.outputKey == encapsulation.identifier
    }
}

extension Topology {
    /// The device that made the packets of a tunnel, else the one that takes them.
    fileprivate func tunnel(
        of encapsulation: Encapsulation, from source: IPAddress, to destination: IPAddress
    ) -> (namespace: Namespace, link: Link)? {
        for namespace in namespaces where namespace.holds(source) {
            if let link = namespace.links.first(where: { $0.sends(encapsulation) }) { return (namespace, link) }
        }
        for namespace in namespaces where namespace.holds(destination) {
            if let link = namespace.links.first(where: { $0.takes(encapsulation, port: nil) }) {
                return (namespace, link)
            }
        }
        return nil
    }
}
