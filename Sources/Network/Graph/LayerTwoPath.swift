/// The path of a frame over wires, bridges and tunnels to a device where IP takes over.
public struct LayerTwoPath: Sendable, Hashable {
    public struct Port: Sendable, Hashable {
        public var namespace: String
        public var device: String

        public init(namespace: String, device: String) {
            self.namespace = namespace
            self.device = device
        }
    }

    public enum Step: Sendable, Hashable {
        /// From one end of a veth pair to the other.
        case wire(from: Port, to: Port)
        /// `in` is nil where the bridge's own namespace sends, `out` where the bridge's own namespace receives.
        case bridge(namespace: String, bridge: String, in: String?, out: String?)
        /// From one VXLAN device to another. Whether the first one sends there at all is not examined.
        case tunnel(from: Port, to: Port)
        /// From a macvlan device to another on top of the same one, or to that one (`to` equals `lower`). Whether their
        /// modes allow it is not examined.
        case sibling(from: Port, to: Port, lower: Port)
    }

    public var steps: [Step]
    /// Where IP takes over; for `isOutside` the last device that can be seen.
    public var end: Port
    /// The path leaves what was read: by a network card, or to a peer in an unknown namespace.
    public var isOutside: Bool

    public init(steps: [Step], end: Port, isOutside: Bool = false) {
        self.steps = steps
        self.end = end
        self.isOutside = isOutside
    }

    public var beginsWithWire: Bool {
        if case .wire? = steps.first { return true }
        return false
    }
}
