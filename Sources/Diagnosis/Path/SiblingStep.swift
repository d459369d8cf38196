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
    /// Whether the frame comes in by `lower` and goes up to the device on top of it.
    var isEntry = false
    var packet: PacketState
}

extension SiblingStep {
    /// Frames pass directly between devices in mode `bridge` alone (macvlan_queue_xmit); a device in mode `source` is given
    /// those of the senders in its list (macvlan_forward_source).
    var isOpen: Bool {
        if isEntry { return packet.macSource.map { farLink.sources?.contains($0) == true } ?? true }
        return !isParent && nearLink.isBridging && farLink.isBridging
    }
}
