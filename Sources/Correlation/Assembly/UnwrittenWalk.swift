public import WalkModel

/// A walk that has ended, as the engine's plain records: a twentieth of what it takes written out.
///
/// Holds the records of the walks that ended with it, so it is not meant to be kept for long.
public struct UnwrittenWalk: Answering, Sendable {
    private let batch: WalkBatch
    private var record: WalkRecord

    init(batch: WalkBatch, record: WalkRecord) {
        self.batch = batch
        self.record = record
    }

    public var name: WalkIdentifier { record.identifier }
    public var answered: WalkIdentifier? {
        get { record.answers }
        set { record.answers = newValue }
    }
    public var answeredBy: WalkIdentifier? { record.answeredBy }

    /// Whether it is an ICMP error.
    public var isError: Bool {
        record.stepCount > 0 && batch.steps[record.stepStart].sighting.has(Sighting.quotesPacket)
    }

    /// The walk in the contract's form.
    public func written() -> Walk { batch.walk(record) }
}
