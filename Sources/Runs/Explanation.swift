internal import Observations

/// What became of the packet that an `Explainer` sent.
public struct Explanation: Sendable {
    /// Its exchange, or more than one where the kernel made more packets of it (a SYN that is sent again).
    public var group: ExchangeGroup
    /// What conntrack told of connections of the same addresses.
    var flows: [FlowEvent] = []
    /// What could not be watched, a sentence each.
    public var warnings: [String]
    /// What was looked at beyond the packet, and would stop no other traffic of its two ends: a sentence each.
    public var remarks: [String] = []
    /// Whether packets were not read because an interruption gave no time for them.
    public var isCutShort: Bool

    public init(group: ExchangeGroup, warnings: [String] = [], isCutShort: Bool = false) {
        self.group = group
        self.warnings = warnings
        self.isCutShort = isCutShort
    }
}
