internal import WalkModel

/// Which sightings of a group are one packet, by position: what telling a group apart results in.
///
/// Its arrays keep their capacity from group to group.
struct PacketPartition: ~Copyable {
    /// A forest: a root's own position stands for the packet, and is the least of its positions.
    private var packetOf: ContiguousArray<Int32> = []
    /// The sighting that it was found to follow; -1 for none.
    private(set) var parentOf: ContiguousArray<Int32> = []
    /// That it follows none is not certain: one of several look-alikes, but not known which.
    var isUncertain: ContiguousArray<Bool> = []
    var joins: ContiguousArray<Join> = []

    var count: Int { parentOf.count }

    /// Every sighting is a packet of its own.
    mutating func begin(count: Int) {
        packetOf.removeAll(keepingCapacity: true)
        parentOf.removeAll(keepingCapacity: true)
        isUncertain.removeAll(keepingCapacity: true)
        joins.removeAll(keepingCapacity: true)
        for position in 0..<count {
            packetOf.append(Int32(position))
            parentOf.append(-1)
            isUncertain.append(false)
            joins.append(Join())
        }
    }

    /// The position that stands for the packet of a sighting.
    func root(of position: Int32) -> Int32 { packetOf.root(of: position) }

    mutating func unite(_ left: Int32, _ right: Int32) { packetOf.unite(left, right) }

    /// Has one sighting follow another.
    mutating func tie(_ later: Int32, to earlier: Int32, _ join: Join) {
        parentOf[Int(later)] = earlier
        joins[Int(later)] = join
    }

    /// What follows one another is one packet.
    mutating func uniteTied() {
        for position in parentOf.indices where parentOf[position] >= 0 { unite(Int32(position), parentOf[position]) }
    }

    /// Whether all sightings are one packet's.
    var isOnePacket: Bool {
        for position in 0..<Int32(count) where root(of: position) != 0 { return false }
        return count > 0
    }

    // MARK: Remembered

    /// What is told of one sighting.
    struct Told {
        fileprivate var root: Int32
        fileprivate var parent: Int32
        fileprivate var isUncertain: Bool
        fileprivate var join: Join
    }

    /// What is told of the sighting at `position`.
    func told(_ position: Int) -> Told {
        Told(
            root: root(of: Int32(position)), parent: parentOf[position], isUncertain: isUncertain[position],
            join: joins[position])
    }

    /// Takes over what was told before of as many sightings as `range` has elements.
    mutating func take(_ told: ContiguousArray<Told>, _ range: Range<Int>) {
        packetOf.removeAll(keepingCapacity: true)
        parentOf.removeAll(keepingCapacity: true)
        isUncertain.removeAll(keepingCapacity: true)
        joins.removeAll(keepingCapacity: true)
        for index in range {
            packetOf.append(told[index].root)
            parentOf.append(told[index].parent)
            isUncertain.append(told[index].isUncertain)
            joins.append(told[index].join)
        }
    }

    // MARK: Results

    /// The positions of each packet, in the order of its first.
    func packets() -> [ContiguousArray<Int32>] {
        var packets: [ContiguousArray<Int32>] = []
        var slotOf = ContiguousArray<Int32>(repeating: -1, count: count)
        for position in 0..<count {
            let root = Int(root(of: Int32(position)))
            if slotOf[root] < 0 {
                slotOf[root] = Int32(packets.count)
                packets.append([])
            }
            packets[Int(slotOf[root])].append(Int32(position))
        }
        return packets
    }

    /// What joined each of some positions of a packet.
    /// - Parameter isWhole: they are all of the packet's.
    func joins(of positions: ContiguousArray<Int32>, isWhole: Bool) -> ContiguousArray<Join> {
        var result: ContiguousArray<Join> = []
        result.reserveCapacity(positions.count)
        for position in positions {
            var join = join(at: Int(position))
            if !isWhole { join.confidence = .weak }
            result.append(join)
        }
        return result
    }

    /// The same of all sightings, where they are one packet's.
    func joins(into result: inout ContiguousArray<Join>) {
        result.removeAll(keepingCapacity: true)
        for position in 0..<count { result.append(join(at: position)) }
    }

    private func join(at position: Int) -> Join {
        var join = joins[position]
        if isUncertain[position], parentOf[position] < 0 { join.confidence = .weak }
        return join
    }
}
