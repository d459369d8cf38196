internal import WalkModel

/// Arrangements that were worked out before, known by the shape of their sightings.
///
/// Packets of one flow take one path, and those of other flows take the same: who follows whom is worked out once for
/// each path. What precedence looks at is in `Arrangement.shape`.
struct ArrangementMemo: ~Copyable {
    private var memo = ShapeMemo<Arrangement.Node>()

    /// Fills in `arrangement.nodes` from its shape; false where that shape is new.
    func recall(_ arrangement: inout Arrangement) -> Bool {
        let count = arrangement.count
        guard let start = memo.find(arrangement.shape.span, count: 2 * count) else { return false }
        for position in 0..<count { arrangement.nodes[position] = memo.values[start + position] }
        return true
    }

    mutating func keep(_ arrangement: borrowing Arrangement) {
        let count = arrangement.count
        memo.keep(arrangement.shape, count: 2 * count, arrangement.nodes[..<count])
    }

    mutating func removeAll() { memo.removeAll() }
}
