public import Network

/// A cause: what, where, the evidence for it, what fixes it.
public struct Finding: Sendable, Codable, Hashable {
    public enum Severity: String, Sendable, Codable {
        case error
        case warning
        case info
    }

    public struct Place: Sendable, Codable, Hashable {
        public var namespace: String?
        public var hook: NetfilterHook?
        public var device: String?
        public init(namespace: String? = nil, hook: NetfilterHook? = nil, device: String? = nil) {
            self.namespace = namespace
            self.hook = hook
            self.device = device
        }

        /// What is not known is written as `null`.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(namespace, forKey: .namespace)
            try container.encode(hook, forKey: .hook)
            try container.encode(device, forKey: .device)
        }

        enum CodingKeys: CodingKey { case namespace, hook, device }
    }

    /// A rule that the packet met and that did not match it.
    public typealias Miss = RuleMiss

    /// Something that could have stopped the packet there, and whether it did.
    public struct Check: Sendable, Codable, Hashable {
        /// Nil where it could not be told.
        public var holds: Bool?
        /// `net.ipv4.conf.mybridge.forwarding = 0 in host`, `neighbour 203.0.113.1: reachable`, …
        public var text: String
        public init(holds: Bool?, text: String) {
            self.holds = holds
            self.text = text
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(holds, forKey: .holds)
            try container.encode(text, forKey: .text)
        }

        enum CodingKeys: CodingKey { case holds, text }
    }

    public var code: FindingCode
    public var severity: Severity
    public var `where`: Place
    public var message: String
    public var evidence: [Fact]
    /// The rule that ended the packet; for a chain's policy a reference without position, verdict `policy drop`.
    public var rule: RuleReference?
    /// How the packet got to that rule's chain: the jumps, from the base chain on.
    public var path: [RuleReference]
    /// The rules before it in its chain that did not match (the nearest ones, at most eight).
    public var unmatched: [Miss]
    /// What else could have stopped it there; the cause first.
    public var checks: [Check]
    public var remedy: Remedy?

    public init(
        code: FindingCode, severity: Severity, where place: Place, message: String, evidence: [Fact] = [],
        rule: RuleReference? = nil, path: [RuleReference] = [], unmatched: [Miss] = [], checks: [Check] = [],
        remedy: Remedy? = nil
    ) {
        self.code = code
        self.severity = severity
        self.where = place
        self.message = message
        self.evidence = evidence
        self.rule = rule
        self.path = path
        self.unmatched = unmatched
        self.checks = checks
        self.remedy = remedy
    }

    enum CodingKeys: String, CodingKey {
        case code, severity, `where`, message, evidence, rule, path, unmatched, checks, remedy
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        code = try container.decode(FindingCode.self, forKey: .code)
        severity = try container.decode(Severity.self, forKey: .severity)
        `where` = try container.decode(Place.self, forKey: .where)
        message = try container.decode(String.self, forKey: .message)
        evidence = try container.decodeIfPresent([Fact].self, forKey: .evidence) ?? []
        rule = try container.decodeIfPresent(RuleReference.self, forKey: .rule)
        path = try container.decodeIfPresent([RuleReference].self, forKey: .path) ?? []
        unmatched = try container.decodeIfPresent([Miss].self, forKey: .unmatched) ?? []
        checks = try container.decodeIfPresent([Check].self, forKey: .checks) ?? []
        remedy = try container.decodeIfPresent(Remedy.self, forKey: .remedy)
    }

    /// `rule` and `remedy` are written as `null` where there is none.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(code, forKey: .code)
        try container.encode(severity, forKey: .severity)
        try container.encode(`where`, forKey: .where)
        try container.encode(message, forKey: .message)
        try container.encode(evidence, forKey: .evidence)
        try container.encode(rule, forKey: .rule)
        if !path.isEmpty { try container.encode(path, forKey: .path) }
        if !unmatched.isEmpty { try container.encode(unmatched, forKey: .unmatched) }
        if !checks.isEmpty { try container.encode(checks, forKey: .checks) }
        try container.encode(remedy, forKey: .remedy)
    }
}
