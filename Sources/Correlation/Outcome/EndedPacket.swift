internal import WalkModel

/// A packet whose steps are written, with where it ended by them.
struct EndedPacket {
    /// In the batch.
    var steps: Range<Int>
    var end: PacketEnd
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    var startNanoseconds: Int64
    var endNanoseconds: Int64

    /// The step where it ended, in the batch.
    var lastStep: Int { steps.lowerBound + max(0, end.step) }
}
