public import Wire

/// The network of one host as it stood at one time: its namespaces and all that decides where packets go.
///
/// A value: discovery makes it (`Topology.discover`), recordings carry it as JSON, and every later room asks it.
/// Its JSON form is schema `packetwalk.map/1`.
public struct Topology: Sendable, Codable, Hashable {
    public static let schema = "packetwalk.map/1"

    public var schema: String
    /// The machine's own name.
    public var host: String
    /// RFC 3339, UTC, when discovery began.
    public var time: String
    public var namespaces: [Namespace]
    /// What could not be read, one sentence each.
    public var warnings: [String]

    public init(host: String, time: String, namespaces: [Namespace], warnings: [String] = []) {
        self.schema = Self.schema
        self.host = host
        self.time = time
        self.namespaces = namespaces
        self.warnings = warnings
    }

    public subscript(namespace name: String) -> Namespace? {
        namespaces.first { $0.name == name }
    }
}

/// One network namespace.
public struct Namespace: Sendable, Codable, Hashable {
    /// `ip netns` name, container name, `host` for the one that the tool runs in, else `netns:INODE`. Unique.
    public var name: String
    /// Of the namespace file, as `readlink /proc/PID/ns/net` prints.
    public var inode: UInt64
    /// A path by which it can be entered, e.g. `/run/netns/NAME` or `/proc/PID/ns/net`.
    public var path: String
    /// The netnsid's that other namespaces know this one by are resolved in `Link.peer`; not kept.
    public var containers: [String]
    public var links: [Link]
    public var routes: [Route]
    public var rules: [RoutingRule]
    public var neighbors: [Neighbor]
    /// Keys as sysctl(8) writes them (`net.ipv4.ip_forward`), values as read.
    public var sysctls: [String: String]
    public var netfilter: Netfilter
    /// Who takes packets: TCP sockets that listen, UDP sockets that are bound.
    public var listeners: [Listener]

    public init(
        name: String, inode: UInt64, path: String, containers: [String] = [], links: [Link] = [], routes: [Route] = [],
        rules: [RoutingRule] = [], neighbors: [Neighbor] = [], sysctls: [String: String] = [:],
        netfilter: Netfilter = Netfilter(), listeners: [Listener] = []
    ) {
        self.name = name
        self.inode = inode
        self.path = path
        self.containers = containers
        self.links = links
        self.routes = routes
        self.rules = rules
        self.neighbors = neighbors
        self.sysctls = sysctls
        self.netfilter = netfilter
        self.listeners = listeners
    }

    public subscript(device name: String) -> Link? {
        links.first { $0.name == name }
    }

    /// Whether one of this namespace's devices holds `address`.
    public func holds(_ address: IPAddress) -> Bool {
        if address.isLoopback { return true }
        return links.contains { $0.addresses.contains { $0.address == address } }
    }
}

/// A network device.
public struct Link: Sendable, Codable, Hashable {
    public struct Peer: Sendable, Codable, Hashable {
        /// Nil where the peer's namespace could not be found.
        public var namespace: String?
        public var device: String
        public init(namespace: String?, device: String) {
            self.namespace = namespace
            self.device = device
        }
    }

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
        enum CodingKeys: String, CodingKey {
            case vlanFiltering = "vlan_filtering"
            case defaultPVID = "default_pvid"
            case stp, fdb, pvid, vlans
            case callsIPTables = "calls_iptables"
            case callsIP6Tables = "calls_ip6tables"
        }
    }

    /// What a device is as a port of a bridge.
    public struct BridgePort: Sendable, Codable, Hashable {
        /// `disabled`, `listening`, `learning`, `forwarding`, `blocking`.
        public var state: String
        public var isolated: Bool
        public var hairpin: Bool
        public var learning: Bool
        public var flooding: Bool
        public var pvid: UInt16?
        public var vlans: [UInt16]
        /// The VLANs that leave by this port without a tag.
        public var untaggedVLANs: [UInt16]?
        public init(
            state: String, isolated: Bool = false, hairpin: Bool = false, learning: Bool = true, flooding: Bool = true,
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
        enum CodingKeys: String, CodingKey {
            case state, isolated, hairpin, learning, flooding, pvid, vlans
            case untaggedVLANs = "untagged_vlans"
        }
    }

    public struct VXLAN: Sendable, Codable, Hashable {
        public var identifier: UInt32
        public var port: UInt16
        public var remote: IPAddress?
        public var local: IPAddress?
        public var device: String?
        public var learning: Bool
        public var fdb: [FDBEntry]
        public init(
            identifier: UInt32, port: UInt16, remote: IPAddress? = nil, local: IPAddress? = nil, device: String? = nil,
            learning: Bool = true, fdb: [FDBEntry] = []
        ) {
            self.identifier = identifier
            self.port = port
            self.remote = remote
            self.local = local
            self.device = device
            self.learning = learning
            self.fdb = fdb
        }
        enum CodingKeys: String, CodingKey {
            case identifier = "id"
            case port, remote, local, device, learning, fdb
        }
    }

    /// A root queueing discipline (tc(8)).
    public struct Queue: Sendable, Codable, Hashable {
        /// As tc writes it: `8007:`.
        public var handle: String
        public var backlogBytes: UInt32
        public var backlogPackets: UInt32
        /// Packets dropped since it was made.
        public var drops: UInt32
        /// Of tbf, in bytes a second.
        public var rate: UInt64?
        /// Of tbf, in bytes: no packet that is longer passes.
        public var burst: UInt32?
        /// Of tbf and bfifo.
        public var limitBytes: UInt32?
        /// Of pfifo.
        public var limitPackets: UInt32?
        public init(
            handle: String, backlogBytes: UInt32 = 0, backlogPackets: UInt32 = 0, drops: UInt32 = 0,
            rate: UInt64? = nil, burst: UInt32? = nil, limitBytes: UInt32? = nil, limitPackets: UInt32? = nil
        ) {
            self.handle = handle
            self.backlogBytes = backlogBytes
            self.backlogPackets = backlogPackets
            self.drops = drops
            self.rate = rate
            self.burst = burst
            self.limitBytes = limitBytes
            self.limitPackets = limitPackets
        }
        enum CodingKeys: String, CodingKey {
            case handle, drops, rate, burst
            case backlogBytes = "backlog_bytes"
            case backlogPackets = "backlog_packets"
            case limitBytes = "limit_bytes"
            case limitPackets = "limit_packets"
        }
    }

    public var name: String
    public var index: UInt32
    /// `veth`, `bridge`, `vxlan`, `macvlan`, `tun`, `loopback`, `ethernet` for a device without a kind, …
    public var kind: String
    /// IFLA_OPERSTATE in lower case: `up`, `down`, `lowerlayerdown`, `unknown`, …
    public var state: String
    /// IFF_UP: what `ip link set up` sets.
    public var isUp: Bool
    /// IFF_LOWER_UP.
    public var hasCarrier: Bool
    public var mac: MACAddress?
    public var mtu: UInt32
    public var addresses: [IPPrefix]
    /// Those that duplicate address detection refused it: somebody else on the link has them. Nil where there are none.
    public var duplicateAddresses: [IPPrefix]?
    /// The bridge (or bond) that this device is a port of.
    public var master: String?
    public var peer: Peer?
    /// The device below a macvlan or VLAN device.
    public var lower: String?
    /// The namespace of `lower`; nil for the device's own.
    public var lowerNamespace: String?
    /// Of a macvlan: `bridge`, `private`, `vepa`, …
    public var mode: String?
    /// The VLAN of a VLAN device.
    public var vlan: UInt16?
    /// The queueing discipline at its root: `noqueue`, `fq_codel`, `tbf`, …
    public var queueing: String?
    /// What that one holds and has dropped; nil for `noqueue`.
    public var queue: Queue?
    public var bridge: Bridge?
    public var bridgePort: BridgePort?
    public var vxlan: VXLAN?
    /// Programs attached: `xdp` (or `xdp generic`, `xdp offload`), `tc ingress NAME`, `tc egress NAME`.
    public var programs: [String]

    public init(
        name: String, index: UInt32, kind: String, state: String = "up", isUp: Bool = true, hasCarrier: Bool = true,
        mac: MACAddress? = nil, mtu: UInt32 = 1500, addresses: [IPPrefix] = [], master: String? = nil,
        peer: Peer? = nil, lower: String? = nil, bridge: Bridge? = nil, bridgePort: BridgePort? = nil,
        vxlan: VXLAN? = nil, programs: [String] = []
    ) {
        self.name = name
        self.index = index
        self.kind = kind
        self.state = state
        self.isUp = isUp
        self.hasCarrier = hasCarrier
        self.mac = mac
        self.mtu = mtu
        self.addresses = addresses
        self.master = master
        self.peer = peer
        self.lower = lower
        self.bridge = bridge
        self.bridgePort = bridgePort
        self.vxlan = vxlan
        self.programs = programs
    }

    enum CodingKeys: String, CodingKey {
        case name, index, kind, state, mac, mtu, addresses, master, peer, lower, mode, vlan, queueing, queue, bridge
        case vxlan, programs
        case duplicateAddresses = "duplicate_addresses"
        case lowerNamespace = "lower_namespace"
        case isUp = "up"
        case hasCarrier = "carrier"
        case bridgePort = "bridge_port"
    }
}

/// An entry of a bridge's or a VXLAN device's forwarding database.
public struct FDBEntry: Sendable, Codable, Hashable {
    public var mac: MACAddress
    /// The port, for a bridge.
    public var device: String?
    public var vlan: UInt16?
    /// The remote end, for a VXLAN.
    public var destination: IPAddress?
    public var permanent: Bool
    public init(
        mac: MACAddress, device: String? = nil, vlan: UInt16? = nil, destination: IPAddress? = nil,
        permanent: Bool = false
    ) {
        self.mac = mac
        self.device = device
        self.vlan = vlan
        self.destination = destination
        self.permanent = permanent
    }
}

/// A route of any table.
public struct Route: Sendable, Codable, Hashable {
    /// A next hop of a multipath route.
    public struct NextHop: Sendable, Codable, Hashable {
        public var gateway: IPAddress?
        public var device: String?
        public var weight: Int
        public init(gateway: IPAddress?, device: String?, weight: Int = 1) {
            self.gateway = gateway
            self.device = device
            self.weight = weight
        }
    }

    public var destination: IPPrefix
    /// `unicast`, `local`, `broadcast`, `blackhole`, `unreachable`, `prohibit`, `throw`, …
    public var kind: String
    /// 254 main, 255 local, 253 default.
    public var table: UInt32
    public var gateway: IPAddress?
    public var device: String?
    public var preferredSource: IPAddress?
    public var metric: UInt32
    /// `kernel`, `boot`, `static`, …
    public var origin: String
    public var nextHops: [NextHop]
    /// RTAX_MTU, where the route has its own.
    public var mtu: UInt32?
    /// `onlink`, `linkdown`, `dead`.
    public var flags: [String]?

    public init(
        destination: IPPrefix, kind: String = "unicast", table: UInt32 = 254, gateway: IPAddress? = nil,
        device: String? = nil, preferredSource: IPAddress? = nil, metric: UInt32 = 0, origin: String = "boot",
        nextHops: [NextHop] = []
    ) {
        self.destination = destination
        self.kind = kind
        self.table = table
        self.gateway = gateway
        self.device = device
        self.preferredSource = preferredSource
        self.metric = metric
        self.origin = origin
        self.nextHops = nextHops
    }

    enum CodingKeys: String, CodingKey {
        case destination, kind, table, gateway, device, metric, origin, mtu, flags
        case preferredSource = "preferred_source"
        case nextHops = "next_hops"
    }
}

/// A rule of the routing policy database (ip-rule(8)).
public struct RoutingRule: Sendable, Codable, Hashable {
    public var priority: UInt32
    public var family: Int
    public var source: IPPrefix?
    public var destination: IPPrefix?
    public var mark: UInt32?
    public var markMask: UInt32?
    public var inDevice: String?
    public var outDevice: String?
    public var table: UInt32
    /// `lookup`, `blackhole`, `unreachable`, `prohibit`, `goto`, …
    public var action: String
    /// Whatever else it says, as ip-rule(8) writes it: `not`, `ipproto tcp dport 80`, `suppress_prefixlength 0`, …
    public var detail: String?

    public init(
        priority: UInt32, family: Int, source: IPPrefix? = nil, destination: IPPrefix? = nil, mark: UInt32? = nil,
        markMask: UInt32? = nil, inDevice: String? = nil, outDevice: String? = nil, table: UInt32 = 254,
        action: String = "lookup"
    ) {
        self.priority = priority
        self.family = family
        self.source = source
        self.destination = destination
        self.mark = mark
        self.markMask = markMask
        self.inDevice = inDevice
        self.outDevice = outDevice
        self.table = table
        self.action = action
    }

    enum CodingKeys: String, CodingKey {
        case priority, family, source, destination, mark, table, action, detail
        case markMask = "mark_mask"
        case inDevice = "in_device"
        case outDevice = "out_device"
    }
}

/// An entry of the neighbour table (ARP, NDP).
public struct Neighbor: Sendable, Codable, Hashable {
    public var address: IPAddress
    public var device: String
    public var mac: MACAddress?
    /// `reachable`, `stale`, `failed`, `incomplete`, `permanent`, …
    public var state: String
    public init(address: IPAddress, device: String, mac: MACAddress? = nil, state: String) {
        self.address = address
        self.device = device
        self.mac = mac
        self.state = state
    }
}

/// What netfilter holds in one namespace.
public struct Netfilter: Sendable, Codable, Hashable {
    /// Which backends hold rules: `nft`, `iptables-nft`, `iptables-legacy`.
    public var backend: [String]
    /// Address translations found in the rules.
    public var nat: [NATRule]
    /// All rules, chain by chain. This project's own hooks are left out, and positions count as if they were not there.
    public var chains: [RuleChain]
    /// The native tables of nf_tables whole, with their sets and maps, as `nft -f` reads them; nil where there are none.
    /// Without this project's own and without what iptables-nft made.
    public var nftables: String?
    /// nftables' named sets and maps, which rules refer to as `@NAME`.
    public var sets: [NamedSet]

    public init(
        backend: [String] = [], nat: [NATRule] = [], chains: [RuleChain] = [], sets: [NamedSet] = []
    ) {
        self.backend = backend
        self.nat = nat
        self.chains = chains
        self.sets = sets
    }
}

/// A rule that translates addresses.
public struct NATRule: Sendable, Codable, Hashable {
    /// `masquerade`, `snat`, `dnat`, `redirect`.
    public var kind: String
    public var rule: RuleReference
    /// What it matches, as text: `172.19.0.0/24`; nil for everything.
    public var match: String?
    /// What it translates to; nil for masquerade.
    public var to: String?
    public init(kind: String, rule: RuleReference, match: String? = nil, to: String? = nil) {
        self.kind = kind
        self.rule = rule
        self.match = match
        self.to = to
    }
}

/// A chain with its rules.
public struct RuleChain: Sendable, Codable, Hashable {
    public var backend: String
    public var family: String
    public var table: String
    public var name: String
    /// Base chains only.
    public var hook: NetfilterHook?
    /// The hook's priority number; base chains only.
    public var priority: Int?
    /// `filter`, `nat`, `route`; base chains only.
    public var kind: String?
    /// `accept` or `drop`; base chains only.
    public var policy: String?
    /// Of the policy, where the backend counts it.
    public var policyPackets: UInt64?
    /// The device of a netdev chain.
    public var device: String?
    public var rules: [Rule]

    public init(
        backend: String, family: String, table: String, name: String, hook: NetfilterHook? = nil, priority: Int? = nil,
        kind: String? = nil, policy: String? = nil, policyPackets: UInt64? = nil, device: String? = nil,
        rules: [Rule] = []
    ) {
        self.backend = backend
        self.family = family
        self.table = table
        self.name = name
        self.hook = hook
        self.priority = priority
        self.kind = kind
        self.policy = policy
        self.policyPackets = policyPackets
        self.device = device
        self.rules = rules
    }

    enum CodingKeys: String, CodingKey {
        case backend, family, table, name, hook, priority, kind, policy, device, rules
        case policyPackets = "policy_packets"
    }
}

/// One rule of a chain.
public struct Rule: Sendable, Codable, Hashable {
    /// Counted from 1.
    public var position: Int
    public var handle: UInt64?
    /// As its own tool writes it.
    public var text: String
    public var packets: UInt64?
    public var bytes: UInt64?
    public var comment: String?
    /// libnftables' JSON of the rule's expressions (nft only), compact.
    public var expressions: String?

    public init(
        position: Int, handle: UInt64? = nil, text: String, packets: UInt64? = nil, bytes: UInt64? = nil,
        comment: String? = nil, expressions: String? = nil
    ) {
        self.position = position
        self.handle = handle
        self.text = text
        self.packets = packets
        self.bytes = bytes
        self.comment = comment
        self.expressions = expressions
    }
}
