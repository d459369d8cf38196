extension Link {
    /// What a device is as a port of a bridge.
    public struct BridgePort: Sendable, Codable, Hashable {
        public var state: BridgePortState
        public var isolated: Bool
        public var hairpin: Bool
        public var learning: Bool
        public var flooding: Bool
        public var pvid: UInt16?
        public var vlans: [UInt16]
        /// The VLANs that leave by this port without a tag.
        public var untaggedVLANs: [UInt16]?
        public init(
            state: BridgePortState, isolated: Bool = false, hairpin: Bool = false, learning: Bool = true,
            flooding: Bool = true,
            pvid: UInt16? = nil, vlans: [UInt16] = []
        ) {
            self.state = state
            self.isolated = isolated
            self.hairpin = hairpin
            self.learning = learning
            self.flooding = flooding
            self.pvid = pvid
            self.vlans = vlans
        }
        enum CodingKeys: String, TolerantKey {
            case state, isolated, hairpin, learning, flooding, pvid, vlans
            case untaggedVLANs = "untagged_vlans"

            static let defaults: [Self: any Sendable] = [.state: BridgePortState.forwarding, .learning: true, .flooding: true]
        }
    }
}
