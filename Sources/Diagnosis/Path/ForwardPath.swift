internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// The path that a packet takes from a given place through the network as it is configured, as a list of typed steps in
/// the order of the kernel's own packet flow.
///
/// A path goes on past a rule that drops the packet, since what comes after it is of interest too, and ends where the
/// packet cannot physically go further: without a route, a link, or a neighbour.
struct ForwardPath: Sendable {
    enum End: Sendable, Hashable {
        case delivered(namespace: String)
        /// It left by a device past which nothing can be seen.
        case left(namespace: String, device: String)
        case stopped
    }

    /// A namespace that sends the packet on, with the route that it takes.
    struct Router: Sendable {
        var namespace: String
        /// Nil where the packet is sent.
        var inDevice: String?
        var choice: RouteChoice
        var packet: PacketState
    }

    let inputs: PathInputs
    /// The packet as first sent: translations on the path hide its sender.
    var origin: PacketState
    var steps: [PathStep] = []
    var routers: [Router] = []
    var end: End = .stopped
    /// Where conntrack does not recognise it as a reply.
    var unrecognised: [UnrecognisedReply] = []
    /// Whether the last step is one that the packet cannot pass.
    var isBlocked = false
    /// Namespaces that the packet came to so far, also those of the packets that carry it.
    var stations = 0
    /// How many tunnels the packet is in.
    var depth = 0

    /// - Parameters:
    ///   - origin: the packet as first sent, where `packet` is already under way.
    ///   - carrier: what the packet was seen inside of at `start`; nil for a packet in no tunnel.
    ///   - carrying: the path of the packet that this one carries through a tunnel.
    init(
        of packet: PacketState, from start: PathStart, inside carrier: Carrier? = nil, origin: PacketState? = nil,
        _ inputs: PathInputs, carrying: ForwardPath? = nil
    ) {
        var walker = PathWalker(inputs: inputs, origin: origin ?? packet, carrying: carrying)
        walker.walk(packet, from: start, inside: carrier)
        self = walker.path
    }

    /// A path of one step, for a place at which the packet is known to be.
    init(at step: PathStep, origin: PacketState, _ inputs: PathInputs) {
        self.init(origin: origin, inputs)
        steps = [step]
    }

    init(origin: PacketState, _ inputs: PathInputs) {
        self.inputs = inputs
        self.origin = origin
    }
}

/// Where a path begins, or a packet under way is taken up again.
enum PathStart: Sendable, Hashable {
    /// A socket of the namespace sends it.
    case send(namespace: String)
    /// It has left `device` for the wire.
    case transmitted(namespace: String, device: String)
    /// It came in by `device`, a bridge's port or not.
    case received(namespace: String, device: String)
    /// It is in the hook, at this priority or past it.
    case hook(namespace: String, hook: NetfilterHook, priority: Int, inDevice: String?, outDevice: String?)
}
