/// One thing in which two snapshots differ.
public struct SnapshotDifference: Sendable, Hashable, CustomStringConvertible {
    /// What of a snapshot differs, by its key in the document.
    public enum Part: String, Sendable, Hashable, CaseIterable {
        case namespaces, nsids, links, addresses, nexthops, routes, rules, neighbours, fdb, mdb, vlans, sysctls,
            nftables,
            iptables, hooks, ipsets, conntrack, sockets, queues, filters, programs, policies
    }

    /// Nil for the host as a whole.
    public var namespace: String?
    public var part: Part
    /// What it is now and what it was: `link eth0: mtu 1450, was 1500`.
    public var text: String

    public init(namespace: String?, part: Part, text: String) {
        self.namespace = namespace
        self.part = part
        self.text = text
    }

    public var description: String { (namespace.map { "\($0): " } ?? "") + text }
}
