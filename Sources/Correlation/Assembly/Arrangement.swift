internal import WalkModel
import Observations
import Wire

/// The order of one packet's sightings: a tree, in which each hangs below the one that was just before it.
///
/// Its arrays are scratch, kept from packet to packet: only their first `count` elements mean anything.
struct Arrangement: ~Copyable {
    /// What is found out about one sighting.
    struct Node {
        /// The position of the sighting before; -1 for a root, -2 for one that repeats another at the same place (a
        /// fragment or a segment of it).
        var parent: Int32 = -1
        /// How well the one before fits; of one that repeats another, that one's position.
        var score: Int32 = 0
        /// How many sightings stand for it.
        var segments: Int32 = 1
        var depth: Int32 = -1
        /// Where it stands in `order`; -1 for one that repeats another.
        var step: Int32 = -1
        var hasChild = false
        /// Of sightings of segments: the number of the branch on which this segment was lost; 0 where it went on.
        var fate: Int16 = 0
        var timeNanoseconds: Int64 = 0
    }

    /// How many sightings there are.
    private(set) var count = 0
    /// Member positions in the order of the walk.
    private(set) var order: ContiguousArray<Int32> = []
    /// By member position.
    var nodes: ContiguousArray<Node> = []
    private(set) var rootCount = 0
    /// No sighting was made before one before it on the path: then it is another packet's.
    private(set) var isTimely = true
    private(set) var keys: ContiguousArray<OrderingKey> = []
    /// All that `nodes` follow from, two words a sighting, as `ArrangementMemo` knows it.
    private(set) var shape: ContiguousArray<UInt64> = []
    /// No sighting is earlier than the one taken before it: `shape` says all that parents follow from.
    private(set) var isInOrder = true
    private var earliest = Int64.max

    /// Takes the sightings `packet` of a store.
    mutating func take(_ packet: ContiguousArray<Int32>, from groups: borrowing LabelGroups) {
        count = packet.count
        order.removeAll(keepingCapacity: true)
        rootCount = 0
        isTimely = true
        if nodes.count < count {
            let more = count - nodes.count
            nodes.append(contentsOf: repeatElement(Node(), count: more))
            shape.append(contentsOf: repeatElement(0, count: 2 * more))
            keys.append(contentsOf: repeatElement(OrderingKey(groups.sightings[Int(packet[0])]), count: more))
        }
        Self.read(packet, groups.sightings, &keys)
        isInOrder = Self.describe(count, keys, &shape)
        earliest = .max
        for position in 0..<count where keys[position].clock != .reading {
            earliest = min(earliest, keys[position].timeNanoseconds)
        }
    }

    /// Of all sightings.
    var lastNanoseconds: Int64 {
        var last = Int64.min
        for position in 0..<count { last = max(last, keys[position].timeNanoseconds) }
        return last
    }

    private static func read(
        _ packet: ContiguousArray<Int32>, _ sightings: ContiguousArray<Sighting>,
        _ keys: inout ContiguousArray<OrderingKey>
    ) {
        let packet = packet.span
        let sightings = sightings.span
        var keys = keys.mutableSpan
        for position in packet.indices { keys[position] = OrderingKey(sightings[Int(packet[position])]) }
    }

    private static func describe(
        _ count: Int, _ keys: ContiguousArray<OrderingKey>, _ shape: inout ContiguousArray<UInt64>
    ) -> Bool {
        let keys = keys.span
        var shape = shape.mutableSpan
        let firstTTL = keys[0].ttl
        var isInOrder = true
        var time = Int64.min
        var sequence: UInt32 = 0
        for position in 0..<count {
            let key = keys[position]
            let isLater = key.timeNanoseconds > time
            let comesLater = key.sourceSequence > sequence
            if !isLater, key.timeNanoseconds < time || key.sourceSequence < sequence { isInOrder = false }
            time = key.timeNanoseconds
            sequence = key.sourceSequence
            shape[2 * position] = key.shape(firstTTL: firstTTL, isLater: isLater, comesLater: comesLater)
            shape[2 * position + 1] = UInt64(key.inDevice)
        }
        return isInOrder
    }

    /// Fills in what is known before anything is found out.
    mutating func resetNodes() {
        for position in 0..<count { nodes[position] = Node() }
    }

    /// Above it a table tells which sightings are of one hop.
    private static let fewSightings = 64

    private struct HopKey: Hashable {
        var place: UInt32
        var ttl: UInt8
        var tunnelKind: PacketHeaders.TunnelKind
        var fate: Int16
    }

    /// Fragments and segments of one packet at one place are one hop.
    /// - Returns: how many hops there are.
    mutating func mergeRepeats() -> Int {
        if count > Self.fewSightings { return mergeManyRepeats() }
        var hops = min(1, count)
        for position in 1..<max(1, count) {
            let key = keys[position]
            hops += 1
            for earlier in 0..<position where nodes[earlier].parent != -2 {
                if keys[earlier].place == key.place, keys[earlier].ttl == key.ttl,
                    keys[earlier].tunnelKind == key.tunnelKind, nodes[earlier].fate == nodes[position].fate
                {
                    merge(position, into: earlier)
                    hops -= 1
                    break
                }
            }
        }
        return hops
    }

    private mutating func mergeManyRepeats() -> Int {
        var first: [HopKey: Int] = [:]
        for position in 0..<count {
            let key = keys[position]
            let hop = HopKey(
                place: key.place, ttl: key.ttl, tunnelKind: key.tunnelKind, fate: nodes[position].fate)
            if let earlier = first[hop] {
                merge(position, into: earlier)
            } else {
                first[hop] = position
            }
        }
        return first.count
    }

    private mutating func merge(_ position: Int, into earlier: Int) {
        nodes[position].parent = -2
        nodes[position].score = Int32(earlier)
        nodes[earlier].segments += 1
    }

    /// The position of the hop that a sighting is of.
    func hop(of position: Int) -> Int {
        nodes[position].parent == -2 ? Int(nodes[position].score) : position
    }

    /// Sightings without a passage time could each seem to follow the other.
    mutating func breakCycles() {
        for position in 0..<count where nodes[position].parent > Int32(position) {
            var walk = nodes[position].parent
            var steps = 0
            while walk >= 0, walk != Int32(position), steps <= count {
                walk = nodes[Int(walk)].parent
                steps += 1
            }
            if walk == Int32(position) { nodes[position].parent = -1 }
        }
        for position in 0..<count where nodes[position].parent >= 0 {
            nodes[Int(nodes[position].parent)].hasChild = true
        }
    }

    /// Gives each sighting a time that is not before its parent's, and orders them by it.
    ///
    /// A capture's own time is kept; what has another clock takes its parent's, since that says no more than an order.
    mutating func settle() {
        order.reserveCapacity(count)
        for position in 0..<count where nodes[position].parent != -2 {
            if nodes[position].parent < 0 { rootCount += 1 }
            let parent = Int(nodes[position].parent)
            if parent >= 0, nodes[position].depth < 0, nodes[parent].depth >= 0 {
                settle(position, below: parent)
            } else {
                settle(position)
            }
            var slot = order.count
            order.append(Int32(position))
            if count > Self.fewSightings { continue }
            while slot > 0, comes(position, before: Int(order[slot - 1])) {
                order[slot] = order[slot - 1]
                slot -= 1
            }
            if slot < order.count - 1 { order[slot] = Int32(position) }
        }
        if count > Self.fewSightings { sortOrder() }
        for index in order.indices { nodes[Int(order[index])].step = Int32(index) }
    }

    private mutating func sortOrder() {
        var sorted: ContiguousArray<Int32> = []
        swap(&sorted, &order)
        sorted.sort { comes(Int($0), before: Int($1)) }
        swap(&sorted, &order)
    }

    private mutating func settle(_ position: Int) {
        if nodes[position].depth >= 0 { return }
        let parent = Int(nodes[position].parent)
        guard parent >= 0 else {
            let time = keys[position].timeNanoseconds
            nodes[position].depth = 0
            nodes[position].timeNanoseconds = keys[position].clock == .passage ? time : min(time, earliest)
            return
        }
        if nodes[parent].depth < 0 { settle(parent) }
        settle(position, below: parent)
    }

    @inline(__always)
    private mutating func settle(_ position: Int, below parent: Int) {
        let before = nodes[parent].timeNanoseconds
        let isPassage = keys[position].clock == .passage
        nodes[position].depth = nodes[parent].depth + 1
        nodes[position].timeNanoseconds = isPassage ? max(before, keys[position].timeNanoseconds) : before
        if isPassage, keys[position].timeNanoseconds < before { isTimely = false }
    }

    /// By position, the number of the packet that it is of, where what is not timely begins another one.
    func timelyParts() -> ContiguousArray<Int32> {
        var parts = ContiguousArray<Int32>(repeating: -1, count: count)
        var last: Int32 = -1
        for index in order.indices {
            let position = Int(order[index])
            let parent = Int(nodes[position].parent)
            let isLate =
                parent >= 0 && keys[position].clock == .passage
                && keys[position].timeNanoseconds < nodes[parent].timeNanoseconds
            if parent < 0 || isLate { last += 1 }
            parts[position] = parent < 0 || isLate ? last : parts[parent]
        }
        for position in 0..<count where nodes[position].parent == -2 { parts[position] = parts[hop(of: position)] }
        return parts
    }

    @inline(__always)
    private func comes(_ left: Int, before right: Int) -> Bool {
        if nodes[left].timeNanoseconds != nodes[right].timeNanoseconds {
            return nodes[left].timeNanoseconds < nodes[right].timeNanoseconds
        }
        if nodes[left].depth != nodes[right].depth { return nodes[left].depth < nodes[right].depth }
        return left < right
    }

    /// Several beginnings of what is known to be one packet: each later one follows what was seen just before it.
    mutating func chainRoots() {
        for index in order.indices where index > 0 && nodes[Int(order[index])].parent == -1 {
            nodes[Int(order[index])].parent = order[index - 1]
            nodes[Int(order[index])].score = 0
            nodes[Int(order[index - 1])].hasChild = true
        }
        rootCount = 1
    }
}
