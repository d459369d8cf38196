import Observations

/// The order of one packet's sightings: a tree, in which each hangs below the one that was just before it.
struct Arrangement {
    /// Member positions in the order of the walk.
    var order: ContiguousArray<Int32> = []
    /// By member position: the position of the sighting before; -1 for a root, -2 for one that repeats another at the
    /// same place (a fragment or a segment of it).
    var parent: ContiguousArray<Int32> = []
    var score: ContiguousArray<Int32> = []
    var time: ContiguousArray<Int64> = []
    var depth: ContiguousArray<Int32> = []
    /// By member position: how many sightings stand for it.
    var segments: ContiguousArray<Int32> = []
    var rootCount = 0
    var cues: ContiguousArray<Cue> = []

    mutating func reset(_ count: Int) {
        order.removeAll(keepingCapacity: true)
        parent.removeAll(keepingCapacity: true)
        score.removeAll(keepingCapacity: true)
        time.removeAll(keepingCapacity: true)
        depth.removeAll(keepingCapacity: true)
        segments.removeAll(keepingCapacity: true)
        cues.removeAll(keepingCapacity: true)
        for _ in 0..<count {
            parent.append(-1)
            score.append(0)
            time.append(0)
            depth.append(-1)
            segments.append(1)
        }
        rootCount = 0
    }
}

extension EngineCore {
    /// Arranges the sightings `packet` (indexes in the store) into a tree. Cost: the square of their number.
    mutating func arrange(_ packet: ContiguousArray<Int32>) {
        let count = packet.count
        arrangement.reset(count)
        if count == 1 {
            arrangement.rootCount = 1
            arrangement.order.append(0)
            arrangement.time[0] = store.sightings[Int(packet[0])].timeNanoseconds
            arrangement.depth[0] = 0
            return
        }
        for index in packet { arrangement.cues.append(Cue(store.sightings[Int(index)])) }
        mergeRepeats(count)
        for position in 0..<count where arrangement.parent[position] != -2 {
            let cue = arrangement.cues[position]
            var best: Int32 = -1
            var bestScore: Int32 = 0
            for candidate in 0..<count where candidate != position && arrangement.parent[candidate] != -2 {
                let score = precedence.score(arrangement.cues[candidate], before: cue)
                guard score > 0 else { continue }
                if score > bestScore || score == bestScore && isLater(packet[candidate], than: packet[Int(best)])
                    || score < Precedence.adjacent && bestScore < Precedence.adjacent && best >= 0
                        && score / 10_000 == bestScore / 10_000 && isLater(packet[candidate], than: packet[Int(best)])
                {
                    best = Int32(candidate)
                    bestScore = score
                }
            }
            arrangement.parent[position] = best
            arrangement.score[position] = bestScore
        }
        breakCycles(count)
        settleTimes(packet)
        sortOrder(packet)
    }

    private func isLater(_ index: Int32, than other: Int32) -> Bool {
        let sighting = store.sightings[Int(index)]
        let reference = store.sightings[Int(other)]
        if sighting.timeNanoseconds != reference.timeNanoseconds {
            return sighting.timeNanoseconds > reference.timeNanoseconds
        }
        return sighting.sourceSequence > reference.sourceSequence
    }

    /// Fragments and segments of one packet at one place are one hop.
    private mutating func mergeRepeats(_ count: Int) {
        for position in 1..<count {
            let cue = arrangement.cues[position]
            for earlier in 0..<position where arrangement.parent[earlier] != -2 {
                let other = arrangement.cues[earlier]
                if other.place == cue.place, other.ttl == cue.ttl, other.tunnelKind == cue.tunnelKind {
                    arrangement.parent[position] = -2
                    arrangement.segments[earlier] += 1
                    break
                }
            }
        }
    }

    /// Sightings without a passage time could each seem to follow the other.
    private mutating func breakCycles(_ count: Int) {
        for position in 0..<count where arrangement.parent[position] >= 0 {
            var walk = arrangement.parent[position]
            var steps = 0
            while walk >= 0, walk != Int32(position), steps <= count {
                walk = arrangement.parent[Int(walk)]
                steps += 1
            }
            if walk == Int32(position) { arrangement.parent[position] = -1 }
        }
    }

    private mutating func settleTimes(_ packet: ContiguousArray<Int32>) {
        var earliest = Int64.max
        for index in packet {
            let sighting = store.sightings[Int(index)]
            if sighting.clock != .reading { earliest = min(earliest, sighting.timeNanoseconds) }
        }
        arrangement.rootCount = 0
        for position in 0..<packet.count where arrangement.parent[position] != -2 {
            if arrangement.parent[position] < 0 { arrangement.rootCount += 1 }
            settle(position, packet, earliest)
        }
    }

    private mutating func settle(_ position: Int, _ packet: ContiguousArray<Int32>, _ earliest: Int64) {
        if arrangement.depth[position] >= 0 { return }
        let sighting = store.sightings[Int(packet[position])]
        let parent = arrangement.parent[position]
        guard parent >= 0 else {
            arrangement.depth[position] = 0
            arrangement.time[position] =
                sighting.clock == .passage
                ? sighting.timeNanoseconds : min(sighting.timeNanoseconds, earliest)
            return
        }
        settle(Int(parent), packet, earliest)
        arrangement.depth[position] = arrangement.depth[Int(parent)] + 1
        let before = arrangement.time[Int(parent)]
        arrangement.time[position] =
            sighting.clock == .passage ? max(before, sighting.timeNanoseconds) : before
    }

    private mutating func sortOrder(_ packet: ContiguousArray<Int32>) {
        for position in 0..<packet.count where arrangement.parent[position] != -2 {
            var slot = arrangement.order.count
            arrangement.order.append(Int32(position))
            while slot > 0, comes(position, before: Int(arrangement.order[slot - 1])) {
                arrangement.order[slot] = arrangement.order[slot - 1]
                slot -= 1
            }
            arrangement.order[slot] = Int32(position)
        }
    }

    private func comes(_ left: Int, before right: Int) -> Bool {
        if arrangement.time[left] != arrangement.time[right] {
            return arrangement.time[left] < arrangement.time[right]
        }
        if arrangement.depth[left] != arrangement.depth[right] {
            return arrangement.depth[left] < arrangement.depth[right]
        }
        return left < right
    }
}
