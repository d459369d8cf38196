/// What a rule of the routing policy database does: FR_ACT_* (linux/fib_rules.h), as ip-rule(8) writes it.
public struct RoutingRuleAction: NamedValue {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Looks in its table.
    public static let lookup: Self = "lookup"
    public static let goto: Self = "goto"
    public static let nop: Self = "nop"
    public static let blackhole: Self = "blackhole"
    public static let unreachable: Self = "unreachable"
    public static let prohibit: Self = "prohibit"
}

extension RoutingRuleAction {
    /// The kind of route that a rule stands for which refuses packets by itself; nil for the others.
    public var refusal: RouteKind? {
        let kind = RouteKind(rawValue: rawValue)
        return kind.isRefusal ? kind : nil
    }
}
