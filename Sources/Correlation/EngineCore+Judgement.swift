internal import WalkModel
import Observations
import Network
import Wire

/// How a walk ended, and its writing to the batch.
extension EngineCore {
    /// What became of the packet where it was last seen.
    enum Ending: Int, Comparable {
        /// A copy that was meant for somebody else.
        case copy
        case lost
        case left
        case delivered

        static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// Writes the packet in `packet` (indexes in the store), as arranged, to the batch.
    ///
    /// - Parameters:
    ///   - isPlain: nothing but the label was needed to join its sightings: `joinOf` says no more.
    ///   - mayWait: a stretch of a TCP stream that began or ended on its way is not written.
    ///   - end: the position of the sighting where it ended, and how, where that is not for its last leaf to say.
    /// - Returns: false where it was not written.
    @discardableResult
    mutating func emit(
        _ packet: ContiguousArray<Int32>, cohort: Int32, ordinal: UInt32, isPlain: Bool, mayWait: Bool = false,
        end: (position: Int32, ending: Ending)? = nil
    ) -> Bool {
        var flags: UInt16 = 0
        for index in packet { flags |= store.sightings[Int(index)].flags }
        let isWanted = flags & Sighting.matchesFilter != 0
        guard isWanted || mayWait else {
            statistics.filtered += packet.count
            return true
        }
        let stepStart = batch.steps.count
        let detailStart = batch.details.count
        let base = arrangement.nodes[Int(arrangement.order[0])].timeNanoseconds
        writeSteps(packet, base: base, isPlain: isPlain)
        let stepCount = batch.steps.count - stepStart
        var (last, ending) = lastStep(stepStart)
        if let end {
            last = Int(arrangement.nodes[Int(end.position)].step)
            ending = end.ending
        }
        if mayWait,
            ending == .lost || !isWanted || isOfDeferred(batch.steps[stepStart].sighting)
                || beginsMidway(batch.steps[stepStart].sighting) || hasHole(packet)
        {
            batch.steps.removeLast(stepCount)
            batch.details.removeLast(batch.details.count - detailStart)
            return false
        }
        if flags & Sighting.isFragment != 0, ending != .lost, let stayed = lastOfAllFragments(stepStart, before: last) {
            last = stayed
            ending = .lost
        }
        if ending == .lost, bytesGoOn { ending = .left }
        let cutOff = ending == .lost ? cutOff(packet, first: batch.steps[stepStart].sighting) : nil
        if cutOff != nil {
            ending = .left
            batch.steps[stepStart + last].confidence = .weak
        }
        let endOffset = batch.steps[stepStart + last].offsetNanoseconds
        let label = batch.steps[stepStart].sighting.label
        var record = WalkRecord(
            identifier: WalkIdentifier(label: label, flow: batch.steps[stepStart].sighting.flowKey, ordinal: ordinal),
            startNanoseconds: base, endNanoseconds: base + endOffset,
            outcome: ending == .delivered ? .delivered : ending == .left ? .left : .lost, stepStart: stepStart,
            stepCount: stepCount, lastStep: last, observationCount: packet.count)
        record.cutOff = cutOff
        if store.cohorts[Int(cohort)].notes >= 0 {
            applyNotes(cohort, &record)
        }
        if !errors.isEmpty, let error = errors[label] {
            apply(error, &record)
        }
        if !losses.isEmpty { applyLosses(&record) }
        if !rulesHeard.isEmpty { applyRuleGaps(&record) }
        statistics.walks += 1
        if options.keepsMembers { keepMembers(packet, of: stepStart) }
        batch.records.append(record)
        return true
    }

    @inline(never)
    private mutating func keepMembers(_ packet: ContiguousArray<Int32>, of stepStart: Int) {
        batch.members[stepStart] = packet.map { store.sightings[Int($0)] }
    }

    private mutating func writeSteps(_ packet: ContiguousArray<Int32>, base: Int64, isPlain: Bool) {
        let start = batch.steps.count
        for index in arrangement.order.indices {
            let position = Int(arrangement.order[index])
            let member = Int(packet[position])
            let parent = Int(arrangement.nodes[position].parent)
            var join = isPlain ? Join() : joinOf[position]
            if isOfParts, parent >= 0 {
                join = Self.joinOfParts(store.sightings[Int(packet[parent])], store.sightings[member])
            }
            var step: Int32 = -1
            if parent >= 0 {
                step = arrangement.nodes[parent].step
                tie(member, toStep: start + Int(step), score: arrangement.nodes[position].score, &join)
            }
            batch.steps.append(
                Step(
                    sighting: store.sightings[member],
                    offsetNanoseconds: max(0, arrangement.nodes[position].timeNanoseconds - base), parent: step,
                    segments: arrangement.nodes[position].segments, mergedFrom: isOfParts ? mergedFrom[position] : 0,
                    confidence: join.confidence, joint: join.joint))
            let detail = store.sightings[member].detail
            if detail >= 0 {
                batch.steps[start + index].sighting.detail = Int32(batch.details.count)
                batch.details.append(store.details[Int(detail)])
            }
        }
    }

    /// Says what joins a sighting to the step before it. Mutating, though it changes nothing: the engine would be copied
    /// for it otherwise, with all its references, for each step.
    @inline(__always)
    private mutating func tie(_ member: Int, toStep before: Int, score: Int32, _ join: inout Join) {
        if score >= Precedence.adjacent {
            join.joint.insert(.neighbourhood)
        } else {
            join.joint.insert(.time)
            if score < 20_000, join.confidence == .exact { join.confidence = .strong }
        }
        let identification = store.sightings[member].identification
        if identification != 0, identification == batch.steps[before].sighting.identification {
            join.joint.insert(.identification)
        }
        if !translations.isEmpty {
            let from = batch.steps[before].sighting.flowKey
            let to = store.sightings[member].flowKey
            if from != to, translations.links(from, to, namespace: -1) { join.joint.insert(.conntrack) }
        }
        if store.sightings[member].clock == .arrival,
            batch.steps[before].sighting.timeNanoseconds / 1000 == store.sightings[member].timeNanoseconds / 1000
        {
            join.joint.insert(.arrival)
        }
    }

    // MARK: Where it ended

    /// Nanoseconds. What is seen later of a packet comes no later than this, readers that lag behind included.
    private static let edge: Int64 = 100_000_000

    /// The edge of the stream behind which the rest of a packet may lie that was not seen to arrive.
    @inline(never)  // Closures that look at the engine would have it copied wherever this were inlined.
    private func cutOff(_ packet: ContiguousArray<Int32>, first: Sighting) -> Walk.Edge? {
        if isClosing {
            let last = packet.reduce(Int64.min) { max($0, store.sightings[Int($1)].timeNanoseconds) }
            if watermark < last || watermark - last < Self.edge { return .end }
        }
        return first.timeNanoseconds - beginning < Self.edge && beginsMidway(first) ? .beginning : nil
    }

    /// Of a packet last seen as fragments, the last step where there were more of them: the others stayed behind, so
    /// that it is never put together. Nil where none is missing.
    @inline(never)
    private func lastOfAllFragments(_ start: Int, before last: Int) -> Int? {
        let end = batch.steps[start + last]
        guard end.sighting.has(Sighting.isFragment) else { return nil }
        return (0..<last).last { index in
            let step = batch.steps[start + index]
            return step.sighting.has(Sighting.isFragment) && step.segments > end.segments
                && step.sighting.identification == end.sighting.identification
        }
    }

    /// The leaf that got farthest; of equals the last.
    private func lastStep(_ start: Int) -> (Int, Ending) {
        var best = arrangement.order.count - 1
        var bestEnding = Ending.copy
        var isFirst = true
        for index in arrangement.order.indices where !arrangement.nodes[Int(arrangement.order[index])].hasChild {
            let ending = self.ending(batch.steps[start + index].sighting)
            if isFirst || ending >= bestEnding {
                best = index
                bestEnding = ending
                isFirst = false
            }
        }
        return (best, bestEnding)
    }

    func ending(_ sighting: Sighting) -> Ending {
        let place = places.places[Int(sighting.vantage)]
        let area = places.areas[Int(place.namespace)]
        switch place.phase {
        case .socketIn:
            return .delivered
        case .linkIn, .bridgeIn, .prerouting, .bridgedPrerouting, .input:
            if sighting.isEncapsulated { return .lost }
            return arrived(sighting, place, area)
        case .linkOut, .bridgeOut:
            return isFarEndVisible(place) ? .lost : .left
        case .postrouting, .output:
            return watchesLinksOut(area) ? .lost : .left
        case .forward:
            return area.watchesOut ? .lost : .left
        case .socketOut:
            return .lost
        }
    }

    private func watchesLinksOut(_ area: Area) -> Bool {
        for device in area.devices where places.devices[Int(device)].vantageOut >= 0 { return true }
        return false
    }

    private func isFarEndVisible(_ place: Place) -> Bool {
        guard place.device >= 0 else { return false }
        let device = places.devices[Int(place.device)]
        if device.isLoopback { return device.vantageIn >= 0 }
        if device.isBridge || device.isTunnel {
            // Goes on by another device of the same namespace.
            return watchesLinksOut(places.areas[Int(place.namespace)])
        }
        if device.lower >= 0 { return places.devices[Int(device.lower)].vantageOut >= 0 }
        return device.peer >= 0 && places.devices[Int(device.peer)].vantageIn >= 0
    }

    /// Of a packet last seen on its way into a namespace.
    private func arrived(_ sighting: Sighting, _ place: Place, _ area: Area) -> Ending {
        let destination = sighting.destination
        let isBroadcast = destination.isMulticast || destination.isIPv4 && destination.low == 0xffff_ffff
        let holds = area.topologyIndex < 0 ? place.phase == .input : places.holds(destination, in: place.namespace)
        guard holds || isBroadcast else {
            guard area.topologyIndex >= 0 else { return .left }
            if place.device >= 0, sighting.has(Sighting.hasMACDestination) {
                let target = MACAddress(value: sighting.macDestination)
                let own = places.devices[Int(place.device)].mac
                if target.isGroup || own != 0 && target.value != own && !isBridged(place) { return .copy }
            }
            return .lost
        }
        if place.device >= 0 {
            let master = places.devices[Int(place.device)].master
            if master >= 0, places.devices[Int(master)].isBridge, places.devices[Int(master)].vantageIn >= 0 {
                return isBroadcast ? .copy : .lost
            }
        }
        if sighting.network != .arp, area.lastInputRank >= 0, place.rank < area.lastInputRank, !isBroadcast {
            // The hooks of this family are known to work here: a packet that had come to input would have been seen.
            let family: UInt8 = sighting.has(Sighting.isIPv6) ? 2 : 1
            if hooksSeen[Int(place.namespace)] & family != 0, !hasLostHooks(area, since: sighting) { return .lost }
        }
        return .delivered
    }

    /// Whether sightings at the hooks of a namespace were lost from then on: that one is missing proves nothing.
    private func hasLostHooks(_ area: Area, since sighting: Sighting) -> Bool {
        if losses.isEmpty { return false }
        let source = "nflog \(area.name)"
        return losses.contains { $0.source == source && $0.timeNanoseconds >= sighting.timeNanoseconds }
    }

    private func isBridged(_ place: Place) -> Bool {
        let device = places.devices[Int(place.device)]
        return device.isBridge || device.master >= 0
    }

    // MARK: Events that belong to it

    private mutating func applyNotes(_ cohort: Int32, _ record: inout WalkRecord) {
        var drop: (DropEvent, Int)?
        var verdict: RuleEvent?
        var rules: [RuleEvent] = []
        let range = record.stepStart..<record.stepStart + record.stepCount
        for (number, content) in openNotes where !usedNotes.contains(number) {
            switch content {
            case .drop(let event):
                guard
                    let step = fits(
                        event.headers, namespace: event.namespace, time: event.timeNanoseconds, range, record)
                else { continue }
                usedNotes.insert(number)
                if !isHealthy(event, record), drop == nil || step >= drop?.1 ?? 0 {
                    drop = (event, step)
                }
            case .rule(let event):
                guard fits(event.headers, namespace: event.namespace, time: event.timeNanoseconds, range, record) != nil
                else { continue }
                // Of packets that look alike each takes what was told at its own time.
                if !isOnlyPacket, event.timeNanoseconds > record.endNanoseconds + 20_000_000 { continue }
                usedNotes.insert(number)
                rules.append(event)
                if event.endsPacket, !isOfCopy(event, record) { verdict = event }
            }
        }
        if !rules.isEmpty { batch.add(WalkExtra(rules: rules), to: &record) }
        if drop == nil, verdict == nil { return }
        if record.outcome == .delivered, verdict == nil, drop?.0.namespace.map({ $0 != areaName(record) }) ?? false {
            // A copy of it was dropped elsewhere; this one arrived.
            return
        }
        var stop = Stop(namespace: drop?.0.namespace ?? verdict?.namespace ?? areaName(record), vantage: .drop)
        stop.device = drop?.0.device
        stop.reason = drop?.0.reason
        stop.location = drop?.0.location
        stop.rule = verdict?.reference
        if let step = drop?.1 ?? Optional(record.stepStart + max(0, record.lastStep)) {
            let place = places.places[Int(batch.steps[step].sighting.vantage)]
            if places.areas[Int(place.namespace)].name == stop.namespace {
                stop.hook = places.point(place).hook
                stop.stage = places.point(place).stage
                if stop.device == nil { stop.device = places.point(place).device }
            }
        }
        if let verdict {
            let base = baseChain(of: verdict)
            if let hook = verdict.hook ?? base?.hook {
                stop.hook = hook
                stop.stage = base.flatMap { WalkBuilder.stage($0.priority) }
            }
        }
        record.outcome = verdict?.verdict.hasPrefix("reject") ?? false ? .rejected : .dropped
        record.cutOff = nil
        record.stop = batch.stops.count
        batch.stops.append(stop)
    }

    private func areaName(_ record: WalkRecord) -> String {
        let step = batch.steps[record.stepStart + max(0, record.lastStep)]
        return places.areas[Int(places.places[Int(step.sighting.vantage)].namespace)].name
    }

    private func baseChain(of rule: RuleEvent) -> RuleChain? {
        places.namespace(places.area(named: rule.namespace))?.netfilter.chains.first {
            $0.family == rule.reference.family && $0.table == rule.reference.table
                && $0.name == rule.baseChain ?? rule.reference.chain
        }
    }

    /// Whether a rule ended another copy of the packet than the one that went on: this one was seen behind it.
    private func isOfCopy(_ rule: RuleEvent, _ record: WalkRecord) -> Bool {
        guard record.lastStep >= 0 else { return false }
        let place = places.places[Int(batch.steps[record.stepStart + record.lastStep].sighting.vantage)]
        let area = places.areas[Int(place.namespace)]
        switch record.outcome {
        case .delivered:
            return area.name != rule.namespace || place.phase == .input && place.rank >= area.lastInputRank
        case .left: return area.name != rule.namespace || place.phase == .linkOut
        default: return false
        }
    }

    /// The kernel frees packets in the course of healthy traffic, too.
    private func isHealthy(_ drop: DropEvent, _ record: WalkRecord) -> Bool {
        if DropReason.alwaysHealthy.contains(drop.reason) { return true }
        guard record.outcome == .delivered, record.lastStep >= 0 else { return false }
        if DropReason.healthyOnceDelivered.contains(drop.reason) { return true }
        let place = places.places[Int(batch.steps[record.stepStart + record.lastStep].sighting.vantage)]
        let area = places.areas[Int(place.namespace)]
        guard drop.namespace == nil || drop.namespace == area.name, place.phase == .input,
            place.rank >= area.lastInputRank
        else { return place.phase == .socketIn }
        return !DropReason.refusalsAfterInput.contains(drop.reason)
    }

    /// Nanoseconds from the last sighting of a packet to what may yet be told of it.
    private var patience: Int64 {
        // Of look-alikes, which one a late event speaks of can't be told.
        isOnlyPacket ? max(options.queueNanoseconds, 2 * store.quietNanoseconds) : 2 * store.quietNanoseconds
    }

    /// The last step that an event's packet matches; nil where it is none of this walk's.
    private func fits(
        _ headers: PacketHeadersRecord, namespace: String?, time: Int64, _ range: Range<Int>, _ record: WalkRecord
    ) -> Int? {
        guard time >= record.startNanoseconds - 5_000_000, time <= record.endNanoseconds + patience else { return nil }
        let key = FlowKey(headers.tuple)
        var found: Int?
        var isFlow = false
        for index in range {
            let sighting = batch.steps[index].sighting
            if sighting.flowKey == key { isFlow = true }
            let place = places.places[Int(sighting.vantage)]
            if namespace == nil ? sighting.flowKey == key : places.areas[Int(place.namespace)].name == namespace {
                found = index
            }
        }
        if let found { return isFlow || namespace != nil && range.count > 0 && sameCohortAlone ? found : nil }
        return isFlow ? range.upperBound - 1 : nil
    }

    /// Whether the cohort being ended holds one packet, so that every event with its label is its own.
    private var sameCohortAlone: Bool { keys.count <= 2 }

    private mutating func apply(_ error: PacketError, _ record: inout WalkRecord) {
        guard record.outcome == .lost || record.outcome == .dropped || record.cutOff != nil,
            error.timeNanoseconds >= record.startNanoseconds,
            error.timeNanoseconds <= record.endNanoseconds + patience
        else { return }
        if error.isRefusal {
            record.outcome = .rejected
        } else if error.isDiscard {
            record.outcome = .dropped
        } else {
            return
        }
        record.cutOff = nil
        if record.stop < 0 {
            let step = batch.steps[record.stepStart + max(0, record.lastStep)]
            let place = places.places[Int(step.sighting.vantage)]
            record.stop = batch.stops.count
            batch.stops.append(
                Stop(
                    namespace: places.areas[Int(place.namespace)].name, device: places.point(place).device,
                    vantage: .drop,
                    hook: places.point(place).hook, stage: places.point(place).stage,
                    reason: "ICMP\(error.isIPv6 ? "v6" : "") type \(error.type) code \(error.code) from \(error.source)"
                ))
        }
    }

    private mutating func applyLosses(_ record: inout WalkRecord) {
        record.lossStart = batch.losses.count
        for loss in losses where loss.timeNanoseconds >= record.startNanoseconds {
            // A source tells of its losses again and again: the walk has their sum.
            if let known = batch.losses[record.lossStart...].firstIndex(where: { $0.source == loss.source }) {
                batch.losses[known].lost += loss.lost
            } else {
                batch.losses.append(loss)
            }
        }
        record.lossCount = batch.losses.count - record.lossStart
        let lostSightings = batch.losses[record.lossStart...].contains { !$0.source.hasPrefix(Loss.ruleTracePrefix) }
        if lostSightings, record.outcome == .lost {
            batch.steps[record.stepStart + max(0, record.lastStep)].confidence = .weak
        }
    }

    // MARK: Walks without a sighting

    /// The drop of a packet that no vantage point saw, with the rules that it met. Rules alone make no walk: they are
    /// known by a sighting, and come here only where they come too late for it.
    mutating func emitNotes(_ contents: [CohortStore.Note.Content]) {
        var drop: DropEvent?
        var rules: [RuleEvent] = []
        for content in contents {
            switch content {
            case .drop(let event):
                // Nothing but the drop was seen: what can be healthy is taken to be.
                let isHarmless =
                    DropReason.alwaysHealthy.contains(event.reason)
                    || DropReason.healthyOnceDelivered.contains(event.reason)
                if !isHarmless { drop = event }
            case .rule(let event): rules.append(event)
            }
        }
        guard let drop else {
            statistics.ignoredNotes += rules.count
            return
        }
        let verdict = rules.last(where: \.endsPacket)
        var record = WalkRecord(
            identifier: WalkIdentifier(label: drop.headers.label, flow: FlowKey(drop.headers.tuple), ordinal: 0),
            startNanoseconds: drop.timeNanoseconds, endNanoseconds: drop.timeNanoseconds, outcome: .dropped,
            stepStart: 0, stepCount: 0, lastStep: -1, observationCount: 0)
        var stop = Stop(namespace: drop.namespace ?? verdict?.namespace, device: drop.device, vantage: .drop)
        stop.reason = drop.reason
        stop.location = drop.location
        stop.rule = verdict?.reference
        if let verdict {
            stop.hook = verdict.hook ?? baseChain(of: verdict)?.hook
            if verdict.verdict.hasPrefix("reject") { record.outcome = .rejected }
        }
        batch.add(WalkExtra(rules: rules, onlyDrop: drop), to: &record)
        record.stop = batch.stops.count
        batch.stops.append(stop)
        statistics.walks += 1
        batch.records.append(record)
    }

    mutating func emitUnsent(_ failure: SendFailure) {
        var record = WalkRecord(
            identifier: WalkIdentifier(
                label: UInt64(bitPattern: failure.timeNanoseconds), flow: FlowKey(failure.tuple), ordinal: 0),
            startNanoseconds: failure.timeNanoseconds, endNanoseconds: failure.timeNanoseconds, outcome: .unsent,
            stepStart: 0, stepCount: 0, lastStep: -1, observationCount: 0)
        batch.add(WalkExtra(failure: failure), to: &record)
        record.stop = batch.stops.count
        batch.stops.append(
            Stop(
                namespace: failure.namespace, vantage: .socket,
                reason: "\(failure.message) (errno \(failure.errorNumber))"))
        statistics.walks += 1
        batch.records.append(record)
    }
}
