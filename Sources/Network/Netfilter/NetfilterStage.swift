/// A stage within a hook, in the order of the priorities (`enum nf_ip_hook_priorities`).
public enum NetfilterStage: String, Sendable, Codable, Hashable, CaseIterable, Comparable {
    case raw
    case mangle
    case dstnat
    case filter
    case security
    case srcnat

    /// The priority that the stage's own tables register with.
    public var priority: Int {
        switch self {
        case .raw: -300
        case .mangle: -150
        case .dstnat: -100
        case .filter: 0
        case .security: 50
        case .srcnat: 100
        }
    }

    /// The stage whose own priority is nearest; of two that are as near the earlier.
    public init(nearest priority: Int) {
        self = Self.allCases.min { abs($0.priority - priority) < abs($1.priority - priority) } ?? .filter
    }

    /// The priorities to which this stage is the nearest.
    public var range: ClosedRange<Int> {
        let all = Self.allCases
        let index = all.firstIndex(of: self) ?? 0
        let lowest = index == 0 ? Int.min : (all[index - 1].priority + priority) / 2 + 1
        let highest = index == all.count - 1 ? Int.max : (priority + all[index + 1].priority) / 2
        return lowest...highest
    }

    public static func < (left: Self, right: Self) -> Bool { left.priority < right.priority }
}
