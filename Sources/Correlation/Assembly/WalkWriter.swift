internal import WalkModel
import Observations
import Wire

/// Writes arranged packets to the batch of walks that have ended.
struct WalkWriter: ~Copyable {
    var batch = WalkBatch()
    var statistics = WalkEngine.Statistics()
    /// For tests: `WalkBatch.members` is filled.
    private let keepsSightings: Bool

    init(keepsSightings: Bool) { self.keepsSightings = keepsSightings }

    /// Writes the packet in `packet` (indexes in `groups`), as arranged.
    ///
    /// - Parameter events: of its label group; those that are about it are taken out.
    /// - Returns: false where it was not written, since it must be whole and is not.
    @discardableResult
    mutating func write(
        _ packet: ContiguousArray<Int32>, _ arrangement: borrowing Arrangement, _ context: PacketContext,
        _ events: inout GroupEvents, from groups: borrowing LabelGroups, near surroundings: Surroundings,
        _ state: borrowing StreamState
    ) -> Bool {
        var flags: UInt16 = 0
        for index in packet { flags |= groups.sightings[Int(index)].flags }
        let isWanted = flags & Sighting.matchesFilter != 0
        guard isWanted || context.mustBeWhole else {
            statistics.filtered += packet.count
            return true
        }
        let start = batch.steps.count
        let detailStart = batch.details.count
        let base = arrangement.nodes[Int(arrangement.order[0])].timeNanoseconds
        writeSteps(packet, arrangement, context, base: base, from: groups, state)
        var end =
            context.end.map { PacketEnd(step: Int(arrangement.nodes[Int($0.position)].step), ending: $0.ending) }
            ?? PacketEnd(from: start, of: batch, near: surroundings, state)
        if context.mustBeWhole,
            end.ending == .lost || !isWanted
                || PacketEnd.beginsMidway(batch.steps[start].sighting, near: surroundings, state)
                || surroundings.hasHole(arrangement)
        {
            batch.steps.removeLast(batch.steps.count - start)
            batch.details.removeLast(batch.details.count - detailStart)
            return false
        }
        end.weigh(
            hasFragments: flags & Sighting.isFragment != 0, bytesGoOn: context.bytesGoOn,
            hasLookalikes: context.hasLookalikes,
            lastNanoseconds: arrangement.lastNanoseconds, from: start, of: batch, near: surroundings, state)
        let ended = EndedPacket(
            steps: start..<batch.steps.count, end: end, startNanoseconds: base,
            endNanoseconds: base + batch.steps[start + end.step].offsetNanoseconds)
        let first = batch.steps[start].sighting
        let sent = SentFlow.of(first, near: surroundings, state)
        var record = WalkRecord(
            identifier: WalkIdentifier(
                label: first.label, flow: sent ?? first.flowKey, ordinal: context.ordinal),
            startNanoseconds: base, endNanoseconds: ended.endNanoseconds, outcome: end.ending.outcome,
            stepStart: start, stepCount: ended.steps.count, lastStep: end.step, observationCount: packet.count)
        record.cutOff = end.cutOff
        record.edges = end.edges
        record.isAtReceiver = end.ending == .arrived
        record.sampledOneOf = state.sample.oneOf
        if end.cutOff != nil { batch.steps[ended.lastStep].confidence = .weak }
        if !events.isEmpty || !state.isPlain {
            let outcome = Outcome.of(ended, in: batch, events, context, near: surroundings, state)
            events.take(outcome.taken)
            add(outcome, to: &record)
        }
        if let sent { add(sent, to: &record) }
        statistics.walks += 1
        if keepsSightings { batch.members[start] = packet.map { groups.sightings[Int($0)] } }
        batch.records.append(record)
        return true
    }

    private mutating func add(_ sent: FlowKey, to record: inout WalkRecord) {
        var extra = batch.extra(of: record)
        extra.sent = sent
        batch.add(extra, to: &record)
    }

    private mutating func add(_ outcome: Outcome, to record: inout WalkRecord) {
        record.outcome = outcome.result
        record.cutOff = outcome.cutOff
        record.isAtReceiver = outcome.isAtReceiver
        if !outcome.rules.isEmpty { batch.add(WalkExtra(rules: outcome.rules), to: &record) }
        if let stop = outcome.stop {
            record.stop = batch.stops.count
            batch.stops.append(stop)
        }
        if outcome.isUncertain { batch.steps[record.stepStart + max(0, record.lastStep)].confidence = .weak }
        record.lossStart = batch.losses.count
        record.lossCount = outcome.losses.count
        batch.losses.append(contentsOf: outcome.losses)
    }

    // MARK: Steps

    private mutating func writeSteps(
        _ packet: ContiguousArray<Int32>, _ arrangement: borrowing Arrangement, _ context: PacketContext, base: Int64,
        from groups: borrowing LabelGroups, _ state: borrowing StreamState
    ) {
        let start = batch.steps.count
        let isOfSegments = !context.mergedFrom.isEmpty
        for index in arrangement.order.indices {
            let position = Int(arrangement.order[index])
            let member = Int(packet[position])
            let parent = Int(arrangement.nodes[position].parent)
            var join = context.joins.isEmpty ? Join() : context.joins[position]
            if isOfSegments, parent >= 0 {
                join = Join(ofSegment: groups.sightings[Int(packet[parent])], groups.sightings[member])
            }
            var step: Int32 = -1
            if parent >= 0 {
                step = arrangement.nodes[parent].step
                tie(
                    groups.sightings[member], toStep: start + Int(step), score: arrangement.nodes[position].score,
                    state.translations, &join)
            }
            batch.steps.append(
                Step(
                    sighting: groups.sightings[member],
                    offsetNanoseconds: max(0, arrangement.nodes[position].timeNanoseconds - base), parent: step,
                    segments: arrangement.nodes[position].segments,
                    mergedFrom: isOfSegments ? context.mergedFrom[position] : 0,
                    confidence: join.confidence, joint: join.evidence))
            let detail = groups.sightings[member].detail
            if detail >= 0 {
                batch.steps[start + index].sighting.detail = Int32(batch.details.count)
                var kept = groups.details[Int(detail)]
                if kept.tunnelFragmentKey != 0 {
                    let place = Int32(bitPattern: groups.sightings[member].vantage)
                    kept.tunnelFragments = state.tunnelFragments.count(kept, at: place)
                }
                batch.details.append(kept)
            }
        }
    }

    /// Says what joins a sighting to the step before it, beside what joined it to the packet.
    @inline(__always)
    private func tie(
        _ sighting: borrowing Sighting, toStep before: Int, score: Int32, _ translations: borrowing TranslationTable,
        _ join: inout Join
    ) {
        if score >= Precedence.adjacent {
            join.evidence.insert(.neighbourhood)
        } else {
            join.evidence.insert(.time)
            if score < Precedence.near, join.confidence == .exact { join.confidence = .strong }
        }
        let identification = sighting.identification
        if identification != 0, identification == batch.steps[before].sighting.identification {
            join.evidence.insert(.identification)
        }
        if !translations.isEmpty {
            let from = batch.steps[before].sighting.flowKey
            let to = sighting.flowKey
            if from != to, translations.links(from, to, namespace: -1) { join.evidence.insert(.conntrack) }
        }
        if sighting.kernelIdentity != 0, sighting.kernelIdentity == batch.steps[before].sighting.kernelIdentity {
            join.evidence.insert(.kernel)
            join.confidence = .exact
        }
        if sighting.clock == .arrival,
            batch.steps[before].sighting.timeNanoseconds / 1000 == sighting.timeNanoseconds / 1000
        {
            join.evidence.insert(.arrival)
        }
    }
}
