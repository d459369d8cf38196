public import Observations
internal import WalkModel

/// What the kernel dropped on this machine while a packet went wrong, told by a source that names neither packet nor
/// namespace (tracefs). A weak witness, like a counter: where all of it bears one reason, that speaks for what shows by
/// this reason; it proves nothing.
public struct NearbyDrops: Sendable, Hashable {
    /// Of the packet's own family, in the time in which it can have been dropped; frees of healthy traffic left out.
    public var drops: [DropEvent]
    /// Whether the source lost some: then those that are known are not all.
    public var isComplete: Bool

    /// - Parameter etherType: the packet's own.
    public init(_ drops: [DropEvent], etherType: UInt16, isComplete: Bool) {
        self.drops = drops.filter {
            $0.etherType == etherType && !DropReason.alwaysHealthy.contains($0.reason)
                && !DropReason.healthyOnceDelivered.contains($0.reason)
        }
        self.isComplete = isComplete
    }

    /// The reason that all of them bear; nil where they differ, or where there can be others.
    var onlyReason: DropReason? {
        guard isComplete, let first = drops.first, drops.allSatisfy({ $0.reason == first.reason }) else { return nil }
        return first.reason
    }

    /// `IP_RPFILTER at ip_rcv_finish_core, the only drop on this machine at that time (…)`; nil where there is
    /// none, and where none bears a reason of `reasons`.
    func words(concerning reasons: Set<DropReason>? = nil) -> Fact? {
        guard drops.contains(where: { reasons?.contains($0.reason) ?? true }) else { return nil }
        let unnamed = "tracefs names neither packet nor namespace"
        if let reason = onlyReason {
            let places = Set(drops.map(\.location))
            let place = places.count == 1 ? drops[0].location.map { " at \($0)" } ?? "" : ""
            let share = drops.count == 1 ? "the only drop" : "as all \(drops.count) drops"
            return .kernel("\(reason)\(place), \(share) of that family on this machine at that time; \(unnamed)")
        }
        let counts = Dictionary(grouping: drops, by: \.reason).mapValues(\.count)
            .sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }.map { "\($0.value) \($0.key)" }
        let extent = isComplete ? "" : "at least "
        return .kernel("dropped on this machine at that time: \(extent)\(counts.joined(separator: ", ")); \(unnamed)")
    }
}
