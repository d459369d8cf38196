internal import WalkModel
import Network
import Observations
import Wire

/// Walks without a sighting.
extension WalkWriter {
    /// The drop of a packet that no vantage point saw, with the rules that it met. Rules alone make no walk: they are
    /// known by a sighting, and come here only where they come too late for it.
    mutating func write(_ events: GroupEvents, near surroundings: Surroundings) {
        var drop: DropEvent?
        var rules: [RuleEvent] = []
        for event in events.open {
            switch event {
            case .drop(let event):
                // Nothing but the drop was seen: what can be healthy is taken to be, such as a copy of what is for many
                // that its receiver has no use for.
                let destination = event.headers.tuple.destination
                let isForMany = destination.isMulticast || destination == IPAddress(ipv4: .max)
                let isHarmless =
                    DropReason.alwaysHealthy.contains(event.reason)
                    || DropReason.healthyOnceDelivered.contains(event.reason)
                    || isForMany && DropReason.unwanted.contains(event.reason)
                if !isHarmless { drop = event }
            case .rule(let event): rules.append(event)
            }
        }
        // The kernel has no device or socket for what a timer gives up: it may be of a namespace that is not watched.
        guard let drop, drop.namespace != nil || !rules.isEmpty else {
            statistics.ignoredNotes += rules.count
            return
        }
        let verdict = rules.last(where: \.verdict.endsPacket)
        var record = WalkRecord(
            identifier: WalkIdentifier(label: drop.headers.label, flow: FlowKey(drop.headers.tuple), ordinal: 0),
            startNanoseconds: drop.timeNanoseconds, endNanoseconds: drop.timeNanoseconds, outcome: .dropped,
            stepStart: 0, stepCount: 0, lastStep: -1, observationCount: 0)
        var stop = Stop(namespace: drop.namespace ?? verdict?.namespace, device: drop.device, vantage: .drop)
        stop.cause = .kernelDrop(reason: drop.reason, location: drop.location)
        stop.rule = verdict?.reference
        if let verdict {
            stop.hook = verdict.hook ?? surroundings.places.baseChain(of: verdict)?.hook
            if verdict.verdict.isReject { record.outcome = .rejected }
        }
        write(WalkExtra(rules: rules, onlyDrop: drop), stop, &record)
    }

    /// A packet that the kernel refused to send.
    mutating func write(_ failure: SendFailure) {
        var record = WalkRecord(
            identifier: WalkIdentifier(
                label: UInt64(bitPattern: failure.timeNanoseconds), flow: FlowKey(failure.tuple), ordinal: 0),
            startNanoseconds: failure.timeNanoseconds, endNanoseconds: failure.timeNanoseconds, outcome: .unsent,
            stepStart: 0, stepCount: 0, lastStep: -1, observationCount: 0)
        let stop = Stop(
            namespace: failure.namespace, vantage: .socket,
            cause: .sendFailure(errorNumber: failure.errorNumber, message: failure.message))
        write(WalkExtra(failure: failure), stop, &record)
    }

    private mutating func write(_ extra: WalkExtra, _ stop: Stop, _ record: inout WalkRecord) {
        batch.add(extra, to: &record)
        record.stop = batch.stops.count
        batch.stops.append(stop)
        statistics.walks += 1
        batch.records.append(record)
    }
}
