internal import Observations

/// A source that lost events while the walk ran.
public struct WalkLoss: Sendable, Hashable {
    /// As the source calls itself: `pcap host:veth0`, `nflog host`, `rule trace host`, …
    public var vantage: String
    public var lost: UInt64

    public init(vantage: String, lost: UInt64) {
        self.vantage = vantage
        self.lost = lost
    }

    /// Whether only rules were lost: no sighting is missing for it.
    public var isOfRuleTrace: Bool { vantage.hasPrefix(Loss.ruleTracePrefix) }
}
