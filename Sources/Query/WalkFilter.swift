public import WalkModel

/// A question about whole walks, as `--where` takes it: a packet history filter in the sense of NetSight (Handigol and
/// others, NSDI 2014). `docs/where.md` describes the language.
///
/// ```swift
/// let filter = try WalkFilter(#"outcome == "dropped" and passes("mybridge") and not reaches("eth0")"#)
/// if filter.matches(walk) { print(walk.summary) }
/// ```
public struct WalkFilter: Sendable {
    var root: Condition

    /// Throws `QueryError`, which says where the text can't be understood and what was expected there.
    ///
    /// - Parameter findingCodes: those that there are. One that is nearly one of them is taken for a misspelling; any
    ///   other may be of another version.
    public init(_ text: String, findingCodes: [String] = []) throws {
        var parser = Parser(tokens: try Token.tokens(of: text), findingCodes: findingCodes)
        root = try parser.whole()
    }

    /// Costs at most a pass over the walk's hops for each condition.
    public func matches(_ walk: Walk) -> Bool { root.holds(walk) }
}

/// The tree of a filter.
indirect enum Condition: Sendable {
    case all([Condition])
    case any([Condition])
    case not(Condition)
    case outcome(Comparison, Walk.Outcome)
    case text(TextField, Comparison, String)
    /// Of any hop.
    case namespace(Comparison, NamespaceName)
    case number(NumberField, Comparison, Int64)
    case address(AddressField, Comparison, AddressPattern)
    case flag(Flag)
    /// Places, each behind the one before on the packet's path.
    case passes([Place])
    case reaches(Place)
    case starts(Place)
    case ends(Place)
    case rule(String)
    case finding(String)
}

enum Comparison: String, Sendable {
    case equal = "=="
    case unequal = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="

    var isOrder: Bool { self != .equal && self != .unequal }

    func holds<Value: Comparable>(_ left: Value, _ right: Value) -> Bool {
        switch self {
        case .equal: left == right
        case .unequal: left != right
        case .less: left < right
        case .lessOrEqual: left <= right
        case .greater: left > right
        case .greaterOrEqual: left >= right
        }
    }
}

enum TextField: String, Sendable, CaseIterable {
    case `protocol`
    /// Of any hop.
    case device
    case id
    case confidence
    case reason
}

enum NumberField: String, Sendable, CaseIterable {
    /// From the first sighting to the last, in nanoseconds.
    case latency
    case duration
    case hops
    case port
    case sourcePort = "source_port"
    case destinationPort = "destination_port"
    case ttl
    case length
    case mark
}

enum AddressField: String, Sendable, CaseIterable {
    /// Either end's, at any hop.
    case address
    case source
    case destination
}

enum Flag: String, Sendable, CaseIterable {
    /// An address or port changed on the way.
    case nat
    case translated
    /// It answers another walk.
    case reply
    /// A source lost events while it ran.
    case lossy
    case forked
}
