internal import WalkModel

/// Label groups that hold the forms of one range of a TCP stream, made one: the largest form holds the bytes of all.
struct SegmentTree {
    var hull: SequenceRange
    /// Open groups that begin or end within it.
    var others: [SequenceRange]
}
