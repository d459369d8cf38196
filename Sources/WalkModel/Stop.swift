public import Network
public import Observations

/// Where a walk ended that did not arrive: what is known of it.
public struct Stop: Sendable, Codable, Hashable {
    public var namespace: String?
    public var device: String?
    public var vantage: VantagePoint.Kind?
    public var hook: NetfilterHook?
    public var stage: NetfilterStage?
    /// The kernel's drop reason, or the error that a sender got.
    public var reason: String?
    /// The kernel function that dropped it.
    public var location: String?
    public var rule: RuleReference?

    public init(
        namespace: String? = nil, device: String? = nil, vantage: VantagePoint.Kind? = nil, hook: NetfilterHook? = nil,
        stage: NetfilterStage? = nil, reason: String? = nil, location: String? = nil, rule: RuleReference? = nil
    ) {
        self.namespace = namespace
        self.device = device
        self.vantage = vantage
        self.hook = hook
        self.stage = stage
        self.reason = reason
        self.location = location
        self.rule = rule
    }

    /// What is not known is written as `null`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(namespace, forKey: .namespace)
        try container.encode(device, forKey: .device)
        try container.encode(vantage, forKey: .vantage)
        try container.encode(hook, forKey: .hook)
        try container.encode(stage, forKey: .stage)
        try container.encode(reason, forKey: .reason)
        try container.encode(location, forKey: .location)
        try container.encode(rule, forKey: .rule)
    }

    enum CodingKeys: CodingKey { case namespace, device, vantage, hook, stage, reason, location, rule }
}
