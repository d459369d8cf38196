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
    public var isOfRuleTrace: Bool { subject == .rules }

    /// Whether sightings may be missing for it, at whatever place.
    public var isOfSightings: Bool { subject == .sightings }

    /// What is missing for it: `a hop that is missing there`.
    public var missing: String {
        switch subject {
        case .sightings: "a hop that is missing there"
        case .rules: "a rule that is missing there"
        case .drops: "a drop that was not reported"
        case .connections: "a connection that is missing there"
        }
    }

    private var subject: Loss.Subject { Loss.subject(of: vantage) }

    /// The namespace whose rules were not traced for this packet; nil for a loss.
    public var untracedNamespace: String? {
        isInferred && isOfRuleTrace ? String(vantage.dropFirst(Loss.ruleTracePrefix.count)) : nil
    }
}
