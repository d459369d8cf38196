internal import Ruleset
internal import Observations
internal import Network
internal import Wire

/// One place of a forwarding path at which the kernel decides something about the packet, with the state that the
/// decision rests on.
///
/// Steps are facts: they say what is configured and what follows from it for the path. What they mean for somebody whose
/// packet did not arrive is the catalogue's affair (`Obstacle`).
indirect enum PathStep: Sendable {
    /// The route lookup of a local sender, or of a router once it may forward.
    case route(RouteStep)
    /// A new connection asks for an entry of the connection table.
    case conntrack(ConntrackStep)
    case hook(HookStep)
    /// The packet is handed to a device, whose MTU it must fit.
    case transmit(TransmitStep)
    /// A device that is to send.
    case device(DeviceStep)
    /// The link-layer address of the next hop is looked for.
    case neighbour(NeighbourStep)
    /// XDP or tc programs of a device.
    case programs(ProgramStep)
    case queue(QueueStep)
    case wire(WireStep)
    case bridge(BridgeStep)
    /// One end of a tunnel does not fit the other.
    case tunnel(TunnelStep)
    /// From one device to another on top of the same one (macvlan).
    case sibling(SiblingStep)
    /// The packet that carries this one through a tunnel goes its own path.
    case carrier(CarrierStep)
    /// What a receiver asks of the source address (`fib_validate_source`).
    case source(ReceiveStep)
    /// Whether a namespace forwards what is not for itself.
    case forwarding(ReceiveStep)
    /// What a router asks of the packet itself: TTL, scope of the source, size.
    case router(ReceiveStep)
    case socket(SocketStep)
    /// A frame whose destination no device that can be seen has.
    case stray(StrayStep)
    /// A capture sees the packet here; nothing is decided.
    case sighting(LayerTwoPath.Port, VantagePoint.Direction)

    enum Kind: Sendable, Hashable {
        case route, conntrack, hook, transmit, device, neighbour, programs, queue, wire, bridge, tunnel, carrier,
            sibling
        case source
        case forwarding, router, socket, stray, sighting
    }

    var kind: Kind {
        switch self {
        case .route: .route
        case .conntrack: .conntrack
        case .hook: .hook
        case .transmit: .transmit
        case .device: .device
        case .neighbour: .neighbour
        case .programs: .programs
        case .queue: .queue
        case .wire: .wire
        case .bridge: .bridge
        case .tunnel: .tunnel
        case .sibling: .sibling
        case .carrier: .carrier
        case .source: .source
        case .forwarding: .forwarding
        case .router: .router
        case .socket: .socket
        case .stray: .stray
        case .sighting: .sighting
        }
    }
}

struct RouteStep: Sendable {
    var namespace: Namespace
    var packet: PacketState
    var choice: RouteChoice
    /// Nil for a packet that is sent here.
    var inDevice: String?

    /// Whether the packet gets no further: no route, one that discards, or a loopback that is down.
    var isBlocked: Bool {
        switch choice.kind {
        case nil: true
        case .local?: namespace.loopback.map { !$0.isUp } ?? false
        default: choice.isDiscarding
        }
    }
}

struct ConntrackStep: Sendable {
    var namespace: Namespace
    var packet: PacketState
    var hook: NetfilterHook
}

/// The rules of one hook, asked.
struct HookStep: Sendable {
    var traversal: HookTraversal
    /// As it came to the hook.
    var packet: PacketState
    var result: HookResult
    /// Whether a walk can be expected at this hook: the IP hooks, not those of a device or a bridge's own.
    var isExpected: Bool
}

struct TransmitStep: Sendable {
    var namespace: Namespace
    var link: Link
    var packet: PacketState
    var choice: RouteChoice
    /// Nil for a packet that is sent here.
    var inDevice: String?
}

struct DeviceStep: Sendable {
    var namespace: Namespace
    var link: Link

    var isBlocked: Bool { !link.isUp || !link.hasCarrier && link.kind != .bridge }
}

struct ProgramStep: Sendable {
    var namespace: Namespace
    var link: Link
    var isIngress: Bool
    /// XDP runs before a capture sees the packet, tc at ingress after it.
    var isBeforeCapture = false
}

struct QueueStep: Sendable {
    var namespace: Namespace
    var link: Link
    /// What is to leave: the packet, or the question for its next hop.
    var packet: PacketState
    /// The address that is asked for before the packet can go, where nobody replied.
    var asked: IPAddress?
}

struct WireStep: Sendable {
    var near: Namespace
    var nearLink: Link
    var far: Namespace
    var farLink: Link
    var packet: PacketState
}

struct BridgeStep: Sendable {
    enum Blockage: Sendable {
        case bridgeDown
        case portDown(Link)
        /// The port's state, when it is not `forwarding`.
        case state(Link, BridgePortState)
        /// The frame would leave by the port that it came in by.
        case hairpin(Link)
        /// Both ports are isolated.
        case isolated(from: Link, to: Link)
        /// VLAN filtering is on and the port has no PVID.
        case noPVID(Link)
        /// The frame is in a VLAN of which the port that it would leave by is no member.
        case notMember(Link, vlan: UInt16)
        /// The frame's VLAN is not the bridge's own.
        case notBridges(Link, vlan: UInt16)
    }

    var namespace: Namespace
    var bridge: Link
    /// Nil where the bridge's own namespace sends.
    var entry: Link?
    /// Nil where the bridge's own namespace takes the frame.
    var exit: Link?
    var packet: PacketState
    /// The next hop that is asked for before the packet can be sent: with a broadcast frame in IPv4, in IPv6 with one to
    /// a multicast group (RFC 4861, 7.2.2).
    var solicited: IPAddress?

    /// The VLAN of the bridge itself.
    var ownVLAN: UInt16? { bridge.bridge?.pvid ?? bridge.bridge?.defaultPVID }
}

struct TunnelStep: Sendable {
    enum Fault: Sendable {
        case noRemote
        /// It has no remote, and its forwarding database nothing for the frame's address.
        case noEntry(MACAddress)
        /// The addresses that it sends to, none of which the other end has.
        case wrongRemote([IPAddress])
        /// The entry of the forwarding database for the frame's address, which does not lead to the other end.
        case wrongEntry(FDBEntry)
        /// It sends to a group that the other end has not joined.
        case group(IPAddress, other: IPAddress?)
        case identifier(UInt32, other: UInt32)
        case port(UInt16, other: UInt16)
        case otherEndDown
        /// It sends to an address of its own namespace.
        case ownAddress(IPAddress)
    }

    var near: Namespace
    var nearLink: Link
    var far: Namespace
    var farLink: Link
    /// The address by which the other end can be reached, where one is known.
    var wanted: IPAddress?
    var fault: Fault
}

struct CarrierStep: Sendable {
    var carrier: Carrier
    /// The path of the outer packet, from the tunnel's device or from where it was last seen.
    var outer: ForwardPath
}

struct ReceiveStep: Sendable {
    var namespace: Namespace
    var device: String
    var packet: PacketState
    var choice: RouteChoice
}

struct SocketStep: Sendable {
    var namespace: Namespace
    var device: String
    var packet: PacketState
    /// Whether a RST or a port unreachable came back.
    var isRefused = false
}
