public import WalkModel
import Observations

/// A walk as the engine gives it: plain data. `WalkBatch.walk(_:)` writes it out as a `Walk`.
public struct WalkRecord: Sendable {
    public var identifier: WalkIdentifier
    /// The walk that this one replies to.
    public var answers: WalkIdentifier?
    /// The walk that replies to this one, where that ended first and so did not know of it.
    public var answeredBy: WalkIdentifier?
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    public var startNanoseconds: Int64
    public var endNanoseconds: Int64
    public var outcome: Walk.Outcome
    public var cutOff: Walk.Edge?
    var edges: WalkEdges = []
    /// One packet of so many was looked at as it ended.
    var sampledOneOf: UInt32 = 1
    /// See `WalkWitness`.
    var isAtReceiver = false
    var stepStart: Int
    var stepCount: Int
    /// The step where it ended, counted from `stepStart`; -1 where it never began.
    var lastStep: Int
    var stop: Int = -1
    var lossStart: Int = 0
    var lossCount: Int = 0
    /// Index of what few walks have; -1 for nothing.
    var extra: Int = -1

    /// How many sightings the walk rests on.
    public var observationCount: Int
}

/// What few walks have: the rules they met, the only word of a packet that nobody saw.
struct WalkExtra: Sendable {
    var rules: [RuleEvent] = []
    var failure: SendFailure?
    var onlyDrop: DropEvent?
    /// As its sender's socket sent it, where its first sighting comes after translations of the sender's own.
    var sent: FlowKey?
}

/// One observed hop of a walk record.
struct Step: Sendable {
    /// `detail` counts in the batch's details.
    var sighting: Sighting
    /// From the walk's start.
    var offsetNanoseconds: Int64
    /// Step of the same walk; -1 for the first.
    var parent: Int32
    /// How many packets carry it here: fragments, or segments.
    var segments: Int32
    /// How many packets were put together to this one, of which the walk's may be only one; 0 for none.
    var mergedFrom: Int32 = 0
    var confidence: Confidence
    var joint: JoinEvidence
}

/// Walks that ended, with all that is needed to write them out; independent of the engine it came from.
public struct WalkBatch: Sendable {
    public internal(set) var records: [WalkRecord] = []
    var steps: ContiguousArray<Step> = []
    var details: [PacketDetail] = []
    var extras: [WalkExtra] = []
    var stops: [Stop] = []
    var losses: [Loss] = []
    var context: WalkContext?
    /// Of an engine that keeps sightings, by `stepStart`: all that a walk rests on, where several sightings are one step.
    var members: [Int: [Sighting]] = [:]

    public init() {}

    func detail(of step: Step) -> PacketDetail? {
        step.sighting.detail >= 0 ? details[Int(step.sighting.detail)] : nil
    }

    /// Of an ICMP error, the flow that conntrack knows it by: that of the packet it quotes, turned round; else nil.
    @inline(__always)
    func quotedFlow(of step: Int) -> FlowKey? {
        let detail = steps[step].sighting.detail
        guard detail >= 0, steps[step].sighting.has(Sighting.quotesPacket) else { return nil }
        return details[Int(detail)].quotedFlow
    }

    func extra(of record: WalkRecord) -> WalkExtra {
        record.extra >= 0 ? extras[record.extra] : WalkExtra()
    }

    mutating func add(_ extra: WalkExtra, to record: inout WalkRecord) {
        record.extra = extras.count
        extras.append(extra)
    }

    public var isEmpty: Bool { records.isEmpty }

    /// Empties it but keeps its memory.
    mutating func removeAll() {
        records.removeAll(keepingCapacity: true)
        steps.removeAll(keepingCapacity: true)
        details.removeAll(keepingCapacity: true)
        extras.removeAll(keepingCapacity: true)
        stops.removeAll(keepingCapacity: true)
        losses.removeAll(keepingCapacity: true)
        context = nil
        if !members.isEmpty { members.removeAll() }
    }

    /// The walk in the contract's form. Costs strings and arrays: ask only for walks that are shown.
    public func walk(_ record: WalkRecord) -> Walk {
        WalkBuilder(batch: self, record: record).walk()
    }

    /// Its walks, to be written out later.
    public var unwritten: [UnwrittenWalk] {
        records.map { UnwrittenWalk(batch: self, record: $0) }
    }

    public func walks() -> [Walk] {
        records.map(walk)
    }

    /// Orders the records from `start` on by start and identifier.
    mutating func order(from start: Int) {
        guard records.count - start > 1 else { return }
        // Cohorts end in the order of their beginning, so mostly there is nothing to do.
        var isInOrder = true
        for index in (start + 1)..<records.count
        where (records[index].startNanoseconds, records[index].identifier)
            < (records[index - 1].startNanoseconds, records[index - 1].identifier)
        {
            isInOrder = false
            break
        }
        if isInOrder { return }
        records[start...].sort {
            ($0.startNanoseconds, $0.identifier) < ($1.startNanoseconds, $1.identifier)
        }
    }
}
