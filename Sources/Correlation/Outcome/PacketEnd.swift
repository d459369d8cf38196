internal import WalkModel
import Observations
import Wire

/// The step at which a packet ended, and how, as its sightings say.
struct PacketEnd {
    /// Counted from the walk's first.
    var step: Int
    var ending: Ending
    /// The edge of the stream beyond which the rest of the packet may lie that was not seen to arrive.
    var cutOff: Walk.Edge?
    /// The edges that it is close to, whether or not it was seen to arrive.
    private(set) var edges: WalkEdges = []

    /// Nanoseconds. What is seen later of a packet comes no later than this, readers that lag behind included.
    private static let edge: Int64 = 100_000_000

    init(step: Int, ending: Ending) {
        self.step = step
        self.ending = ending
    }

    /// The leaf that got farthest; of equals the last.
    ///
    /// - Parameter start: of the walk's steps in `batch`: all from there on are its own.
    init(
        from start: Int, of batch: borrowing WalkBatch, near surroundings: Surroundings, _ state: borrowing StreamState
    ) {
        let end = batch.steps.count
        step = end - start - 1
        ending = .copy
        var isFirst = true
        for index in start..<end where !Self.hasChild(index, from: start, of: batch) {
            let own = Ending.of(
                batch.steps[index].sighting, quotedFlow: batch.quotedFlow(of: index), near: surroundings, state)
            if isFirst || own >= ending {
                step = index - start
                ending = own
                isFirst = false
            }
        }
    }

    private static func hasChild(_ index: Int, from start: Int, of batch: borrowing WalkBatch) -> Bool {
        let number = Int32(index - start)
        // Mostly it is the next one.
        var other = index + 1
        while other < batch.steps.count {
            if batch.steps[other].parent == number { return true }
            other += 1
        }
        return false
    }

    /// Weighs what else speaks for and against a loss.
    ///
    /// - Parameters:
    ///   - hasFragments: some of the packet's sightings are fragments.
    ///   - bytesGoOn: its bytes were seen to go on in another packet.
    ///   - hasLookalikes: others look like it.
    ///   - lastNanoseconds: of all its sightings.
    mutating func weigh(
        hasFragments: Bool, bytesGoOn: Bool, hasLookalikes: Bool, lastNanoseconds: Int64, from start: Int,
        of batch: borrowing WalkBatch,
        near surroundings: Surroundings, _ state: borrowing StreamState
    ) {
        if hasFragments, ending != .lost, let stayed = lastOfAllFragments(from: start, of: batch) {
            step = stayed
            ending = .lost
        }
        let sighting = batch.steps[start + step].sighting
        if ending == .lost, bytesGoOn || isUnmeasured(sighting, surroundings) {
            ending = .left
        }
        if ending == .lost, surroundings.isFarEndNew(sighting, within: Self.edge) { ending = .left }
        // Of IPv6 datagrams that begin alike it is a guess which one a fragment is of: the rest may stand with another.
        if ending == .lost, hasFragments, hasLookalikes, batch.steps[start].sighting.has(Sighting.isIPv6) {
            ending = .left
        }
        if state.isClosing, state.watermark < lastNanoseconds || state.watermark - lastNanoseconds < Self.edge {
            edges.insert(.end)
        }
        if batch.steps[start].sighting.timeNanoseconds - state.beginning < Self.edge,
            Self.beginsMidway(batch.steps[start].sighting, near: surroundings, state)
        {
            edges.insert(.beginning)
        }
        // A copy for somebody else, too, is all that was seen of it.
        guard ending.outcome == .lost, !edges.isEmpty else { return }
        cutOff = edges.contains(.end) ? .end : .beginning
        ending = .left
    }

    /// Whether it is a TCP packet at a hook that is longer than its IP header can tell: lo, for one, takes such packets and
    /// cuts them. Which bytes it holds is not known, so neither is what went on of it.
    private func isUnmeasured(_ sighting: Sighting, _ surroundings: Surroundings) -> Bool {
        sighting.ipProtocol == IPProtocol.tcp.rawValue && sighting.length > UInt16.max
            && !surroundings.place(of: sighting).isLink
    }

    /// Of a packet last seen as fragments, the last step where there were more of them: the others stayed there, so
    /// that it is never put together. Nil where none is missing.
    private func lastOfAllFragments(from start: Int, of batch: borrowing WalkBatch) -> Int? {
        let end = batch.steps[start + step]
        guard end.sighting.has(Sighting.isFragment) else { return nil }
        var index = step - 1
        while index >= 0 {
            let other = batch.steps[start + index]
            if other.sighting.has(Sighting.isFragment), other.segments > end.segments,
                other.sighting.identification == end.sighting.identification
            {
                return index
            }
            index -= 1
        }
        return nil
    }

    /// Whether a packet was seen first where others have been seen before.
    static func beginsMidway(
        _ sighting: Sighting, near surroundings: Surroundings, _ state: borrowing StreamState
    ) -> Bool {
        let place = surroundings.place(of: sighting)
        let places = surroundings.places
        let watchesEntry = places.areas[Int(place.namespace)].watchesEntry
        switch place.phase {
        case .linkIn:
            return surroundings.isNearEndVisible(place)
        case .bridgeIn, .bridgedPrerouting, .prerouting, .input, .forward:
            return watchesEntry && surroundings.watchesLinksIn(place.namespace)
        case .postrouting, .linkOut, .bridgeOut:
            if places.areas[Int(place.namespace)].topologyIndex >= 0,
                places.holds(sighting.source, in: place.namespace)
            {
                // Made here: the hooks of what is sent come first, where they are at work. ARP meets none of them.
                if sighting.network == .arp { return false }
                // The hooks of what is sent to all are with the copy that its sender keeps (ip_mc_output).
                if sighting.macDestination >> 40 & 1 == 1 { return false }
                if place.phase == .postrouting, !places.areas[Int(place.namespace)].watchesOutput { return false }
                if state.hasHooks(sighting, in: place.namespace) { return true }
                // Or lent its address, unless what it was translated from is its own as well.
                return watchesEntry && state.translations.knows(sighting.flowKey, in: place.namespace)
                    && SentFlow.of(sighting, near: surroundings, state) == nil
            }
            return watchesEntry
        case .output, .socketOut, .socketIn:
            return false
        }
    }
}
