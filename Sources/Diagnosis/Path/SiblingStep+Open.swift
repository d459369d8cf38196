internal import Network

extension SiblingStep {
    /// Frames pass directly between devices in mode `bridge` alone (macvlan_queue_xmit).
    var isOpen: Bool { !isParent && nearLink.isBridging && farLink.isBridging }
}
