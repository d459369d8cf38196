internal import WalkModel
import Observations
import Wire

/// The flows that the sightings of a group show, and which of them conntrack says are one.
///
/// Flows are numbered in the order of their first sighting. Its arrays keep their capacity from group to group.
struct GroupFlows: ~Copyable {
    /// Flow `other` becomes `flow` in some namespace, or did before.
    struct Link: Comparable {
        var flow: Int32
        var other: Int32

        static func < (left: Self, right: Self) -> Bool { (left.flow, left.other) < (right.flow, right.other) }
    }

    private(set) var keys: ContiguousArray<FlowKey> = []
    /// By position, the number of the sighting's flow; empty after `readPlain`, unless it gave `twoFlows`.
    private(set) var numbers: ContiguousArray<Int32> = []
    /// Whether every place was passed at most once.
    private(set) var isOnce = false
    /// Ordered by `flow`.
    private(set) var links: ContiguousArray<Link> = []
    /// A forest over flows; a root's own number stands for the class.
    private var classes: ContiguousArray<Int32> = []
    private var visited = VisitedPlaces()

    /// Makes room for places numbered below `count`.
    mutating func reserve(places count: Int) { visited.reserve(count) }

    /// What a first look at a group gives.
    enum Plainness {
        /// Plainly one packet: every place once, nothing that needs a closer look, one flow or two that conntrack says
        /// are one.
        case onePacket
        /// The same, but conntrack does not say that its two flows are one: all is as `read` leaves it.
        case twoFlows
        /// `read` has to tell.
        case unclear
    }

    /// Reads no more than it takes to know a group that is plainly one packet: `keys` are not whole where it is unclear.
    mutating func readPlain(
        _ members: ContiguousArray<Int32>, in groups: borrowing LabelGroups, _ translations: borrowing TranslationTable
    ) -> Plainness {
        keys.removeAll(keepingCapacity: true)
        numbers.removeAll(keepingCapacity: true)
        visited.begin()
        var second = members.count
        for position in members.indices {
            let member = Int(members[position])
            if !visited.insert(groups.sightings[member].vantage) { return .unclear }
            let flags = groups.sightings[member].flags
            if flags & (Sighting.quotesPacket | Sighting.isFragment) != 0 { return .unclear }
            let key = groups.sightings[member].flowKey
            if let last = keys.last, last == key { continue }
            // Back to the first, or a third: `unite` tells.
            if keys.count == 2 { return .unclear }
            if keys.count == 1 { second = position }
            keys.append(key)
        }
        if keys.count == 1 || translations.links(keys[0], keys[1], namespace: -1) { return .onePacket }
        isOnce = true
        for position in members.indices { numbers.append(position < second ? 0 : 1) }
        return .twoFlows
    }

    /// Reads each member's flow and tells whether every place was passed at most once.
    @discardableResult
    mutating func read(_ members: ContiguousArray<Int32>, in groups: borrowing LabelGroups) -> Bool {
        keys.removeAll(keepingCapacity: true)
        numbers.removeAll(keepingCapacity: true)
        visited.begin()
        isOnce = true
        var table: KeyTable?
        var fragments: FragmentFlows?
        var last: Int32 = -1
        for member in members {
            if !visited.insert(groups.sightings[Int(member)].vantage) { isOnce = false }
            let isPlain = groups.sightings[Int(member)].flags & (Sighting.quotesPacket | Sighting.isFragment) == 0
            let key =
                isPlain
                ? groups.sightings[Int(member)].flowKey
                : Self.flowKey(of: member, among: members, in: groups, &fragments)
            if last < 0 || keys[Int(last)] != key { last = number(of: key, &table) }
            numbers.append(last)
        }
        return isOnce
    }

    private mutating func number(of key: FlowKey, _ table: inout KeyTable?) -> Int32 {
        var found: Int32 = -1
        if keys.count <= 8 {
            for index in keys.indices where keys[index] == key { found = Int32(index) }
        } else {
            var known = table.take() ?? KeyTable(capacity: 64)
            if known.count == 0 {
                for index in keys.indices { known.set(keys[index].hash, to: Int32(index)) }
            }
            found = known.find(key.hash)
            if found < 0 { known.set(key.hash, to: Int32(keys.count)) }
            table = known
        }
        if found < 0 {
            found = Int32(keys.count)
            keys.append(key)
        }
        return found
    }

    /// The flow of a sighting: for an ICMP error that of the packet it speaks of, turned round, since conntrack
    /// translates it by that; for a fragment without ports those of its datagram's first.
    private static func flowKey(
        of member: Int32, among members: ContiguousArray<Int32>, in groups: borrowing LabelGroups,
        _ fragments: inout FragmentFlows?
    ) -> FlowKey {
        let sighting = groups.sightings[Int(member)]
        if sighting.has(Sighting.quotesPacket), sighting.detail >= 0 {
            return groups.details[Int(sighting.detail)].quotedFlow
        }
        guard sighting.has(Sighting.isFragment), !sighting.has(Sighting.hasTransport) else { return sighting.flowKey }
        let known = fragments ?? FragmentFlows(members, in: groups)
        fragments = known
        return known.flow(of: sighting) ?? sighting.flowKey
    }

    /// Unites the flows that conntrack says are one into classes.
    /// - Returns: how many classes there are.
    mutating func unite(by translations: borrowing TranslationTable) -> Int {
        let count = keys.count
        classes.removeAll(keepingCapacity: true)
        links.removeAll(keepingCapacity: true)
        for index in 0..<count { classes.append(Int32(index)) }
        guard count > 1 else { return 1 }
        guard !translations.isEmpty else { return count }
        if count == 2 {
            guard translations.links(keys[0], keys[1], namespace: -1) else { return 2 }
            classes[1] = 0
            links.append(Link(flow: 0, other: 1))
            links.append(Link(flow: 1, other: 0))
            return 1
        }
        var table = KeyTable(capacity: count * 2)
        for index in 0..<count { table.set(keys[index].hash, to: Int32(index)) }
        for index in 0..<count {
            translations.translations(of: keys[index]) { target, _ in
                let other = table.find(target.hash)
                if other >= 0, keys[Int(other)] == target { links.append(Link(flow: other, other: Int32(index))) }
            }
        }
        links.sort()
        var left = count
        for link in links {
            if classes.unite(link.other, link.flow) { left -= 1 }
        }
        return left
    }

    /// The number that stands for the class of a flow.
    func root(of flow: Int32) -> Int32 { classes.root(of: flow) }

    /// The links of `flow`, as positions in `links`.
    func links(of flow: Int32) -> Range<Int> {
        var low = 0
        var high = links.count
        while low < high {
            let middle = (low + high) / 2
            if links[middle].flow < flow { low = middle + 1 } else { high = middle }
        }
        var end = low
        while end < links.count, links[end].flow == flow { end += 1 }
        return low..<end
    }

    /// Source translation leaves the destination alone, destination translation the source; hairpins change both
    /// addresses but neither in both ports.
    func resemble(_ left: Int32, _ right: Int32) -> Bool {
        let one = keys[Int(left)]
        let other = keys[Int(right)]
        guard one.ipProtocol == other.ipProtocol else { return false }
        let sameDestination = one.destinationHigh == other.destinationHigh && one.destinationLow == other.destinationLow
        let sameSource = one.sourceHigh == other.sourceHigh && one.sourceLow == other.sourceLow
        guard sameDestination || sameSource || one.sourcePort == other.sourcePort else { return false }
        return !one.staysOnLink && !other.staysOnLink
    }

    /// Whether a sighting of flow `number` bears no port at all, as fragments after the first.
    func hasNoPorts(_ number: Int32) -> Bool {
        keys[Int(number)].sourcePort == 0 && keys[Int(number)].destinationPort == 0
    }
}
