/// A chain with its rules.
public struct RuleChain: Sendable, Codable, Hashable {
    public var backend: FirewallBackend
    public var family: TableFamily
    public var table: String
    public var name: String
    /// Base chains only.
    public var hook: NetfilterHook?
    /// The hook's priority number; base chains only.
    public var priority: Int?
    /// Base chains only.
    public var kind: ChainKind?
    /// Base chains only.
    public var policy: Verdict?
    /// Of the policy, where the backend counts it.
    public var policyPackets: UInt64?
    /// The device of a netdev chain; of several their names, separated by commas.
    public var device: String?
    public var rules: [Rule]

    public init(
        backend: FirewallBackend, family: TableFamily, table: String, name: String, hook: NetfilterHook? = nil,
        priority: Int? = nil,
        kind: ChainKind? = nil, policy: Verdict? = nil, policyPackets: UInt64? = nil, device: String? = nil,
        rules: [Rule] = []
    ) {
        self.backend = backend
        self.family = family
        self.table = table
        self.name = name
        self.hook = hook
        self.priority = priority
        self.kind = kind
        self.policy = policy
        self.policyPackets = policyPackets
        self.device = device
        self.rules = rules
    }

    enum CodingKeys: String, TolerantKey {
        case backend, family, table, name, hook, priority, kind, policy, device, rules
        case policyPackets = "policy_packets"
    }
}

extension RuleChain {
    /// The names of its devices; nil where it has none of its own.
    public var devices: [String]? { device?.split(separator: ",").map(String.init) }
}
