internal import WalkModel
import Network
import Observations
import Wire

/// What became of a packet, and why: by its sightings, and by what the kernel, the rule trace and ICMP errors say of it.
///
/// A pure function of the packet and of the evidence.
struct Outcome {
    private(set) var result: Walk.Outcome
    private(set) var cutOff: Walk.Edge?
    /// Where it was stopped; nil where that is no more than its last step.
    private(set) var stop: Stop?
    /// The rules that it met.
    private(set) var rules: [RuleEvent] = []
    /// What was lost of the evidence: of sightings since its beginning, of rules by namespace.
    private(set) var losses: [Loss] = []
    /// Sightings were lost, so that the last one need not be the last.
    private(set) var isUncertain = false
    /// Positions in the group's events of those that were about this packet.
    private(set) var taken: Set<Int> = []
    /// It came to the device of its receiver, and nothing says what became of it there.
    private(set) var isAtReceiver: Bool
    /// What it counts as where something says more of a packet that was last seen at its receiver's device.
    private var assumed: Walk.Outcome { isAtReceiver ? .delivered : result }

    /// - Parameters:
    ///   - packet: its steps in `batch`, and where it ended by them.
    ///   - events: of its label group.
    static func of(
        _ packet: EndedPacket, in batch: borrowing WalkBatch, _ events: GroupEvents, _ context: PacketContext,
        near surroundings: Surroundings, _ state: borrowing StreamState
    ) -> Outcome {
        var outcome = Outcome(
            result: packet.end.ending.outcome, cutOff: packet.end.cutOff,
            isAtReceiver: packet.end.ending == .arrived)
        if !events.isEmpty { outcome.weigh(events, context, packet, batch, surroundings, state) }
        if !state.errors.isEmpty, let error = state.errors[batch.steps[packet.steps.lowerBound].sighting.label] {
            outcome.weigh(error, context, packet, batch, surroundings, state)
        }
        if !state.losses.isEmpty { outcome.weighLosses(packet, state) }
        if !state.tracedRules.isEmpty {
            RuleGaps.add(to: &outcome.losses, outcome.rules, packet, outcome.result, batch, surroundings, state)
        }
        return outcome
    }

    // MARK: Drops and rules

    private mutating func weigh(
        _ events: GroupEvents, _ context: PacketContext, _ packet: EndedPacket, _ batch: borrowing WalkBatch,
        _ surroundings: Surroundings, _ state: borrowing StreamState
    ) {
        let matcher = EventMatcher(packet: packet, context: context, surroundings: surroundings)
        var drop: (event: DropEvent, step: Int)?
        var verdict: RuleEvent?
        let lacksSightings = state.hasLostSightings(since: packet.startNanoseconds)
        for (number, event) in events.open.enumerated() {
            switch event {
            case .drop(let event):
                guard
                    let step = matcher.step(
                        of: event.headers, namespace: event.namespace, time: event.timeNanoseconds, batch, state)
                else { continue }
                taken.insert(number)
                if result == .lost || cutOff != nil || isAtReceiver, matcher.isOfSocket(event, step: step, batch) {
                    result = .delivered
                    cutOff = nil
                    isAtReceiver = false
                }
                if !matcher.isHealthy(event, step: step, outcome: assumed, lacksSightings: lacksSightings, batch),
                    drop == nil || step >= drop?.step ?? 0
                {
                    drop = (event, step)
                }
            case .rule(let event):
                guard
                    matcher.step(
                        of: event.headers, namespace: event.namespace, time: event.timeNanoseconds, batch, state) != nil
                else { continue }
                // Of packets that look alike each takes what came at its own time.
                if !context.isOnlyPacket, event.timeNanoseconds > packet.endNanoseconds + Self.ruleDelay { continue }
                taken.insert(number)
                rules.append(event)
                if event.verdict.endsPacket, !matcher.isOfCopy(event, outcome: assumed, batch) { verdict = event }
            }
        }
        if drop == nil, verdict == nil { return }
        stop(by: drop, verdict, packet, batch, surroundings)
    }

    /// Ends the packet where the kernel dropped it, or where a rule did.
    private mutating func stop(
        by drop: (event: DropEvent, step: Int)?, _ verdict: RuleEvent?, _ packet: EndedPacket,
        _ batch: borrowing WalkBatch, _ surroundings: Surroundings
    ) {
        let last = surroundings.place(of: batch.steps[packet.lastStep].sighting)
        if assumed == .delivered, verdict == nil,
            drop?.event.namespace.map({ $0 != surroundings.name(of: last) }) ?? false
        {
            // A copy of it was dropped elsewhere; this one arrived.
            return
        }
        var stop = Stop(
            namespace: drop?.event.namespace ?? verdict?.namespace ?? surroundings.name(of: last), vantage: .drop)
        stop.device = drop?.event.device
        stop.cause = drop.map { .kernelDrop(reason: $0.event.reason, location: $0.event.location) }
        stop.rule = verdict?.reference
        let place = drop.map { surroundings.place(of: batch.steps[$0.step].sighting) } ?? last
        if surroundings.name(of: place) == stop.namespace {
            let point = surroundings.places.point(place)
            stop.hook = point.hook
            stop.stage = point.stage
            if stop.device == nil { stop.device = point.device }
        }
        if let verdict {
            let base = surroundings.places.baseChain(of: verdict)
            if let hook = verdict.hook ?? base?.hook {
                stop.hook = hook
                stop.stage = base?.priority.map(NetfilterStage.init(nearest:))
            }
        }
        result = verdict?.verdict.isReject ?? false ? .rejected : .dropped
        cutOff = nil
        isAtReceiver = false
        self.stop = stop
    }

    /// Nanoseconds from a packet's end to what the rule trace says of it.
    private static let ruleDelay: Int64 = 20_000_000

    // MARK: ICMP errors

    /// An error that quotes a packet says what became of it, where nothing better does.
    private mutating func weigh(
        _ error: PacketError, _ context: PacketContext, _ packet: EndedPacket, _ batch: borrowing WalkBatch,
        _ surroundings: Surroundings, _ state: borrowing StreamState
    ) {
        guard result == .lost || result == .dropped || cutOff != nil,
            error.timeNanoseconds >= packet.startNanoseconds,
            error.timeNanoseconds
                <= packet.endNanoseconds + state.patience(isOnlyPacket: context.isOnlyPacket)
        else { return }
        if error.isRefusal {
            result = .rejected
        } else if error.isDiscard {
            result = .dropped
        } else {
            return
        }
        cutOff = nil
        guard stop == nil else { return }
        let place = surroundings.place(of: batch.steps[packet.lastStep].sighting)
        let point = surroundings.places.point(place)
        stop = Stop(
            namespace: surroundings.name(of: place), device: point.device, vantage: .drop, hook: point.hook,
            stage: point.stage,
            cause: .icmpError(source: error.source, type: error.type, code: error.code))
    }

    // MARK: What was lost

    private mutating func weighLosses(_ packet: EndedPacket, _ state: borrowing StreamState) {
        for loss in state.losses where loss.timeNanoseconds >= packet.startNanoseconds {
            // A source tells of its losses again and again: the walk has their sum.
            if let known = losses.firstIndex(where: { $0.source == loss.source }) {
                losses[known].lost += loss.lost
            } else {
                losses.append(loss)
            }
        }
        isUncertain = result == .lost && losses.contains { !$0.source.hasPrefix(Loss.ruleTracePrefix) }
    }
}
