/// How sure a join is.
public enum Confidence: String, Sendable, CaseIterable, Comparable {
    case weak
    case strong
    case exact

    private var rank: Int {
        switch self {
        case .weak: 0
        case .strong: 1
        case .exact: 2
        }
    }
    public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
}
