public import WalkModel
public import Observations

/// Joins observations to walks. Takes the events of a run or a recording in order, gives each walk once it is over.
///
/// A pure function of the sequence of events: the same events give the same walks, byte for byte. Time passes by
/// `.watermark` alone.
///
/// ```swift
/// var engine = WalkEngine()
/// for event in batch.events { engine.take(event) }
/// for walk in engine.finishedWalks() { print(walk.summary, walk.outcome) }
/// ```
///
/// It is never copied: it holds all that is open.
///
/// Cost: an observation is hashed and copied once when it comes and looked at again when its walk ends. Memory follows
/// the packets in flight (those seen within the quiet time, and those that a queue may hold), and is capped by
/// `Options.sightingLimit`.
public struct WalkEngine: ~Copyable, Sendable {
    public struct Options: Sendable {
        /// A walk is over once its packet was seen nowhere for this long.
        public var quietNanoseconds: Int64 = 250_000_000
        /// A packet that was last seen where a queue follows is held to wait there for this long, if nothing says
        /// otherwise: longer than neighbour discovery takes to give up.
        public var queueNanoseconds: Int64 = 3_500_000_000
        /// Observations held for open walks; past it the oldest walks end early, and are counted.
        public var sightingLimit = 262_144
        /// Observations of packets that look alike which wait for a quiet moment before they are told apart anyway.
        public var cohortLimit = 4096
        /// Conntrack's tuples held, four for each translated flow.
        public var translationLimit = 1 << 20
        public var routeLimit = 65_536
        /// Drops and rule events held for open walks.
        public var noteLimit = 65_536
        /// Comparisons spent on joining translated packets that look alike, where conntrack says nothing.
        public var comparisonLimit = 250_000
        /// Comparisons that are there beside those that events earn (`WorkBudget`): four times what a hundred senders of
        /// equal packets ask for at once, and less than half a second's.
        public var comparisonReserve = 1 << 25

        /// `WalkBatch.sightings(of:)` tells of each sighting that a walk rests on.
        public var keepsSightings = false
        /// For tests: where false, what is known of packets of one shape is worked out anew for each.
        var remembersArrangements = true

        public init() {}
    }

    public struct Statistics: Sendable, Equatable {
        /// Observations taken.
        public var observations = 0
        /// Observations without a label or from an undeclared vantage point.
        public var ignored = 0
        /// Observations of walks that the filter left out.
        public var filtered = 0
        public var walks = 0
        /// Groups of observations ended early because too many were open.
        public var forced = 0
        /// Drops and rule events that could not be held.
        public var ignoredNotes = 0
        /// Comparisons spent on telling packets apart and putting their sightings into order.
        public var comparisons = 0
        /// Observations, groups of them and keys of groups that are held.
        public var openRecords = 0
    }

    private var core: EngineCore

    public init(options: Options = Options()) {
        core = EngineCore(options: options)
    }

    /// Takes one event.
    public mutating func take(_ event: Event) {
        core.take(event)
    }

    /// Takes one observation: `take(.packet(…))` without the wrapping.
    public mutating func take(_ observation: borrowing Observation) {
        core.take(observation)
    }

    /// Takes a batch.
    public mutating func take(_ batch: EventBatch) {
        for event in batch.events { core.take(event) }
    }

    /// The walks that have ended by what was taken so far, in the order of their ending and then of their start.
    public mutating func finishedWalks() -> [Walk] {
        finishedBatch().walks()
    }

    /// No more events: every open walk ends.
    public mutating func finish() -> [Walk] {
        finishBatch().walks()
    }

    /// As `finishedWalks`, as plain records: for whoever counts and filters, and writes out few.
    public mutating func finishedBatch() -> WalkBatch {
        var batch = WalkBatch()
        core.drain(into: &batch)
        return batch
    }

    /// As `finishedBatch()`, in place of what `batch` held: whoever gives the same one again and again saves the
    /// memory's coming and going.
    public mutating func finishedBatch(into batch: inout WalkBatch) {
        core.drain(into: &batch)
    }

    /// As `finish`, as plain records.
    ///
    /// - Parameter hasTime: asked now and then; once it says no, what is still open gives no walk.
    public mutating func finishBatch(while hasTime: () -> Bool = { true }) -> WalkBatch {
        core.finish(while: hasTime)
        return finishedBatch()
    }

    public var statistics: Statistics {
        var statistics = core.writer.statistics
        statistics.comparisons = core.budget.spent
        statistics.openRecords = core.groups.openRecords
        return statistics
    }
}
