internal import WalkModel
import Observations

/// What the kernel itself says of a group: which sightings are of one `struct sk_buff`.
///
/// Of those with one identity each follows the one that came before it in time. Where it can't come from there, or comes back
/// to a place with the hop limit that it had there, the address was used again without a free that was seen, and it is another
/// packet from there on.
/// What has an identity of its own may be a clone or a segment of another: that is for labels, places and times to tell.
struct KernelPackets: ~Copyable {
    /// By position: the one before it and the one after it, of the same packet of the kernel; -1 for none.
    private(set) var before: ContiguousArray<Int32> = []
    private(set) var after: ContiguousArray<Int32> = []
    private var order: ContiguousArray<Int32> = []

    /// Finds them, and ties each to the one before it.
    mutating func tie(
        _ group: borrowing SightingGroup, by precedence: Precedence, into partition: inout PacketPartition
    ) {
        before.removeAll(keepingCapacity: true)
        after.removeAll(keepingCapacity: true)
        guard group.hasIdentities else { return }
        order.removeAll(keepingCapacity: true)
        for position in 0..<Int32(group.count) {
            before.append(-1)
            after.append(-1)
            if group.marks[Int(position)].kernelIdentity != 0 { order.append(position) }
        }
        order.sort { left, right in
            let one = group.marks[Int(left)].kernelIdentity
            let other = group.marks[Int(right)].kernelIdentity
            return (one, group.time(left), left) < (other, group.time(right), right)
        }
        var start = 0
        for index in order.indices.dropFirst() {
            let position = order[index]
            let last = order[index - 1]
            if group.marks[Int(position)].kernelIdentity != group.marks[Int(last)].kernelIdentity
                || precedence.score(group.keys[Int(last)], before: group.keys[Int(position)]) == 0
                || order[start..<index].contains(where: { isSamePassage($0, position, group) })
            {
                start = index
                continue
            }
            before[Int(position)] = last
            after[Int(last)] = position
            let isAlike = group.marks[Int(position)].label == group.marks[Int(last)].label
            partition.tie(position, to: last, Join(evidence: isAlike ? [.label, .kernel] : [.datagram, .kernel]))
        }
    }

    private func isSamePassage(_ left: Int32, _ right: Int32, _ group: borrowing SightingGroup) -> Bool {
        let one = group.keys[Int(left)]
        let other = group.keys[Int(right)]
        return one.place == other.place && one.ttl == other.ttl && one.tunnelKind == other.tunnelKind
    }

    /// Whether the one before it is known.
    func isTied(_ position: Int32) -> Bool { !before.isEmpty && before[Int(position)] >= 0 }

    /// Whether it is known to have gone on at the place of another one, or before it in time and at that place.
    func goesOn(_ position: Int32, at place: UInt32, _ group: borrowing SightingGroup) -> Bool {
        if after.isEmpty { return false }
        var next = after[Int(position)]
        while next >= 0 {
            if group.keys[Int(next)].place == place { return true }
            next = after[Int(next)]
        }
        return false
    }
}
