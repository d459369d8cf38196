public import Wire

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
    /// Who runs there, as managers of containers, pods and services tell; nil where none does.
    public var workloads: [Workload]?
    public var links: [Link]
    public var routes: [Route]
    public var rules: [RoutingRule]
    public var neighbors: [Neighbor]
    /// Nil where they were not read.
    public var proxyNeighbors: [ProxyNeighbor]?
    /// Nil where no route refers to one.
    public var nextHopObjects: [NextHopObject]?
    /// Keys as sysctl(8) writes them (`net.ipv4.ip_forward`), values as read.
    public var sysctls: [String: String]
    public var netfilter: Netfilter
    /// Who takes packets from anyone: TCP sockets that listen, UDP sockets that are bound and not connected.
    public var listeners: [Listener]
    /// UDP sockets that are connected, each of which takes what comes from its peer; nil where there are none, and where they
    /// were not read.
    public var connectedSockets: [Listener]?
    /// Multicast groups that its devices have joined, but for those that every device is in; nil where they were not
    /// read.
    public var memberships: [GroupMembership]?
    /// Nil where not read.
    public var socketUse: SocketUse?

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

    enum CodingKeys: String, TolerantKey {
        case name, inode, path, containers, links, routes, rules, neighbors, sysctls, netfilter, listeners, memberships
        case workloads
        case proxyNeighbors = "proxy_neighbors"
        case nextHopObjects = "next_hop_objects"
        case socketUse = "socket_use"
        case connectedSockets = "connected_sockets"

        static let defaults: [Self: any Sendable] = [.path: "", .netfilter: Netfilter()]
    }

    public subscript(device name: String) -> Link? {
        // By index: an iterator would copy each link that it passes.
        links.indices.first { links[$0].name == name }.map { links[$0] }
    }

    /// Whether one of this namespace's devices holds `address`.
    public func holds(_ address: IPAddress) -> Bool {
        if address.isLoopback { return true }
        return links.contains { $0.addresses.contains { $0.address == address } }
    }
}
