internal import Network
internal import Ruleset

/// A frame between two devices on top of one.
struct SiblingStep: Sendable {
    /// The device that they are on top of.
    var lower: Link
    var near: Namespace
    var nearLink: Link
    var far: Namespace
    /// The sibling, or `lower` itself where its own namespace is meant.
    var farLink: Link
    var isParent: Bool
    var packet: PacketState
}

extension SiblingStep {
    /// Frames pass directly between devices in mode `bridge` alone (macvlan_queue_xmit).
    var isOpen: Bool { !isParent && nearLink.isBridging && farLink.isBridging }
}
