public import Wire

/// A route of any table.
public struct Route: Sendable, Codable, Hashable {
    public var destination: IPPrefix
    public var kind: RouteKind
    public var table: RoutingTable
    public var gateway: IPAddress?
    public var device: String?
    public var preferredSource: IPAddress?
    public var metric: UInt32
    public var origin: RouteOrigin
    public var nextHops: [NextHop]
    /// RTAX_MTU, where the route has its own.
    public var mtu: UInt32?
    public var flags: [RouteFlag]?
    /// The IPv4 TOS, or IPv6 traffic class, that a packet must have; nil for any.
    public var tos: UInt8?
    /// IPv4 only: the kernel has none for IPv6.
    public var scope: RouteScope?
    /// RTAX_* but for the MTU, as ip-route(8) calls them (`advmss`, `hoplimit`, `initcwnd`, …); nil where it has none.
    public var metrics: [String: UInt32]?
    /// Those of the metrics, `mtu` too, that the kernel may not change by what it learns (`lock`).
    public var lockedMetrics: [String]?
    /// In `Namespace.nextHopObjects`; `gateway`, `device` and `nextHops` say what that comes to.
    public var nextHopIdentifier: UInt32?

    public init(
        destination: IPPrefix, kind: RouteKind = .unicast, table: RoutingTable = .main, gateway: IPAddress? = nil,
        device: String? = nil, preferredSource: IPAddress? = nil, metric: UInt32 = 0, origin: RouteOrigin = .boot,
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

    enum CodingKeys: String, TolerantKey {
        case destination, kind, table, gateway, device, metric, origin, mtu, flags, tos, scope, metrics
        case lockedMetrics = "locked_metrics"
        case nextHopIdentifier = "next_hop_id"
        case preferredSource = "preferred_source"
        case nextHops = "next_hops"

        static let defaults: [Self: any Sendable] = [
            .kind: RouteKind.unicast, .table: RoutingTable.main, .metric: UInt32(0), .origin: RouteOrigin.boot,
        ]
    }
}

extension Route {
    /// The routers that it leads to.
    public var gateways: [IPAddress] { [gateway].compactMap(\.self) + nextHops.compactMap(\.gateway) }

    /// As ip-route(8) writes it: `default`, an address alone for a host route, else the prefix.
    public var destinationText: String {
        if destination.length == 0 { return "default" }
        return destination.length == destination.address.bitWidth
            ? destination.address.description : destination.description
    }
}
