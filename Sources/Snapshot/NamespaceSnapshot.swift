public import Network

/// One network namespace, as `HostSnapshot` keeps it.
public struct NamespaceSnapshot: Sendable {
    /// A value for each address family.
    public struct ByFamily<Value: Sendable>: Sendable {
        public var ipv4: Value
        public var ipv6: Value
        public init(ipv4: Value, ipv6: Value) {
            self.ipv4 = ipv4
            self.ipv6 = ipv6
        }
    }

    /// As the map names it: `host` for the one that the tool ran in.
    public var name: String
    public var inode: UInt64
    /// A path by which the tool entered it; nil where none is known.
    public var path: String?
    /// By which number (`nsid`) this namespace knows others, by their names.
    public var nsids: [String: Int]
    /// Elements of `ip -j -d link`, by index, without counters; with `peer` (`{"namespace", "ifname"}`) where the other end
    /// of a veth is in a namespace that was read, and with `port` (an element of `bridge -j -d link`) where it is one.
    public var links: [JSONTree]
    /// Elements of `addr_info` of `ip -j addr`, each with its `ifname`, in the kernel's order.
    public var addresses: [JSONTree]
    /// Elements of `ip -j -d nexthop`.
    public var nexthops: [JSONTree]
    /// Elements of `ip -N -j -d route show table all`, words where `ip route add` wants words.
    public var routes: ByFamily<[JSONTree]>
    /// Elements of `ip -N -j rule`, likewise.
    public var rules: ByFamily<[JSONTree]>
    /// Elements of `ip -j route show cache` that tell of a path's MTU: what the kernel learned from reports. Empty where it could not be
    /// read.
    public var pathMTUs: [JSONTree]
    /// Elements of `ip -j neigh` and, with `"proxy": true`, of `ip -j neigh show proxy`.
    public var neighbours: [JSONTree]
    /// Elements of `bridge -j -d fdb`.
    public var fdb: [JSONTree]
    /// Entries of `bridge -j -d mdb`.
    public var mdb: [JSONTree]
    /// Elements of `bridge -j vlan`.
    public var vlans: [JSONTree]
    /// Dotted names and values: those that differ from the kernel's default, and always those that decide (forwarding,
    /// rp_filter, bridge-nf, arp_*, …).
    public var sysctls: [String: String]
    /// Tables of nf_tables that nft made, in order of creation.
    public var nftables: [NFTable]
    /// Tables of iptables of both backends, in order of creation within each.
    public var iptables: [IPTable]
    /// The base chains by the kernel's own order, where it tells (`nft list hooks`); nil where it does not.
    public var hooks: [JSONTree]?
    /// `ipset save`; empty where there is none, nil where it could not be read.
    public var ipsets: String?
    /// Nil where it could not be read.
    public var conntrack: [ConntrackEntry]?
    /// Those that take packets from anyone, and UDP sockets that are connected from a port of their own.
    public var sockets: [Listener]
    /// Sockets that hold local ports, where there are so many that none may be left; else empty.
    public var connected: [ConnectedSocket]
    /// Multicast groups that programs have joined, by device; not those that every device is in.
    public var groups: [GroupMembership]
    /// The lists of xt_recent.
    public var recent: [RecentEntry]
    /// Elements of `tc -j qdisc` that differ from the device's default, with `backlog_bytes` and `backlog_packets` where packets wait
    /// in the discipline of a device.
    public var queues: [JSONTree]
    /// Filters of tc, by device and name.
    public var filters: [JSONTree]
    /// Programs (XDP, tc, by cgroup) by name and tag: `{"link", "attach", "name", "tag"}`.
    public var programs: [JSONTree]
    /// Policies of xfrm, without keys.
    public var policies: [JSONTree]
    /// The lists above that could not be read, or not whole: `null` in the document, or named in `incomplete`. For `hooks`, `ipsets`
    /// and `conntrack` nil says so.
    public var unread: Set<SnapshotDifference.Part>

    public init(name: String, inode: UInt64, path: String? = nil) {
        self.name = name
        self.inode = inode
        self.path = path
        nsids = [:]
        links = []
        addresses = []
        nexthops = []
        routes = ByFamily(ipv4: [], ipv6: [])
        rules = ByFamily(ipv4: [], ipv6: [])
        pathMTUs = []
        neighbours = []
        fdb = []
        mdb = []
        vlans = []
        sysctls = [:]
        nftables = []
        iptables = []
        ipsets = ""
        conntrack = []
        sockets = []
        connected = []
        groups = []
        recent = []
        queues = []
        filters = []
        programs = []
        policies = []
        unread = []
    }

    /// A table that nft made.
    public struct NFTable: Sendable, Hashable {
        public var family: TableFamily
        public var name: String
        /// Ascends in order of creation.
        public var handle: UInt64
        /// `owner`, `dormant`.
        public var flags: [String]
        /// As `nft list table` prints it: JSON loses what the text keeps.
        public var text: String
        public init(family: TableFamily, name: String, handle: UInt64, flags: [String] = [], text: String) {
            self.family = family
            self.name = name
            self.handle = handle
            self.flags = flags
            self.text = text
        }
    }

    /// A table of iptables.
    public struct IPTable: Sendable, Hashable {
        public var backend: FirewallBackend
        /// `ip` or `ip6`.
        public var family: TableFamily
        public var name: String
        /// Of the table of nf_tables; nil for the legacy backend, which has no such number.
        public var handle: UInt64?
        /// The base chains that exist: iptables-restore would make every one of the table. Nil for the legacy backend.
        public var chains: [String]?
        /// From `*nat` to `COMMIT`, as iptables-save prints it.
        public var text: String
        public init(
            backend: FirewallBackend, family: TableFamily, name: String, handle: UInt64? = nil,
            chains: [String]? = nil, text: String
        ) {
            self.backend = backend
            self.family = family
            self.name = name
            self.handle = handle
            self.chains = chains
            self.text = text
        }
    }
}
