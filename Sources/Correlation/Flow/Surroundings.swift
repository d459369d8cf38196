internal import WalkModel
import Network
import Observations
import Wire

/// The network as the engine asks about it, as of one snapshot and one set of vantage points.
///
/// Never changes: a new snapshot makes a new one.
final class Surroundings: Sendable {
    let places: Places
    let precedence: Precedence

    init(_ places: Places) {
        self.places = places
        precedence = Precedence(places: places.places, devices: places.devices, areas: places.areas)
    }

    @inline(__always)
    func place(of sighting: borrowing Sighting) -> Place { places.places[Int(sighting.vantage)] }

    @inline(__always)
    func namespace(of key: OrderingKey) -> Int32 { places.places[Int(key.place)].namespace }

    @inline(__always)
    func isOneNamespace(_ one: OrderingKey, _ other: OrderingKey) -> Bool { namespace(of: one) == namespace(of: other) }

    /// Whether the capture does not tell coming in from going out.
    func isUndirected(_ key: OrderingKey) -> Bool { places.places[Int(key.place)].isUndirected }

    func name(of place: Place) -> String { places.areas[Int(place.namespace)].name }

    // MARK: Passing together

    /// Hooks that a packet passes in one namespace log it one right after the other. So many events of the same source
    /// lie between two of them at most, however late they are read.
    private static let longestPassage: Int32 = 256

    /// Whether two sightings, of which the second follows the first, can be of one passage: in one namespace's log they
    /// are not too far apart.
    func mayPassTogether(_ early: OrderingKey, _ late: OrderingKey) -> Bool {
        guard early.sourceSequence != 0, early.clock != .passage, late.sourceSequence != 0, late.clock != .passage,
            isOneNamespace(early, late)
        else { return true }
        return Self.mayPassTogether(distance: Int32(bitPattern: late.sourceSequence &- early.sourceSequence))
    }

    static func mayPassTogether(distance: Int32) -> Bool { distance <= longestPassage && distance >= -longestPassage }

    /// Whether that holds for all sightings of an arrangement: else some are of another packet that looks alike, and the
    /// ones between are missing.
    func isOnePassage(_ arrangement: borrowing Arrangement) -> Bool {
        for position in 0..<arrangement.count where arrangement.nodes[position].parent >= 0 {
            let parent = Int(arrangement.nodes[position].parent)
            if !mayPassTogether(arrangement.keys[parent], arrangement.keys[position]) { return false }
        }
        return true
    }

    // MARK: What is watched around a place

    func watchesLinksOut(_ namespace: Int32) -> Bool {
        for device in places.areas[Int(namespace)].devices where places.devices[Int(device)].vantageOut >= 0 {
            return true
        }
        return false
    }

    func watchesLinksIn(_ namespace: Int32) -> Bool {
        for device in places.areas[Int(namespace)].devices where places.devices[Int(device)].vantageIn >= 0 {
            return true
        }
        return false
    }

    /// Whether a packet that went out here would be seen where it arrives next.
    func isFarEndVisible(_ place: Place) -> Bool {
        guard place.device >= 0 else { return false }
        let device = places.devices[Int(place.device)]
        if device.isLoopback { return device.vantageIn >= 0 }
        // Goes on by another device of the same namespace.
        if device.isBridge || device.isTunnel { return watchesLinksOut(place.namespace) }
        if device.lower >= 0 { return places.devices[Int(device.lower)].vantageOut >= 0 }
        return device.peer >= 0 && places.devices[Int(device.peer)].vantageIn >= 0
    }

    /// Whether a packet went out by a cable whose other end is new: it passed before anybody watched there, or so little
    /// after the snapshot that told of it that the captures may not have been open.
    func isFarEndNew(_ sighting: Sighting, within nanoseconds: Int64) -> Bool {
        let place = place(of: sighting)
        guard place.phase == .linkOut, place.device >= 0 else { return false }
        let peer = places.devices[Int(place.device)].peer
        guard peer >= 0, places.devices[Int(peer)].sinceNanoseconds > .min else { return false }
        let (watched, overflows) = places.devices[Int(peer)].sinceNanoseconds.addingReportingOverflow(nanoseconds)
        return overflows || sighting.timeNanoseconds < watched
    }

    /// Whether the other end of the cable by which a packet came in is watched.
    func isNearEndVisible(_ place: Place) -> Bool {
        guard place.device >= 0 else { return false }
        let peer = places.devices[Int(place.device)].peer
        return peer >= 0 && places.devices[Int(peer)].vantageOut >= 0
    }

    func isBridged(_ place: Place) -> Bool {
        let device = places.devices[Int(place.device)]
        return device.isBridge || device.master >= 0
    }

    /// Whether the packet as arranged was seen coming in by a cable, but not at the cable's other end, which is watched.
    func hasHole(_ arrangement: borrowing Arrangement) -> Bool {
        for position in 0..<arrangement.count where arrangement.nodes[position].parent >= 0 {
            if arrangement.nodes[position].score >= Precedence.adjacent { continue }
            let place = places.places[Int(arrangement.keys[position].place)]
            if place.phase == .linkIn, isNearEndVisible(place) { return true }
        }
        return false
    }
}
