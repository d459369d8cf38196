internal import WalkModel

extension EngineCore {
    /// Arranges the sightings `packet` (indexes in the store) into a tree. Cost: the square of their number for a way
    /// that no packet took before, else their number.
    mutating func arrange(_ packet: ContiguousArray<Int32>) {
        arrangement.take(packet, from: store.sightings)
        let isKnown =
            arrangement.isInOrder && options.remembersArrangements && arrangements.recall(&arrangement)
        if !isKnown {
            findParents()
            if arrangement.isInOrder { arrangements.keep(arrangement) }
        }
        arrangement.settle()
    }

    /// As `arrange`, for sightings of a packet and of its parts.
    ///
    /// - Parameter fates: by position, as `Arrangement.Node.fate`; empty where all went on.
    mutating func arrangeParts(_ packet: ContiguousArray<Int32>, fates: ContiguousArray<Int16> = []) {
        arrangement.take(packet, from: store.sightings)
        findParents(fates: fates)
        arrangement.settle()
    }

    private mutating func findParents(fates: ContiguousArray<Int16> = []) {
        arrangement.resetNodes()
        for position in fates.indices { arrangement.nodes[position].fate = fates[position] }
        arrangement.mergeRepeats()
        let count = arrangement.count
        for position in 0..<count where arrangement.nodes[position].parent != -2 {
            let cue = arrangement.cues[position]
            var best = -1
            var bestScore: Int32 = 0
            for candidate in 0..<count where candidate != position && arrangement.nodes[candidate].parent != -2 {
                if arrangement.nodes[candidate].fate != 0 { continue }
                let score = precedence.score(arrangement.cues[candidate], before: cue)
                guard score > 0 else { continue }
                if score > bestScore || score == bestScore && isLater(candidate, than: best)
                    || score < Precedence.adjacent && bestScore < Precedence.adjacent && best >= 0
                        && score / 10_000 == bestScore / 10_000 && isLater(candidate, than: best)
                {
                    best = candidate
                    bestScore = score
                }
            }
            arrangement.nodes[position].parent = Int32(best)
            arrangement.nodes[position].score = bestScore
        }
        arrangement.breakCycles()
    }

    private func isLater(_ position: Int, than other: Int) -> Bool {
        let cue = arrangement.cues[position]
        let reference = arrangement.cues[other]
        if cue.timeNanoseconds != reference.timeNanoseconds { return cue.timeNanoseconds > reference.timeNanoseconds }
        return cue.sourceSequence > reference.sourceSequence
    }
}
