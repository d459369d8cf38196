internal import WalkModel
import Observations
import Wire

/// Packets that the kernel may still hold: in the queue of a device, or until the next hop's address is known.
///
/// A packet is held between its routing and its sending, often longer than a walk is quiet: a shaped or busy link delays
/// it by seconds, and neighbour discovery gives up after three (RFC 4861 section 10: MAX_MULTICAST_SOLICIT times
/// RETRANS_TIMER; ARP does as much). What is seen of it then is the same packet, and what was not yet dropped is not lost.
extension EngineCore {
    /// Whether the whole cohort, found to be one packet that was last seen before a queue, waits for more of it by
    /// `time`. Then it is looked at again.
    mutating func isStillWaiting(_ number: Int32, by time: Int64) -> Bool {
        guard store.cohorts[Int(number)].isWaiting else { return false }
        let cohort = store.cohorts[Int(number)]
        guard cohort.count == cohort.waitingCount, cohort.notes == cohort.waitingNotes,
            isInTime(cohort.lastNanoseconds, by: time), !hasAnswer(number, since: cohort.firstNanoseconds)
        else {
            awaited[number] = nil
            return false
        }
        store.enqueue(number, deadline: time + store.quietNanoseconds)
        return true
    }

    /// Lets the cohort wait, where its one packet as arranged was last seen before a queue, and nothing ended it.
    mutating func letWait(_ number: Int32, by time: Int64) -> Bool {
        guard isInTime(store.cohorts[Int(number)].lastNanoseconds, by: time), mayBeQueued(members),
            !openNotes.contains(where: { Self.endsPacket($0.content) })
        else { return false }
        let first = store.sightings[Int(members[Int(arrangement.order[0])])]
        let last = store.sightings[Int(members[Int(arrangement.order[arrangement.order.count - 1])])]
        awaited[number] = Self.requestKeys(first, reply: last.flowKey.reversed)
        guard !hasAnswer(number, since: store.cohorts[Int(number)].firstNanoseconds) else {
            awaited[number] = nil
            return false
        }
        store.markWaiting(number)
        store.enqueue(number, deadline: time + store.quietNanoseconds)
        return true
    }

    /// Whether an answer to the waiting packet has been seen: so it went on unseen, or was told of its end.
    private func hasAnswer(_ number: Int32, since time: Int64) -> Bool {
        guard let keys = awaited[number] else { return false }
        return keys.content != 0 && earlyAnswers.holds(keys.content, since: time)
            || keys.error != 0 && earlyAnswers.holds(keys.error, since: time)
    }

    /// Whether a packet last seen at `last` can still be held by `time`; a stream that ends gives nothing any more, and
    /// where much is open there is no room to wait.
    func isInTime(_ last: Int64, by time: Int64) -> Bool {
        time != .max && last + options.queueNanoseconds > time && store.openSightings < options.sightingLimit / 2
    }

    /// Whether the one packet of a cohort waited in a queue and is on its way again.
    static func hasGoneOn(_ cohort: CohortStore.Cohort) -> Bool {
        cohort.isWaiting && cohort.count < cohort.waitingCount + restOfWay
    }

    /// Sightings of one packet behind a queue, at most; more are of others that look like it.
    private static let restOfWay: Int32 = 64

    private static func endsPacket(_ note: CohortStore.Note.Content) -> Bool {
        switch note {
        case .drop: true
        case .rule(let rule): rule.endsPacket
        }
    }

    /// Whether the packet in `packet` (indexes in the store), as arranged, was last seen where a queue follows.
    @inline(never)  // Closures and loops that look at the engine would have it copied wherever this were inlined.
    func mayBeQueued(_ packet: ContiguousArray<Int32>) -> Bool {
        var isQueued = false
        // Mostly the last one is the only leaf, and has arrived.
        for position in arrangement.order.reversed() where !arrangement.nodes[Int(position)].hasChild {
            let sighting = store.sightings[Int(packet[Int(position)])]
            // A copy that went on elsewhere is the one that counts.
            let ending = ending(sighting)
            if ending == .delivered || ending == .left { return false }
            if ending == .lost, isBeforeQueue(sighting) { isQueued = true }
        }
        return isQueued
    }

    private func isBeforeQueue(_ sighting: Sighting) -> Bool {
        guard sighting.network == .ipv4 || sighting.network == .ipv6 else { return false }
        let place = places.places[Int(sighting.vantage)]
        switch place.phase {
        case .postrouting:
            return true
        case .linkOut, .bridgeOut:
            // A bridge's port, or the device that a tunnel goes out by.
            guard place.device >= 0 else { return false }
            let device = places.devices[Int(place.device)]
            return device.isBridge || device.isTunnel
        case .linkIn, .bridgeIn:
            // Without hooks nothing is seen between a link and the next.
            return hooksSeen[Int(place.namespace)] & (sighting.has(Sighting.isIPv6) ? 2 : 1) == 0
        case .bridgedPrerouting, .prerouting, .input, .forward, .output, .socketOut, .socketIn:
            return false
        }
    }
}
