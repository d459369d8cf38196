internal import Observations

/// A source that lost events while the walk ran.
public struct WalkLoss: Sendable, Hashable {
    /// As the source calls itself: `pcap host:veth0`, `nflog host`, `rule trace host`, …
    public var vantage: String
    public var lost: UInt64
    /// No source reported it: the rules that the walk must have met are missing, as for a packet that was not sampled.
    /// As JSON it is no loss but one of `rules_untraced`.
    public var isInferred: Bool

    public init(vantage: String, lost: UInt64, isInferred: Bool = false) {
        self.vantage = vantage
        self.lost = lost
        self.isInferred = isInferred
    }

    /// Whether only rules were lost: no sighting is missing for it.
    public var isOfRuleTrace: Bool { vantage.hasPrefix(Loss.ruleTracePrefix) }

    /// Whether sightings may be missing for it, at whatever place.
    public var isOfSightings: Bool { Loss.isOfSightings(vantage) }

    /// The namespace whose rules were not traced for this packet; nil for a loss.
    public var untracedNamespace: String? {
        isInferred && isOfRuleTrace ? String(vantage.dropFirst(Loss.ruleTracePrefix.count)) : nil
    }
}
