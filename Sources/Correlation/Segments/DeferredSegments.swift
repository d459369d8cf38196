internal import WalkModel

/// TCP packets that began or ended in the middle, and wait to be looked at together with others of their stream.
struct DeferredSegments: ~Copyable {
    /// Label groups, in the order of their ending.
    private var numbers: ContiguousArray<Int32> = []
    private var streams: Set<UInt64> = []
    /// By number of the group that holds it.
    var trees: [Int32: SegmentTree] = [:]

    var isEmpty: Bool { numbers.isEmpty }

    mutating func append(_ number: Int32, _ range: SequenceRange) {
        numbers.append(number)
        streams.insert(range.stream)
    }

    /// Whether another packet of the same stream waits to be looked at.
    func isOfDeferred(_ sighting: Sighting) -> Bool {
        !streams.isEmpty && streams.contains(SequenceRange(sighting).stream)
    }

    mutating func takeAll() -> ContiguousArray<Int32> {
        streams.removeAll(keepingCapacity: true)
        let taken = numbers
        numbers = []
        return taken
    }
}
