internal import WalkModel

/// What was worked out before, known by the shape of what it was worked out from.
///
/// A shape is words that say all that the values follow from, so equal shapes have equal values; it is compared whole,
/// not by its hash alone. Its length tells how many values there are. Bounded: when it is full it is emptied.
struct ShapeMemo<Value: Sendable>: ~Copyable {
    private struct Entry {
        var shapeStart: Int
        var wordCount: Int
        var valueStart: Int
    }

    private static var wordLimit: Int { 1 << 17 }

    private var table = KeyTable(capacity: 256)
    private var entries: ContiguousArray<Entry> = []
    private var shapes: ContiguousArray<UInt64> = []
    private(set) var values: ContiguousArray<Value> = []

    private static func hash(_ shape: Span<UInt64>, count: Int) -> UInt64 {
        var hash = UInt64(count)
        var index = 0
        while index + 1 < count {
            hash = mix(hash ^ shape[index], shape[index + 1])
            index += 2
        }
        return index < count ? mix(hash ^ shape[index], 0) : hash
    }

    /// Where the values of a shape, the first `count` words of `shape`, begin in `values`; nil where it is new.
    func find(_ shape: Span<UInt64>, count: Int) -> Int? {
        let found = table.find(Self.hash(shape, count: count))
        guard found >= 0 else { return nil }
        let entry = entries[Int(found)]
        guard entry.wordCount == count else { return nil }
        let known = shapes.span
        for index in 0..<count where known[entry.shapeStart + index] != shape[index] { return nil }
        return entry.valueStart
    }

    /// Keeps the values of a shape, the first `count` words of `shape`.
    mutating func keep(_ shape: ContiguousArray<UInt64>, count: Int, _ found: some Sequence<Value>) {
        if shapes.count + count > Self.wordLimit { removeAll() }
        guard count <= Self.wordLimit else { return }
        let hash = Self.hash(shape.span, count: count)
        guard table.find(hash) < 0 else { return }
        table.set(hash, to: Int32(entries.count))
        entries.append(Entry(shapeStart: shapes.count, wordCount: count, valueStart: values.count))
        shapes.append(contentsOf: shape[..<count])
        values.append(contentsOf: found)
    }

    /// Forgets everything: the places that shapes speak of have changed.
    mutating func removeAll() {
        guard !entries.isEmpty else { return }
        table = KeyTable(capacity: 256)
        entries.removeAll(keepingCapacity: true)
        shapes.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
    }
}
