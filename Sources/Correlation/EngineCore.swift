internal import WalkModel
import Observations
import Network
import Wire

/// The state of a `WalkEngine`: takes events, and has label groups end when their time has come.
///
/// Each step is a type of its own, that is given what it looks at and gives what it found:
///
/// 1. `LabelGroups` gathers what shares a label, and says which groups have gone quiet.
/// 2. `GroupFlows`, `LookalikeMatcher` and `TranslationGuess` tell the packets of a group apart (`EngineCore+Resolving`);
///    forms of a TCP packet that was cut or put together are found by `EngineCore+Segments`.
/// 3. `Arranger` orders each packet's sightings into a tree.
/// 4. `WalkWriter` writes it as a walk, with the `Outcome` that its sightings and the rest of the evidence give.
/// 5. `Replies` pairs it with what it answers.
///
/// [Decision 6](../../docs/decisions/0006-correlation.md) is the specification.
struct EngineCore: ~Copyable {
    let options: WalkEngine.Options
    var groups: LabelGroups
    var state: StreamState
    var surroundings = Surroundings(Places())
    var arranger: Arranger
    /// How groups of one shape were told apart.
    var partitions = ShapeMemo<PacketPartition.Told>()
    var writer: WalkWriter
    var replies = Replies()
    var segments = DeferredSegments()
    private var attempts = ConnectionAttempts()
    /// Failed calls that are told of before the packets of their time.
    private var failures: [SendFailure] = []
    /// By number of a group whose packet may be held in a queue, what its answers would look like.
    var awaited: [Int32: Replies.Keys] = [:]
    /// What comparing may cost.
    var budget: WorkBudget
    /// Drops, rules and the like that were taken.
    private var eventCount = 0
    var workspace = Workspace()
    private var places = Places()
    /// Vantage points or the topology changed since `surroundings` was made.
    private var placesAreStale = false
    private var routes: [RouteKey: RouteDecision] = [:]
    private var context: WalkContext?

    struct RouteKey: Hashable {
        var namespace: String
        var tuple: FlowTuple
    }

    /// What the steps of resolving a group hand on, kept from group to group for its capacity: nothing in it is read
    /// before the step at hand has written it.
    struct Workspace: ~Copyable {
        /// The group's sightings, as indexes in `LabelGroups`.
        var members: ContiguousArray<Int32> = []
        var flows = GroupFlows()
        var group = SightingGroup()
        var matcher = LookalikeMatcher()
        var guess = TranslationGuess()
        var partition = PacketPartition()
        var shape = PartitionShape()
        var joins: ContiguousArray<Join> = []
        var arrangement = Arrangement()
    }

    init(options: WalkEngine.Options) {
        self.options = options
        groups = LabelGroups(quietNanoseconds: options.quietNanoseconds)
        state = StreamState(
            quietNanoseconds: groups.quietNanoseconds, queueNanoseconds: options.queueNanoseconds,
            translationLimit: options.translationLimit)
        budget = WorkBudget(reserve: options.comparisonReserve)
        arranger = Arranger(remembers: options.remembersArrangements)
        writer = WalkWriter(keepsSightings: options.keepsSightings)
    }

    // MARK: Taking

    mutating func take(_ observation: borrowing Observation) {
        if placesAreStale { settlePlaces() }
        let place = surroundings.places.place(of: observation.vantage.rawValue)
        guard place >= 0, observation.headers.label != 0, observation.headers.network != .other else {
            writer.statistics.ignored += 1
            return
        }
        writer.statistics.observations += 1
        state.see(observation, at: surroundings.places.places[Int(place)])
        attempts.see(observation.headers)
        let isTunnelled = observation.headers.tunnelKind != .none
        let quotesPacket = observation.headers.flags.contains(.quotesPacket)
        let detail = isTunnelled || quotesPacket ? keepDetail(observation) : -1
        groups.insert(observation, place: place, detail: detail, key: GroupKey.of(observation.headers))
        if observation.headers.datagramStart != 0 {
            groups.note(
                GroupKey.ofStart(observation.headers), of: GroupKey.of(observation.headers),
                label: observation.headers.label, isFragment: observation.headers.isFragment)
        }
        let mayBeTunnels = UInt64(observation.headers.fragmentOffset) | observation.headers.tunnelFragmentKey
        if mayBeTunnels != 0 {
            state.tunnelFragments.take(
                observation.headers, observation.timeNanoseconds, at: place, limit: options.noteLimit)
        }
        if groups.openSightings > options.sightingLimit { forceSome() }
    }

    private mutating func keepDetail(_ observation: borrowing Observation) -> Int32 {
        let headers = observation.headers
        if headers.quotedLabel != 0 {
            state.take(
                PacketError(headers, observation.timeNanoseconds), quoting: headers.quotedLabel,
                limit: options.noteLimit)
        }
        return groups.keep(PacketDetail(headers))
    }

    mutating func take(_ event: Event) {
        switch event {
        case .packet(let observation):
            take(observation)
        case .watermark(let time):
            if placesAreStale { settlePlaces() }
            advance(to: time)
        case .vantage(let identifier, let point):
            if places.declare(identifier, point) { placesAreStale = true }
        case .topology(let topology, let time):
            places.replace(topology, at: time)
            placesAreStale = true
        case .flow(let flow):
            if placesAreStale { settlePlaces() }
            state.take(flow, in: surroundings.places.area(named: flow.namespace))
        case .route(let decision):
            if routes.count >= options.routeLimit { routes.removeAll(keepingCapacity: true) }
            routes[RouteKey(namespace: decision.namespace, tuple: decision.tuple)] = decision
            context = nil
        case .rule(let rule):
            state.take(rule, in: surroundings.places.area(named: rule.namespace))
            take(.rule(rule), headers: rule.headers, timeNanoseconds: rule.timeNanoseconds)
        case .drop(let drop):
            take(.drop(drop), headers: drop.headers, timeNanoseconds: drop.timeNanoseconds)
        case .sendFailure(let failure):
            failures.append(failure)
        case .loss(let loss):
            state.take(loss)
        case .sampling(let change):
            state.sample = change.share
        case .counters, .name:
            break
        }
    }

    /// A run declares its vantage points one by one, hundreds of them: what follows from them is worked out once.
    private mutating func settlePlaces() {
        placesAreStale = false
        places.rebuild()
        surroundings = Surroundings(places)
        arranger.forget()
        partitions.removeAll()
        context = nil
        state.reserve(namespaces: places.areas.count)
        workspace.flows.reserve(places: places.places.count)
    }

    private mutating func take(_ event: PacketEvent, headers: PacketHeadersRecord, timeNanoseconds: Int64) {
        eventCount += 1
        guard headers.label != 0, groups.openEvents < options.noteLimit else {
            writer.statistics.ignoredNotes += 1
            return
        }
        var key = headers.label
        if !groups.isOpen(key: key), let datagram = GroupKey.ofDatagram(headers), groups.isOpen(key: datagram) {
            key = datagram
        }
        groups.insert(event, key: key, timeNanoseconds: timeNanoseconds)
    }

    // MARK: Time

    private mutating func advance(to time: Int64) {
        guard time > state.watermark else { return }
        state.watermark = time
        budget.earn(events: writer.statistics.observations + eventCount)
        writeFailures(until: time)
        while let ended = groups.nextEnded(watermark: time) {
            let start = writer.batch.records.count
            var number = ended.head
            while number >= 0 {
                let next = groups.nextInBucket(number)
                end(number, by: ended.timeNanoseconds)
                number = next
            }
            settleDeferred(by: ended.timeNanoseconds)
            finishRecords(from: start)
        }
        state.forget(before: time)
    }

    /// Writes the failed calls up to a time whose packets nobody saw: an error that came back for a packet is told of by
    /// that packet's walk.
    private mutating func writeFailures(until time: Int64) {
        guard !failures.isEmpty else { return }
        let (until, overflows) = time.subtractingReportingOverflow(Self.stampingNanoseconds)
        let due = time == .max ? .max : overflows ? .min : until
        for failure in failures
        where failure.timeNanoseconds <= due && !attempts.hold(failure) && !isSeen(failure) {
            writer.write(failure)
        }
        failures.removeAll { $0.timeNanoseconds <= due }
    }

    private mutating func end(_ number: Int32, by time: Int64) {
        let group = groups.groups[Int(number)]
        let quiet = groups.quietNanoseconds
        guard group.lastNanoseconds + quiet > time else {
            resolve(number, by: time, force: true)
            return
        }
        // Still busy. Wait for it, unless packets that look alike keep it busy for ever.
        let isFresh = group.firstNanoseconds + 4 * quiet > time || QueueHold.hasGoneOn(group)
        if isFresh, group.count < options.cohortLimit {
            groups.enqueue(number, deadline: group.lastNanoseconds + quiet)
            return
        }
        resolve(number, by: time, force: false)
    }

    /// Too many sightings wait: the oldest groups end now, whole or not.
    private mutating func forceSome() {
        budget.earn(events: writer.statistics.observations + eventCount)
        let start = writer.batch.records.count
        let target = options.sightingLimit - options.sightingLimit / 32
        while groups.openSightings > target, let count = forceOldest() { writer.statistics.forced += count }
        finishRecords(from: start)
    }

    /// Ends the groups of the earliest bucket.
    /// - Returns: how many; nil where nothing is open.
    private mutating func forceOldest() -> Int? {
        var number = groups.nextForced()
        if number < 0 { return nil }
        var count = 0
        while number >= 0 {
            let next = groups.nextInBucket(number)
            count += 1
            resolve(number, by: .max, force: true)
            number = next
        }
        settleDeferred(by: .max)
        return count
    }

    mutating func finish(while hasTime: () -> Bool) {
        if placesAreStale { settlePlaces() }
        advance(to: state.watermark)
        writeFailures(until: .max)
        budget.earn(events: writer.statistics.observations + eventCount)
        state.isClosing = true
        while hasTime() {
            let start = writer.batch.records.count
            if forceOldest() == nil { break }
            finishRecords(from: start)
        }
    }

    private mutating func finishRecords(from start: Int) {
        writer.batch.order(from: start)
        replies.pair(from: start, in: &writer.batch)
    }

    /// Exchanges the batch for `spent`, whose memory the next one uses.
    mutating func drain(into spent: inout WalkBatch) {
        spent.removeAll()
        swap(&writer.batch, &spent)
        if placesAreStale { settlePlaces() }
        if context == nil { context = WalkContext(places: places, routes: routes) }
        spent.context = context
    }
}
