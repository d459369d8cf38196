internal import WalkModel
import Network
import Observations
import Wire

/// Socket calls that failed although a packet had been made.
extension EngineCore {
    /// How long before the end of a failed call its packet was made: on a busy machine the caller waits for its turn.
    private static let callNanoseconds: Int64 = 100_000_000

    /// How long after it was made the packet of a failed call may seem to be seen: what the kernel logs of a packet on its way
    /// out bears no time but that of its reading.
    static let stampingNanoseconds: Int64 = 50_000_000

    /// Where more is open than this it is not looked through: such a call may then stand beside its packet's walk.
    private static let lookLimit = 2048

    /// Whether the packet of a failed call, or its drop, is among what is open, and went no further than its sender: then its
    /// own walk says what ended it, and the call failed for nothing else.
    func isSeen(_ failure: SendFailure) -> Bool {
        // EPERM is what a rule of the sender gives, ENOBUFS a queue: other errors come before there is a packet.
        guard failure.errorNumber == 1 || failure.errorNumber == 105, groups.groups.count <= Self.lookLimit else {
            return false
        }
        let area = surroundings.places.area(named: failure.namespace)
        return groups.groups.indices.contains { number in
            let group = groups.groups[number]
            guard group.count > 0 || group.events >= 0,
                group.firstNanoseconds <= failure.timeNanoseconds &+ Self.stampingNanoseconds,
                group.lastNanoseconds + Self.callNanoseconds > failure.timeNanoseconds
            else { return false }
            if group.count > 0 { return isHeld(group, by: area, failure) }
            return groups.events(of: Int32(number)).open.contains { event in
                guard case .drop(let drop) = event else { return false }
                return drop.namespace == failure.namespace && failure.isOf(drop.headers.tuple)
            }
        }
    }

    /// Whether a group's packet is the failed call's, and no device has sent it.
    private func isHeld(_ group: LabelGroup, by area: Int32, _ failure: SendFailure) -> Bool {
        var walk = group.head
        while walk >= 0 {
            let sighting = groups.sightings[Int(walk)]
            let place = surroundings.place(of: sighting)
            if place.isLink || place.namespace != area || !failure.isOf(sighting.tuple) { return false }
            walk = sighting.next
        }
        return true
    }
}

extension SendFailure {
    /// Whether a packet is the one that a call was to send. An echo's identifier may be the kernel's own choice.
    fileprivate func isOf(_ packet: FlowTuple) -> Bool {
        guard tuple.destination == packet.destination, tuple.ipProtocol == packet.ipProtocol else { return false }
        guard tuple.ipProtocol == .udp || tuple.ipProtocol == .tcp else { return true }
        return tuple.destinationPort == packet.destinationPort
            && (tuple.sourcePort == 0 || tuple.sourcePort == packet.sourcePort)
    }
}
