internal import WalkModel
import Observations

/// One of the forms in which a range of a TCP stream was seen: a packet, with all its sightings.
struct Segment {
    var range: SequenceRange
    /// Indexes in `LabelGroups`, in order of time.
    var members: ContiguousArray<Int32>
    /// Whether its sightings can be of one packet: every place once, one flow.
    var isOnePacket = false
    var places: Set<UInt32> = []
    /// Its flows, from first to last.
    var flows: ContiguousArray<FlowKey> = []
    var firstNanoseconds = Int64.max
    var lastNanoseconds = Int64.min
    /// Nanoseconds by which its last sighting may have passed before the time that it bears.
    private var lateNanoseconds: Int64 = 0
    let label: UInt64
    let identification: UInt16
    let tcpFlags: UInt8

    init(_ sighting: Sighting) {
        range = SequenceRange(sighting)
        members = []
        label = sighting.label
        identification = sighting.identification
        tcpFlags = sighting.tcpFlags
    }

    mutating func append(_ member: Int32, _ sighting: Sighting) {
        members.append(member)
        places.insert(sighting.vantage)
        firstNanoseconds = min(firstNanoseconds, sighting.timeNanoseconds)
        guard sighting.timeNanoseconds >= lastNanoseconds else { return }
        lastNanoseconds = sighting.timeNanoseconds
        lateNanoseconds = sighting.clock == .reading ? Self.readingNanoseconds : 0
    }

    /// From a passage to the time at which it was read: longer only where other sightings go missing too.
    private static let readingNanoseconds: Int64 = 5_000_000

    /// Whether the other one's bytes can be among this one's, by what segmentation leaves alone. FIN and PSH go with
    /// the last segment, CWR with the first, and all else with each.
    func mayContain(_ other: Segment) -> Bool {
        isOnePacket && other.isOnePacket && other.range.length < range.length && range.contains(other.range)
            && other.tcpFlags & ~tcpFlags == 0 && places.isDisjoint(with: other.places)
    }

    /// Whether the other one came later, elsewhere, with bytes of this one: not what was sent again.
    func goesOn(in other: Segment) -> Bool {
        range.overlaps(other.range) && places.isDisjoint(with: other.places)
            && other.lastNanoseconds > lastNanoseconds - lateNanoseconds
    }
}
