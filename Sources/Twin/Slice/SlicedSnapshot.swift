public import Network
public import Snapshot

/// A snapshot of what one packet can meet, made of one of a whole host (`HostSnapshot.sliced`).
public struct SlicedSnapshot: Sendable {
    /// A chain of a namespace.
    public struct Chain: Sendable, Hashable {
        public var namespace: String
        public var family: TableFamily
        public var table: String
        public var name: String

        public init(namespace: String, family: TableFamily, table: String, name: String) {
            self.namespace = namespace
            self.family = family
            self.table = table
            self.name = name
        }
    }

    public var snapshot: HostSnapshot
    /// Of chains that lost rules, the positions that those left had, counted from 1, in order.
    public private(set) var positions: [Chain: [Int]]

    public init(_ snapshot: HostSnapshot, positions: [Chain: [Int]] = [:]) {
        self.snapshot = snapshot
        self.positions = positions
    }

    /// The rule of the host that a rule of the rebuilt network is. Where its chain lost rules the position is the one that
    /// it has on the host, and the handle, which the rebuilt network gives anew, is nil: it is that of the rule of this
    /// position there.
    public func original(of rule: RuleReference, in namespace: String) -> RuleReference {
        let chain = Chain(namespace: namespace, family: rule.family, table: rule.table, name: rule.chain)
        guard let kept = positions[chain] else { return rule }
        var original = rule
        original.handle = nil
        original.position = rule.position.flatMap { kept.indices.contains($0 - 1) ? kept[$0 - 1] : nil }
        return original
    }
}
