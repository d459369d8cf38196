extension Link {
    public struct Bridge: Sendable, Codable, Hashable {
        public var vlanFiltering: Bool
        public var defaultPVID: UInt16?
        public var stp: Bool
        public var fdb: [FDBEntry]
        /// Of the bridge device itself as a member of its VLANs; nil without VLAN filtering.
        public var pvid: UInt16?
        public var vlans: [UInt16]?
        /// This bridge's own switch, beside `net.bridge.bridge-nf-call-iptables` (br_netfilter).
        public var callsIPTables: Bool?
        public var callsIP6Tables: Bool?
        public init(vlanFiltering: Bool, defaultPVID: UInt16? = nil, stp: Bool = false, fdb: [FDBEntry] = []) {
            self.vlanFiltering = vlanFiltering
            self.defaultPVID = defaultPVID
            self.stp = stp
            self.fdb = fdb
        }
        enum CodingKeys: String, TolerantKey {
            case vlanFiltering = "vlan_filtering"
            case defaultPVID = "default_pvid"
            case stp, fdb, pvid, vlans
            case callsIPTables = "calls_iptables"
            case callsIP6Tables = "calls_ip6tables"
        }
    }
}
