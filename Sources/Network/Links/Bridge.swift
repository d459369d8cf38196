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
        /// How long a MAC address is kept, and how long a port listens and learns: hundredths of a second, as ip-link(8)
        /// takes them.
        public var ageingTime: UInt32?
        public var forwardDelay: UInt32?
        /// Multicast is sent to the ports in `mdb` and those of routers only (IGMP and MLD snooping, RFC 4541).
        public var multicastSnooping: Bool?
        /// The bridge asks who listens.
        public var multicastQuerier: Bool?
        /// Frames to 01:80:c2:00:00:0X are forwarded where bit X is set.
        public var groupForwardMask: UInt16?
        /// Who listens to which group; nil without snooping.
        public var mdb: [MDBEntry]?
        /// Ports behind which a multicast router or querier was heard, or that are said to have one.
        public var multicastRouters: [String]?
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
            case ageingTime = "ageing_time"
            case forwardDelay = "forward_delay"
            case multicastSnooping = "mcast_snooping"
            case multicastQuerier = "mcast_querier"
            case groupForwardMask = "group_fwd_mask"
            case mdb
            case multicastRouters = "mcast_routers"
            case callsIPTables = "calls_iptables"
            case callsIP6Tables = "calls_ip6tables"
        }
    }
}
