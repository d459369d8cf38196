public import Wire

/// The kernel's table of neighbours of one family (`arp_tbl`, `nd_tbl`): one for all namespaces of the machine.
public struct NeighborTable: Sendable, Codable, Hashable {
    /// As the kernel's log has it: `arp_cache`, `ndisc_cache`.
    public var name: String
    /// Entries of all namespaces, those that count for no limit (permanent ones) among them.
    public var entries: UInt32
    /// `gc_thresh3`: no entry more is made beyond so many.
    public var limit: UInt32
    /// How often no entry could be made since the machine started, for the table was full (`table_fulls`).
    public var refusals: UInt64

    public init(name: String, entries: UInt32, limit: UInt32, refusals: UInt64) {
        self.name = name
        self.entries = entries
        self.limit = limit
        self.refusals = refusals
    }

    /// `arp_cache` for IPv4.
    public static func name(of family: IPAddress.Family) -> String { family == .ipv4 ? "arp_cache" : "ndisc_cache" }
}

extension Topology {
    /// Nil where it was not read.
    public func neighborTable(_ family: IPAddress.Family) -> NeighborTable? {
        let name = NeighborTable.name(of: family)
        return neighborTables?.first { $0.name == name }
    }
}
