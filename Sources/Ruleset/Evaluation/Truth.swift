/// Whether a condition holds for a packet (Kleene's three values).
package enum Truth: Hashable, Sendable {
    case holds
    case fails
    /// It can't be told from the snapshot and from what is known of the packet.
    case unknown

    init(_ value: Bool) { self = value ? .holds : .fails }
    init(_ value: Bool?) { self = value.map { Truth($0) } ?? .unknown }

    var negated: Truth {
        switch self {
        case .holds: .fails
        case .fails: .holds
        case .unknown: .unknown
        }
    }

    static func || (left: Truth, right: @autoclosure () -> Truth) -> Truth {
        if left == .holds { return .holds }
        let right = right()
        if right == .holds { return .holds }
        return left == .unknown || right == .unknown ? .unknown : .fails
    }

    static func && (left: Truth, right: @autoclosure () -> Truth) -> Truth {
        if left == .fails { return .fails }
        let right = right()
        if right == .fails { return .fails }
        return left == .unknown || right == .unknown ? .unknown : .holds
    }
}

extension Sequence {
    /// Whether one of the elements has what `truth` asks; `fails` for none.
    func any(_ truth: (Element) -> Truth) -> Truth {
        var result = Truth.fails
        for element in self {
            result = result || truth(element)
            if result == .holds { break }
        }
        return result
    }
}
