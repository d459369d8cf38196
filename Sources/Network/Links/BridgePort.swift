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
        /// Blocks itself where it receives a BPDU.
        public var guardsBPDU: Bool?
        /// Never becomes the port to the root bridge.
        public var rootBlock: Bool?
        /// Multicast and broadcast for whom nobody is known are sent here.
        public var multicastFlooding: Bool?
        public var broadcastFlooding: Bool?
        /// The bridge answers ARP requests and neighbour solicitations from its neighbour table, and does not send them here
        /// then.
        public var suppressesNeighbors: Bool?
        public var proxiesARP: Bool?
        /// Only MAC addresses with an FDB entry for this port may send (802.1X).
        public var isLocked: Bool?
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
            case guardsBPDU = "guard"
            case rootBlock = "root_block"
            case multicastFlooding = "mcast_flood"
            case broadcastFlooding = "bcast_flood"
            case suppressesNeighbors = "neigh_suppress"
            case proxiesARP = "proxy_arp"
            case isLocked = "locked"
            case untaggedVLANs = "untagged_vlans"

            static let defaults: [Self: any Sendable] = [
                .state: BridgePortState.forwarding, .learning: true, .flooding: true,
            ]
        }
    }
}
