internal import WalkModel
import Observations
import Wire

/// Which events of a label group are about one packet of it, and what they mean for it.
struct EventMatcher {
    let packet: EndedPacket
    let context: PacketContext
    let surroundings: Surroundings

    /// Nanoseconds that an event may come before the packet's first sighting.
    static let lead: Int64 = 5_000_000

    /// The last step that an event's packet matches; nil where it is none of this walk's.
    func step(
        of headers: PacketHeadersRecord, namespace: String?, time: Int64, _ batch: borrowing WalkBatch,
        _ state: borrowing StreamState
    ) -> Int? {
        guard time >= packet.startNanoseconds - Self.lead,
            time <= packet.endNanoseconds + state.patience(isOnlyPacket: context.isOnlyPacket)
        else { return nil }
        let key = FlowKey(headers.tuple)
        var found: Int?
        var isFlow = false
        for index in packet.steps {
            let isOwn = batch.steps[index].sighting.flowKey == key
            if isOwn { isFlow = true }
            let place = surroundings.place(of: batch.steps[index].sighting)
            if namespace == nil ? isOwn : surroundings.name(of: place) == namespace { found = index }
        }
        if let found {
            return isFlow || namespace != nil && !packet.steps.isEmpty && context.hasFewFlows ? found : nil
        }
        return isFlow ? packet.steps.upperBound - 1 : nil
    }

    /// Whether a rule ended another copy of the packet than the one that went on: this one was seen after it.
    func isOfCopy(_ rule: RuleEvent, outcome: Walk.Outcome, _ batch: borrowing WalkBatch) -> Bool {
        guard packet.end.step >= 0 else { return false }
        let place = surroundings.place(of: batch.steps[packet.lastStep].sighting)
        switch outcome {
        case .delivered: return surroundings.name(of: place) != rule.namespace || isAtEndOfInput(place)
        case .left: return surroundings.name(of: place) != rule.namespace || place.phase == .linkOut
        default: return false
        }
    }

    /// Whether a free shows that the packet had come to its socket: it was freed where its destination is, for a reason
    /// that nothing but a socket gives there.
    func isOfSocket(_ drop: DropEvent, step: Int, _ batch: borrowing WalkBatch) -> Bool {
        DropReason.housekeeping.contains(drop.reason) && isAtDestination(drop, step: step, batch)
    }

    /// Whether a packet was freed in a namespace that holds the destination that it had then; where the namespace is not
    /// told, in the one of `step`.
    private func isAtDestination(_ drop: DropEvent, step: Int, _ batch: borrowing WalkBatch) -> Bool {
        let places = surroundings.places
        let last = surroundings.place(of: batch.steps[step].sighting)
        let namespace = drop.namespace.map { places.area(named: $0) } ?? last.namespace
        return namespace >= 0 && places.areas[Int(namespace)].topologyIndex >= 0
            && (places.holds(drop.headers.tuple.destination, in: namespace)
                || last.phase == .input && last.namespace == namespace)
    }

    /// The kernel frees packets in the course of healthy traffic, too.
    ///
    /// - Parameters:
    ///   - step: that the drop's packet matches.
    ///   - lacksSightings: some were lost since it began, so that it may have gone further than was seen.
    func isHealthy(
        _ drop: DropEvent, step: Int, outcome: Walk.Outcome, lacksSightings: Bool, _ batch: borrowing WalkBatch
    ) -> Bool {
        if DropReason.alwaysHealthy.contains(drop.reason) { return true }
        // The last of its path lies past an edge of the stream, or was lost: it may have been taken there.
        let isOpen = packet.end.cutOff != nil || lacksSightings && outcome == .lost
        if isOpen, DropReason.healthyOnceDelivered.contains(drop.reason), isAtDestination(drop, step: step, batch) {
            return true
        }
        guard outcome == .delivered, packet.end.step >= 0 else { return false }
        let place = surroundings.place(of: batch.steps[packet.lastStep].sighting)
        // A datagram to a foreign address that came to input, such as another network's broadcast address, is taken by a
        // transparent proxy or by nobody.
        if drop.headers.tuple.ipProtocol == .udp, place.phase == .input, !holds(drop, place) { return false }
        if DropReason.healthyOnceDelivered.contains(drop.reason) { return true }
        guard drop.namespace == nil || drop.namespace == surroundings.name(of: place), isAtEndOfInput(place) else {
            return place.phase == .socketIn
        }
        return !DropReason.refusalsAfterInput.contains(drop.reason)
    }

    private func holds(_ drop: DropEvent, _ place: Place) -> Bool {
        let destination = drop.headers.tuple.destination
        return destination.isMulticast || destination.isIPv4 && destination.low == 0xffff_ffff
            || surroundings.places.areas[Int(place.namespace)].topologyIndex < 0
            || surroundings.places.holds(destination, in: place.namespace)
    }

    private func isAtEndOfInput(_ place: Place) -> Bool {
        place.phase == .input && place.rank >= surroundings.places.areas[Int(place.namespace)].lastInputRank
    }
}
