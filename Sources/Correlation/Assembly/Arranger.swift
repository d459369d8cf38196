internal import WalkModel

/// Finds out which sighting of a packet follows which.
///
/// Each sighting's parent is the one with the highest precedence before it. Of equal ones it is the later; and of those
/// that no edge leads from, the latest of one class, since nothing but time speaks for any of them.
struct Arranger: ~Copyable {
    /// Whether arrangements are remembered from packet to packet.
    private let remembers: Bool
    private var memo = ArrangementMemo()

    init(remembers: Bool) { self.remembers = remembers }

    /// Forgets what was worked out for other surroundings.
    mutating func forget() { memo.removeAll() }

    /// Arranges the sightings `packet` (indexes in `groups`) into a tree. Cost: the square of their number for a path
    /// that no packet took before, else their number.
    mutating func arrange(
        _ packet: ContiguousArray<Int32>, in groups: borrowing LabelGroups, by precedence: Precedence,
        _ budget: inout WorkBudget, into arrangement: inout Arrangement
    ) {
        arrangement.take(packet, from: groups)
        if !(arrangement.isInOrder && remembers && memo.recall(&arrangement)) {
            let isWhole = Self.findParents([], by: precedence, &budget, in: &arrangement)
            if isWhole, arrangement.isInOrder { memo.keep(arrangement) }
        }
        arrangement.settle()
    }

    /// As `arrange`, for sightings of a TCP packet and of its segments.
    ///
    /// - Parameter fates: by position, as `Arrangement.Node.fate`; empty where all went on.
    static func arrangeSegments(
        _ packet: ContiguousArray<Int32>, fates: ContiguousArray<Int16> = [], in groups: borrowing LabelGroups,
        by precedence: Precedence, _ budget: inout WorkBudget, into arrangement: inout Arrangement
    ) {
        arrangement.take(packet, from: groups)
        _ = findParents(fates, by: precedence, &budget, in: &arrangement)
        arrangement.settle()
    }

    /// - Returns: false where there are more sightings than can be compared: none has a parent then.
    private static func findParents(
        _ fates: ContiguousArray<Int16>, by precedence: Precedence, _ budget: inout WorkBudget,
        in arrangement: inout Arrangement
    ) -> Bool {
        arrangement.resetNodes()
        for position in fates.indices { arrangement.nodes[position].fate = fates[position] }
        let hops = arrangement.mergeRepeats()
        guard budget.spend(hops * arrangement.count) else { return false }
        for position in 0..<arrangement.count where arrangement.nodes[position].parent != -2 {
            let (parent, score) = parent(of: position, by: precedence, in: arrangement)
            arrangement.nodes[position].parent = Int32(parent)
            arrangement.nodes[position].score = score
        }
        arrangement.breakCycles()
        return true
    }

    private static func parent(
        of position: Int, by precedence: Precedence, in arrangement: borrowing Arrangement
    ) -> (position: Int, score: Int32) {
        let key = arrangement.keys[position]
        var best = -1
        var bestScore: Int32 = 0
        for candidate in 0..<arrangement.count
        where candidate != position && arrangement.nodes[candidate].parent != -2 {
            // A segment that was lost here goes nowhere.
            if arrangement.nodes[candidate].fate != 0 { continue }
            let score = precedence.score(arrangement.keys[candidate], before: key)
            guard score > 0 else { continue }
            let isBetter =
                score > bestScore || score == bestScore && isLater(candidate, than: best, in: arrangement)
                || score < Precedence.adjacent && bestScore < Precedence.adjacent && best >= 0
                    && score / Precedence.classSize == bestScore / Precedence.classSize
                    && isLater(candidate, than: best, in: arrangement)
            if isBetter {
                best = candidate
                bestScore = score
            }
        }
        return (best, bestScore)
    }

    private static func isLater(_ position: Int, than other: Int, in arrangement: borrowing Arrangement) -> Bool {
        let key = arrangement.keys[position]
        let reference = arrangement.keys[other]
        if key.timeNanoseconds != reference.timeNanoseconds { return key.timeNanoseconds > reference.timeNanoseconds }
        return key.sourceSequence > reference.sourceSequence
    }
}
