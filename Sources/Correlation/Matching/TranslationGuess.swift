internal import WalkModel
import Observations
import Wire

/// Joins packets of which the flow changes, where conntrack says nothing and only one can continue the other.
///
/// Source and destination translation leave enough of a flow alone to know it again (`GroupFlows.resemble`). Of what was
/// told apart, each packet that begins in the middle claims the one that it can continue: by an edge, within the quiet
/// time, at the last sighting in its namespace. With several candidates the nearest counts only where the next one is
/// at least eight times as far. Two that claim the same one both stay apart.
///
/// Holds nothing but working memory. Cost: the number of packets times that of sightings, up to `comparisonLimit`.
struct TranslationGuess: ~Copyable {
    /// Nanoseconds. Packets nearer than this to each other are in one burst, however fast they seem to pass.
    static let shortestSilence: Int64 = 50_000

    private struct Claim {
        var later: Int32
        var earlier: Int32
        var age: Int64
        /// Age of the next candidate; `.max` for none.
        var nextAge: Int64
        /// Where no direction is known it must be the only one, and is still not certain.
        var isGuess: Bool

        var isOnly: Bool { nextAge == .max }

        /// - Parameter usual: age of the claims around it, nanoseconds.
        func isClear(usual: Int64) -> Bool { isOnly || !isGuess && nextAge / 8 >= max(usual, age) }

        var join: Join {
            if isGuess { return Join(confidence: .weak, evidence: [.label, .time]) }
            return isOnly
                ? Join(confidence: .strong, evidence: [.label, .neighbourhood])
                : Join(confidence: .weak, evidence: [.label, .neighbourhood, .time])
        }
    }

    /// By position: the first of a packet's sightings that follows none and has its ports, of what stands for the
    /// packet; -1 for none.
    private var heads: ContiguousArray<Int32> = []
    /// By position: whether the packet was seen again in the same namespace.
    private var goesOn: ContiguousArray<Bool> = []
    private var claims: ContiguousArray<Claim> = []
    private var claimCounts: ContiguousArray<Int32> = []
    /// Whether distances in time decided which packet continues which, beyond what `PartitionShape` says of times.
    private(set) var readsTimes = false

    mutating func join(
        _ group: borrowing SightingGroup, _ flows: borrowing GroupFlows, near surroundings: Surroundings,
        _ state: borrowing StreamState, comparisonLimit: Int, _ budget: inout WorkBudget,
        into partition: inout PacketPartition
    ) {
        readsTimes = false
        let roots = readPackets(group, surroundings, partition)
        guard roots > 1, roots * group.count <= comparisonLimit, budget.spend(roots * group.count) else { return }
        let isOneDatagram = group.showsOneDatagram(0..<Int32(group.count))
        claims.removeAll(keepingCapacity: true)
        for root in heads.indices where heads[root] >= 0 && !partition.isUncertain[Int(heads[root])] {
            let head = heads[root]
            if !isOneDatagram, group.marks[Int(head)].isFragment { continue }
            // Conntrack speaks of this namespace, and did not say that these two are one. It speaks when it confirms the
            // connection, on the packet's path out or to a socket: never of one that was dropped before.
            if state.hasConntrack[Int(surroundings.namespace(of: group.keys[Int(head)]))],
                mayBeConfirmed(Int32(root), where: head, group, surroundings, partition)
            {
                continue
            }
            if let claim = claim(of: head, root: Int32(root), group, flows, surroundings, state, partition) {
                claims.append(claim)
            }
        }
        if !claims.isEmpty { settle(into: &partition) }
    }

    /// Fills `heads` and `goesOn`.
    /// - Returns: how many packets there are.
    private mutating func readPackets(
        _ group: borrowing SightingGroup, _ surroundings: Surroundings, _ partition: borrowing PacketPartition
    ) -> Int {
        heads.removeAll(keepingCapacity: true)
        goesOn.removeAll(keepingCapacity: true)
        for _ in 0..<group.count {
            heads.append(-1)
            goesOn.append(false)
        }
        var roots = 0
        for position in 0..<group.count {
            let root = Int(partition.root(of: Int32(position)))
            if root == position { roots += 1 }
            let parent = Int(partition.parentOf[position])
            if parent >= 0 {
                if surroundings.isOneNamespace(group.keys[parent], group.keys[position]) { goesOn[parent] = true }
            } else if heads[root] < 0, !group.marks[position].isPortless {
                heads[root] = Int32(position)
            }
        }
        return roots
    }

    /// Whether the packet was seen where conntrack has confirmed its connection, in the namespace of `head`: behind
    /// Netfilter's last hook.
    private func mayBeConfirmed(
        _ root: Int32, where head: Int32, _ group: borrowing SightingGroup, _ surroundings: Surroundings,
        _ partition: borrowing PacketPartition
    ) -> Bool {
        for position in 0..<group.count where partition.root(of: Int32(position)) == root {
            let key = group.keys[position]
            if surroundings.isOneNamespace(key, group.keys[Int(head)]),
                surroundings.places.places[Int(key.place)].phase > .postrouting
            {
                return true
            }
        }
        return false
    }

    /// What the packet that begins at `head` can continue; nil for nothing.
    private mutating func claim(
        of head: Int32, root: Int32, _ group: borrowing SightingGroup, _ flows: borrowing GroupFlows,
        _ surroundings: Surroundings, _ state: borrowing StreamState, _ partition: borrowing PacketPartition
    ) -> Claim? {
        let late = group.keys[Int(head)]
        let flow = flows.numbers[Int(head)]
        let isGuess = surroundings.isUndirected(late)
        var best: (position: Int32, root: Int32, age: Int64)?
        var nextAge = Int64.max
        for candidate in 0..<group.count {
            guard flows.numbers[candidate] != flow, !goesOn[candidate], !group.marks[candidate].isPortless else {
                continue
            }
            let other = partition.root(of: Int32(candidate))
            guard other != root, flows.resemble(flows.numbers[candidate], flow) else { continue }
            let early = group.keys[candidate]
            let age = abs(late.timeNanoseconds - early.timeNanoseconds)
            guard age <= state.quietNanoseconds else { continue }
            if early.clock != .passage, late.clock != .passage, early.sourceSequence != 0, late.sourceSequence != 0,
                early.sourceSequence &- late.sourceSequence < 1 << 31
            {
                continue
            }
            guard
                surroundings.precedence.score(early, before: late)
                    >= (isGuess ? Precedence.undirected : Precedence.adjacent)
            else { continue }
            // Of one packet's sightings, all before the head, the nearest is the last one.
            if let known = best, known.root != other || candidate > Int(head) || known.position > head {
                readsTimes = true
            }
            if let known = best, known.root != other {
                nextAge = min(nextAge, max(age, known.age))
                if age < known.age { best = (Int32(candidate), other, age) }
            } else if age < best?.age ?? .max {
                best = (Int32(candidate), other, age)
            }
        }
        return best.map {
            Claim(later: head, earlier: $0.position, age: $0.age, nextAge: nextAge, isGuess: isGuess)
        }
    }

    private mutating func settle(into partition: inout PacketPartition) {
        var usual = claims[0].age
        if claims.count > 1 { usual = claims.map(\.age).sorted()[claims.count / 2] }
        usual = max(Self.shortestSilence / 4, usual)
        claimCounts.removeAll(keepingCapacity: true)
        for _ in heads { claimCounts.append(0) }
        for claim in claims {
            if claim.isClear(usual: usual) {
                claimCounts[Int(partition.root(of: claim.earlier))] += 1
            } else {
                partition.isUncertain[Int(claim.later)] = true
            }
        }
        for claim in claims where claim.isClear(usual: usual) {
            guard claimCounts[Int(partition.root(of: claim.earlier))] == 1 else {
                partition.isUncertain[Int(claim.later)] = true
                continue
            }
            partition.tie(claim.later, to: claim.earlier, claim.join)
            partition.unite(claim.later, claim.earlier)
        }
    }
}
