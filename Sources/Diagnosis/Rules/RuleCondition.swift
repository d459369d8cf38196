internal import Wire

/// What one condition of a rule says to one packet.
enum ConditionResult: Sendable, Hashable {
    case holds
    /// Why not, as what the packet is instead: `came in by mybridge`.
    case fails(String)
    /// Why it can't be told from here.
    case unknown(String)

    /// `!` before a condition: `words` says what the packet is when the plain condition holds.
    func negated(_ words: @autoclosure () -> String) -> ConditionResult {
        switch self {
        case .holds: .fails(words())
        case .fails: .holds
        case .unknown: self
        }
    }
}

/// One condition of a rule.
struct RuleCondition: Sendable {
    enum Kind: Sendable, Hashable {
        case source
        case destination
        case inDevice
        case outDevice
        case transportProtocol
        case sourcePort
        case destinationPort
        case connection
        case other
    }

    var kind: Kind
    /// As the rule writes it: `-o eth1`.
    var text: String
    var evaluate: @Sendable (PacketState, RuleSite) -> ConditionResult
}

/// What a rule does once its conditions hold.
enum RuleAction: Sendable {
    case accept
    case drop
    /// With what: `icmp-port-unreachable`, `tcp-reset`.
    case reject(String)
    case jump(String)
    case goto(String)
    case `return`
    case queue
    case masquerade
    case sourceTranslation(IPAddress?)
    case destinationTranslation(IPAddress?, UInt16?)
    case redirect(UInt16?)
    case setMark(UInt32, mask: UInt32)
    /// A verdict map: none where no key matches; the flag says whether the answer is sure.
    case verdictMap(@Sendable (PacketState, RuleSite) -> (action: RuleAction?, reason: ConditionResult))
    /// Counts, logs, marks in ways that no later rule here asks for.
    case goOn
    /// A target of which nothing is known.
    case unknown(String)
}

extension RuleAction {
    /// Whether a packet's way differs by it.
    var endsOrBranches: Bool {
        switch self {
        case .goOn, .setMark: false
        default: true
        }
    }
}

/// A rule taken apart: conditions and actions in the order in which the kernel takes them.
struct RuleProgram: Sendable {
    enum Step: Sendable {
        case condition(RuleCondition)
        case action(RuleAction)
    }
    var steps: [Step] = []

    var conditions: [RuleCondition] {
        steps.compactMap { if case .condition(let condition) = $0 { condition } else { nil } }
    }
    var actions: [RuleAction] {
        steps.compactMap { if case .action(let action) = $0 { action } else { nil } }
    }
}
