public import Wire

/// The answer to "which route?": the kernel's own where it was asked, else that of the snapshot's tables.
public struct RouteChoice: Sendable, Hashable {
    /// Nil: no route.
    public var kind: RouteKind?
    public var table: RoutingTable?
    public var device: String?
    public var gateway: IPAddress?
    /// What the namespace remembers of the path's MTU, where the kernel said so.
    public var pathMTU: UInt32?
    public var preferredSource: IPAddress?
    /// The route of the snapshot.
    public var route: Route?
    /// The policy rule that led to its table.
    public var rule: RoutingRule?
    /// The tables that were looked in, in order.
    public var tables: [RoutingTable]
    /// The kernel answered, not the tables as read.
    public var isKernelAnswer = false

    public init(
        kind: RouteKind? = nil, table: RoutingTable? = nil, device: String? = nil, gateway: IPAddress? = nil,
        preferredSource: IPAddress? = nil, route: Route? = nil, rule: RoutingRule? = nil, tables: [RoutingTable] = []
    ) {
        self.kind = kind
        self.table = table
        self.device = device
        self.gateway = gateway
        self.preferredSource = preferredSource
        self.route = route
        self.rule = rule
        self.tables = tables
    }

    /// As ip-route(8) would write it: `default via 192.0.2.1 dev wan0`; `no route`.
    public var text: String {
        guard let kind else { return "no route" }
        var words: [String] = kind == .unicast || kind == .local ? [] : [kind.rawValue]
        if let route { words.append(route.destinationText) }
        if let gateway { words.append("via \(gateway)") }
        if let device { words.append("dev \(device)") }
        if let table, table != .main, table != .local { words.append("table \(table)") }
        return words.joined(separator: " ")
    }
}
