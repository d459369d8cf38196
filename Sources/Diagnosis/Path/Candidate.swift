internal import Network
internal import WalkModel

/// Something that could have stopped the packet, with what would prove it.
struct Candidate: Sendable {
    var finding: Finding
    /// State proves that the packet can't have passed.
    var isCertain: Bool
    /// The kernel's drop reasons by which it shows; empty where it shows by none.
    var reasons: Set<String> = []
    /// A rule that ends the question for the next hop's address, or its answer, rather than the packet itself.
    var stopsNeighbourDiscovery = false
}

/// Where a projection of a packet's way begins, or may be joined again.
enum PathStart: Sendable, Hashable {
    /// A socket of the namespace sends it.
    case send(namespace: String)
    /// It has left `device` for the wire.
    case transmitted(namespace: String, device: String)
    /// It came in by `device`, a bridge's port or not.
    case received(namespace: String, device: String)
    /// It is in the hook, at this priority or behind it.
    case hook(namespace: String, hook: NetfilterHook, priority: Int, inDevice: String?, outDevice: String?)
}

/// How a projected way ends.
enum PathEnd: Sendable, Hashable {
    case delivered(namespace: String)
    case left(namespace: String, device: String)
    case stopped
}
