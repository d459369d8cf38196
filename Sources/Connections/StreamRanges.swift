/// Which bytes of one direction of a TCP stream have been sent: what tells a segment that was sent again.
///
/// Segments may come in any order. Memory is bounded: at most `limit` separate ranges are told apart, and beyond it the
/// lowest is forgotten.
struct StreamRanges: Sendable {
    static let limit = 64

    /// By their distance from the first sequence number, in order, without overlap.
    private(set) var ranges: [Range<Int64>] = []
    /// The sequence number and the distance that the next number is read against: sequence numbers come round again.
    private var reference: (number: UInt32, distance: Int64)?

    /// Takes a segment.
    ///
    /// - Parameters:
    ///   - sequence: of its first byte, or of its SYN.
    ///   - length: what it takes of the sequence space: its payload, and one each for SYN and FIN.
    /// - Returns: how much of it had been sent before.
    mutating func take(sequence: UInt32, length: UInt32) -> Int64 {
        guard length > 0 else { return 0 }
        var start: Int64 = 0
        if let reference {
            start = reference.distance + Int64(Int32(bitPattern: sequence &- reference.number))
        }
        if reference.map({ start > $0.distance }) ?? true { reference = (sequence, start) }
        return insert(start..<start + Int64(length))
    }

    private mutating func insert(_ new: Range<Int64>) -> Int64 {
        // Nearly always behind or within the last one.
        var first = ranges.count
        while first > 0, ranges[first - 1].upperBound >= new.lowerBound { first -= 1 }
        var merged = new
        var known: Int64 = 0
        var end = first
        while end < ranges.count, ranges[end].lowerBound <= new.upperBound {
            known += max(0, min(ranges[end].upperBound, new.upperBound) - max(ranges[end].lowerBound, new.lowerBound))
            merged = min(merged.lowerBound, ranges[end].lowerBound)..<max(merged.upperBound, ranges[end].upperBound)
            end += 1
        }
        ranges.replaceSubrange(first..<end, with: CollectionOfOne(merged))
        if ranges.count > Self.limit { ranges.removeFirst() }
        return known
    }
}
