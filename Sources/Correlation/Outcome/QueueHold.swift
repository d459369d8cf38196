internal import WalkModel
import Observations
import Wire

/// Packets that the kernel may still hold: in the queue of a device, or until the next hop's address is known.
///
/// A packet is held between its routing and its sending, often longer than a walk is quiet: a shaped or busy link delays
/// it by seconds, and neighbour discovery gives up after three (RFC 4861 section 10: MAX_MULTICAST_SOLICIT times
/// RETRANS_TIMER; ARP does as much). What is seen of it then is the same packet, and what was not yet dropped is not lost.
enum QueueHold {
    /// Sightings of one packet after a queue, at most; more are of others that look like it.
    static let restOfPath: Int32 = 64

    /// Whether the packet in `packet` (indexes in `groups`), as arranged, was last seen where a queue follows.
    static func mayHold(
        _ packet: borrowing ContiguousArray<Int32>, _ arrangement: borrowing Arrangement,
        in groups: borrowing LabelGroups, near surroundings: Surroundings, _ state: borrowing StreamState
    ) -> Bool {
        var isQueued = false
        // Mostly the last one is the only leaf, and has arrived.
        var index = arrangement.order.count - 1
        while index >= 0 {
            let position = Int(arrangement.order[index])
            index -= 1
            if arrangement.nodes[position].hasChild { continue }
            let sighting = Int(packet[position])
            let ending = Ending.of(
                groups.sightings[sighting], quotedFlow: groups.quotedFlow(of: sighting), near: surroundings, state)
            // A copy that went on elsewhere is the one that counts.
            if ending >= .left { return false }
            if ending == .lost, isBeforeQueue(groups.sightings[sighting], surroundings, state) { isQueued = true }
        }
        return isQueued
    }

    /// Whether the one packet of a group waited in a queue and is on its way again.
    static func hasGoneOn(_ group: LabelGroup) -> Bool {
        group.isWaiting && group.count < group.waitingCount + restOfPath
    }

    private static func isBeforeQueue(
        _ sighting: Sighting, _ surroundings: Surroundings, _ state: borrowing StreamState
    ) -> Bool {
        guard sighting.network == .ipv4 || sighting.network == .ipv6 else { return false }
        let place = surroundings.place(of: sighting)
        switch place.phase {
        case .postrouting:
            return true
        case .linkOut, .bridgeOut:
            // A bridge's port, or the device that a tunnel goes out by.
            guard place.device >= 0 else { return false }
            let device = surroundings.places.devices[Int(place.device)]
            return device.isBridge || device.isTunnel
        case .linkIn, .bridgeIn:
            // Without hooks nothing is seen between a link and the next.
            return !state.hasHooks(sighting, in: place.namespace)
        case .bridgedPrerouting, .prerouting, .input, .forward, .output, .socketOut, .socketIn:
            return false
        }
    }
}
