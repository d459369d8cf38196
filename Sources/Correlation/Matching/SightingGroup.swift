internal import WalkModel
import Observations
import Wire

/// The sightings of one label group, as far as telling its packets apart looks at them: by position, in the order in
/// which they came. Its arrays keep their capacity from group to group.
struct SightingGroup: ~Copyable {
    /// What `OrderingKey` leaves out.
    struct Mark {
        var label: UInt64
        /// As `Observation.kernelIdentity`.
        var kernelIdentity: UInt64
        var identification: UInt16
        var fragmentOffset: UInt16
        var flags: UInt16

        var isFragment: Bool { flags & Sighting.isFragment != 0 }
        /// A fragment after the first.
        var isPortless: Bool { flags & (Sighting.isFragment | Sighting.hasTransport) == Sighting.isFragment }
    }

    private(set) var keys: ContiguousArray<OrderingKey> = []
    private(set) var marks: ContiguousArray<Mark> = []
    private(set) var hasFragments = false
    /// The kernel's own identity is known of some.
    private(set) var hasIdentities = false
    private(set) var lastNanoseconds = Int64.min

    var count: Int { keys.count }

    mutating func read(_ members: ContiguousArray<Int32>, in groups: borrowing LabelGroups) {
        keys.removeAll(keepingCapacity: true)
        marks.removeAll(keepingCapacity: true)
        hasFragments = false
        hasIdentities = false
        lastNanoseconds = .min
        for member in members {
            keys.append(OrderingKey(groups.sightings[Int(member)]))
            lastNanoseconds = max(lastNanoseconds, groups.sightings[Int(member)].timeNanoseconds)
            let mark = Mark(
                label: groups.sightings[Int(member)].label,
                kernelIdentity: groups.sightings[Int(member)].kernelIdentity,
                identification: groups.sightings[Int(member)].identification,
                fragmentOffset: groups.sightings[Int(member)].fragmentOffset,
                flags: groups.sightings[Int(member)].flags)
            if mark.isFragment { hasFragments = true }
            if mark.kernelIdentity != 0 { hasIdentities = true }
            marks.append(mark)
        }
    }

    func time(_ position: Int32) -> Int64 { keys[Int(position)].timeNanoseconds }

    /// The number that its source gave it, counted from `origin`; numbers wrap.
    func sequence(_ position: Int32, from origin: UInt32) -> Int64 {
        Int64(Int32(bitPattern: keys[Int(position)].sourceSequence &- origin))
    }

    /// Whether the first passed before the second at one place: a source counts in order, and clocks but for that of
    /// passage say less.
    func isBefore(_ left: Int32, _ right: Int32) -> Bool {
        let first = keys[Int(left)]
        let second = keys[Int(right)]
        if first.clock != .passage, first.sourceSequence != 0, second.sourceSequence != 0 {
            return Int32(bitPattern: first.sourceSequence &- second.sourceSequence) < 0
        }
        if first.timeNanoseconds != second.timeNanoseconds {
            return first.timeNanoseconds < second.timeNanoseconds
        }
        return left < right
    }

    /// Whether no place shows fragments of two identifications among these positions.
    func showsOneDatagram(_ positions: some Sequence<Int32>) -> Bool {
        guard hasFragments else { return true }
        var identificationAt: [UInt32: UInt16] = [:]
        for position in positions where marks[Int(position)].isFragment {
            let own = marks[Int(position)].identification
            let known = identificationAt.updateValue(own, forKey: keys[Int(position)].place)
            if let known, known != own { return false }
        }
        return true
    }

    /// When the latest fragment was seen of which can't be told which datagram it is a piece of, or the latest datagram of
    /// which can't be told which pieces it was put together from: a packet from before may have gone on as it.
    func latestPiece(uncertainIn partition: borrowing PacketPartition) -> Int64 {
        guard hasFragments else { return .min }
        var latest = Int64.min
        for position in 0..<Int32(count) where partition.isUncertain[Int(position)] {
            latest = max(latest, time(position))
        }
        return latest
    }

    /// Fragments of several datagrams, which their identifications tell apart, whatever else they were joined by; nil
    /// where all are of one. A router that puts an IPv6 datagram together gives its fragments another identification
    /// when it sends it on: so two are of one datagram, but not at one place.
    func datagrams(_ packet: ContiguousArray<Int32>) -> [ContiguousArray<Int32>]? {
        if showsOneDatagram(packet) { return nil }
        var parts: [UInt16: ContiguousArray<Int32>] = [:]
        var wholes: ContiguousArray<Int32> = []
        for position in packet {
            let mark = marks[Int(position)]
            if mark.isFragment {
                parts[mark.identification, default: []].append(position)
            } else {
                wholes.append(position)
            }
        }
        return parts.sorted { $0.key < $1.key }.map(\.value) + (wholes.isEmpty ? [] : [wholes])
    }
}
