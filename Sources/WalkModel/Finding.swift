public import Network

/// A cause: what, where, the evidence for it, what fixes it.
public struct Finding: Sendable, Hashable {
    public enum Severity: String, Sendable {
        case error
        case warning
        case info

        /// The most serious first.
        public var rank: Int {
            switch self {
            case .error: 0
            case .warning: 1
            case .info: 2
            }
        }
    }

    /// What findings have in common that say the same thing of the same place, be it about different packets.
    public struct CauseName: Sendable, Hashable {
        public var code: FindingCode
        public var severity: Severity
        public var place: Place
        public var rule: RuleReference?
    }

    public var causeName: CauseName { CauseName(code: code, severity: severity, place: `where`, rule: rule) }

    /// Whether it is the same cause, of another packet: of the same name, or the same words with the same fix, whichever rule
    /// each of them points at.
    public func isSameCause(as other: Finding) -> Bool {
        causeName == other.causeName
            || code == other.code && severity == other.severity && message == other.message
                && remedy?.actions == other.remedy?.actions
    }

    public struct Place: Sendable, Hashable {
        public var namespace: String?
        public var hook: NetfilterHook?
        public var device: String?
        public init(namespace: String? = nil, hook: NetfilterHook? = nil, device: String? = nil) {
            self.namespace = namespace
            self.hook = hook
            self.device = device
        }
    }

    /// A rule that the packet met and that did not match it.
    public typealias Miss = RuleMiss

    /// Something that could have stopped the packet there, and whether it did.
    public struct Check: Sendable, Hashable {
        /// Nil where it could not be told.
        public var holds: Bool?
        /// `net.ipv4.conf.mybridge.forwarding = 0 in host`, `neighbour 203.0.113.1: reachable`, …
        public var text: String
        public init(holds: Bool?, text: String) {
            self.holds = holds
            self.text = text
        }
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
}
