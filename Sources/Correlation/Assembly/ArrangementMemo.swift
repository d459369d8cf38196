internal import WalkModel

/// Arrangements that were worked out before, known by the shape of their sightings.
///
/// Packets of one flow take one path, and those of other flows take the same: who follows whom is worked out once for
/// each path. What precedence looks at is in `Arrangement.shape`, so equal shapes have equal arrangements; a shape is
/// compared whole, not by its hash alone. Bounded: when it is full it is emptied.
struct ArrangementMemo: ~Copyable {
    private struct Entry {
        var shapeStart: Int
        var nodeStart: Int
        var count: Int
    }

    private static let wordLimit = 1 << 17

    private var table = KeyTable(capacity: 256)
    private var entries: ContiguousArray<Entry> = []
    private var shapes: ContiguousArray<UInt64> = []
    private var nodes: ContiguousArray<Arrangement.Node> = []

    private static func hash(_ shape: Span<UInt64>, count: Int) -> UInt64 {
        var hash = UInt64(count)
        for position in 0..<count { hash = mix(hash ^ shape[2 * position], shape[2 * position + 1]) }
        return hash
    }

    /// Fills in `arrangement.nodes` from its shape; false where that shape is new.
    func recall(_ arrangement: inout Arrangement) -> Bool {
        let count = arrangement.count
        let found = table.find(Self.hash(arrangement.shape.span, count: count))
        guard found >= 0 else { return false }
        let entry = entries[Int(found)]
        guard entry.count == count, isEqual(entry, arrangement.shape.span) else { return false }
        for position in 0..<count { arrangement.nodes[position] = nodes[entry.nodeStart + position] }
        return true
    }

    private func isEqual(_ entry: Entry, _ shape: Span<UInt64>) -> Bool {
        let known = shapes.span
        for index in 0..<2 * entry.count where known[entry.shapeStart + index] != shape[index] { return false }
        return true
    }

    mutating func keep(_ arrangement: borrowing Arrangement) {
        let count = arrangement.count
        if shapes.count + 2 * count > Self.wordLimit { removeAll() }
        guard 2 * count <= Self.wordLimit else { return }
        let hash = Self.hash(arrangement.shape.span, count: count)
        guard table.find(hash) < 0 else { return }
        table.set(hash, to: Int32(entries.count))
        entries.append(Entry(shapeStart: shapes.count, nodeStart: nodes.count, count: count))
        shapes.append(contentsOf: arrangement.shape[..<(2 * count)])
        nodes.append(contentsOf: arrangement.nodes[..<count])
    }

    /// Forgets everything: the places that shapes speak of have changed.
    mutating func removeAll() {
        guard !entries.isEmpty else { return }
        table = KeyTable(capacity: 256)
        entries.removeAll(keepingCapacity: true)
        shapes.removeAll(keepingCapacity: true)
        nodes.removeAll(keepingCapacity: true)
    }
}
