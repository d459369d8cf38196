public import Network
public import WalkModel

/// One change to a network that may be what a packet lacks: the cause of its failure is the smallest set of them with which
/// the same packet is answered.
public struct Candidate: Sendable, Hashable {
    /// In the order in which the kinds are tried: what stops every packet first.
    public enum Kind: Int, Sendable, CaseIterable, Comparable {
        case link
        case port
        case setting
        case rule
        case entry
        case routeRemoval
        case route
        case address
        case size
        case translation
        case listener
        case program
        /// What may break the path that the packet has: tried alone, after all others.
        case turn

        public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// How much else a change lets through besides the packet; the least comes first.
    public enum Breadth: Int, Sendable, Comparable {
        /// One entry or one packet's flow.
        case flow
        /// One device, one neighbour, one destination.
        case device
        /// A whole rule, a namespace's setting.
        case rule
        /// All that a chain or a host forwards.
        case policy

        public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    public var kind: Kind
    public var actions: [RemedyAction]
    /// The same for the rebuilt network, where it must be said otherwise there: a rule has another handle.
    public var trialActions: [RemedyAction]?
    /// What is changed in the rebuilt network besides, and no command can change: a program there.
    public var trialChange: TrialChange?
    /// `with hairpin on at port vc of br0 in host`, without its first word.
    public var condition: String
    /// Of the catalogue of findings: what it is the cause of.
    public var code: FindingCode
    public var place: Finding.Place
    public var rule: RuleReference?
    public var breadth: Breadth
    /// Whether it adds what was not there (a route, a translation, a proxy) instead of taking an obstacle away: it may lead the
    /// packet round the cause, so it comes after those that do not.
    public var adds = false
    /// What it changes: two changes of one object are never made together.
    public var object: String

    public init(
        _ kind: Kind, _ actions: [RemedyAction], condition: String, code: FindingCode, place: Finding.Place,
        rule: RuleReference? = nil, breadth: Breadth = .device, object: String, trialActions: [RemedyAction]? = nil,
        trialChange: TrialChange? = nil
    ) {
        self.kind = kind
        self.actions = actions
        self.condition = condition
        self.code = code
        self.place = place
        self.rule = rule
        self.breadth = breadth
        self.object = object
        self.trialActions = trialActions
        self.trialChange = trialChange
    }

    /// How far it leads from what was meant there: 0 takes an obstacle away; 1 adds the program that rules and senders expect;
    /// 2 turns the packet's path; 3 adds another path.
    var detour: Int {
        if kind == .listener { return 1 }
        if kind == .turn { return 2 }
        return adds ? 3 : 0
    }

    /// Where it only changes kernel settings of one namespace: these.
    var settings: (namespace: String, values: [(name: String, value: String)])? {
        guard trialActions == nil, let place = actions.first?.place?.name else { return nil }
        var values: [(name: String, value: String)] = []
        for action in actions {
            guard action.place?.name == place, case .sysctl(let name, let value) = action.change else { return nil }
            values.append((name, value))
        }
        return (place, values)
    }

    /// As they are typed in the namespace `scope` names.
    func commands(in scope: CommandScope) -> [String] { (trialActions ?? actions).map(scope.line) }
}
