internal import WalkModel
import Observations

/// All that telling the packets of a group apart looks at, in words: for groups in which that is no more than an order.
///
/// Every place was passed once, in the order in which sightings came, all within the quiet time. Then times count only
/// by which of two is the later, unless several sightings could be the one before another: `LookalikeMatcher.readsTimes`
/// and `TranslationGuess.readsTimes` tell where that is so, and such a group is told apart anew each time. Whatever those
/// two come to look at has to be in here.
struct PartitionShape: ~Copyable {
    /// Above it a sighting's relations to all others do not go into a word.
    private static let sightingLimit = 16
    private static let flowLimit = 8

    private(set) var words: ContiguousArray<UInt64> = []

    /// - Parameter flows: of the group, united.
    /// - Returns: false where the shape does not say all.
    mutating func read(
        _ group: borrowing SightingGroup, _ flows: borrowing GroupFlows, near surroundings: Surroundings,
        _ state: borrowing StreamState
    ) -> Bool {
        words.removeAll(keepingCapacity: true)
        let count = group.count
        guard flows.isOnce, !group.hasFragments, count <= Self.sightingLimit, flows.keys.count <= Self.flowLimit,
            group.lastNanoseconds &- group.keys[0].timeNanoseconds <= state.quietNanoseconds
        else { return false }
        words.append(UInt64(count) | UInt64(flows.keys.count) << 8 | UInt64(flows.links.count) << 16)
        words.append(resemblances(flows))
        let label = group.marks[0].label
        let firstTTL = group.keys[0].ttl
        var time = Int64.min
        var isNumbered = false
        for position in 0..<count {
            let key = group.keys[position]
            guard key.timeNanoseconds >= time, group.marks[position].label == label else { return false }
            words.append(key.shape(firstTTL: firstTTL, isLater: key.timeNanoseconds > time, comesLater: false))
            var word = UInt64(key.inDevice) | UInt64(flows.numbers[position]) << 32
            if state.hasConntrack[Int(surroundings.namespace(of: key))] { word |= 1 << 40 }
            words.append(word)
            time = key.timeNanoseconds
            if key.sourceSequence != 0 { isNumbered = true }
        }
        if isNumbered { for position in 0..<count { words.append(Self.sequences(position, group)) } }
        for link in flows.links { words.append(UInt64(link.flow) << 32 | UInt64(link.other)) }
        return true
    }

    /// A bit for each two flows.
    private func resemblances(_ flows: borrowing GroupFlows) -> UInt64 {
        var word: UInt64 = 0
        for left in 0..<Int32(flows.keys.count) {
            for right in 0..<left { word = word << 1 | (flows.resemble(left, right) ? 1 : 0) }
        }
        return word
    }

    /// How the number that its source gave a sighting stands to those of the sightings before it.
    private static func sequences(_ position: Int, _ group: borrowing SightingGroup) -> UInt64 {
        let own = group.keys[position].sourceSequence
        guard own != 0 else { return 0 }
        var word: UInt64 = 1 << 63
        for earlier in 0..<position where group.keys[earlier].sourceSequence != 0 {
            let difference = group.keys[earlier].sourceSequence &- own
            if difference < 1 << 31 { word |= 1 << UInt64(earlier) }
            if 0 &- difference < 1 << 31 { word |= 1 << UInt64(16 + earlier) }
            if Surroundings.mayPassTogether(distance: Int32(bitPattern: difference)) {
                word |= 1 << UInt64(32 + earlier)
            }
        }
        return word
    }
}
