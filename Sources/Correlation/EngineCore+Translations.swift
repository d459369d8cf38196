internal import WalkModel
import Observations
import Wire

/// Translations that no conntrack entry tells of.
extension EngineCore {
    /// Joins packets whose flow changes where only one can continue the other.
    mutating func joinTranslated() {
        let count = members.count
        var trees: [Int32: ContiguousArray<Int32>] = [:]
        var roots: [Int32] = []
        for position in 0..<count {
            let root = packetRoot(Int32(position))
            if trees[root] == nil { roots.append(root) }
            trees[root, default: []].append(Int32(position))
        }
        guard roots.count > 1, roots.count * count <= options.comparisonLimit else { return }
        struct Claim {
            var later: Int32
            var earlier: Int32
            var age: Int64
            /// Age of the next candidate; `.max` for none.
            var nextAge: Int64
            /// Where no direction is known it must be the only one, and is still not certain.
            var isGuess: Bool
        }
        var open: [Claim] = []
        for root in roots {
            guard let tree = trees[root], let head = tree.first(where: { parentOf[Int($0)] < 0 && !isPortless($0) }),
                !isUncertain[Int(head)]
            else { continue }
            let late = store.sightings[Int(members[Int(head)])]
            if !isOneDatagram, late.has(Sighting.isFragment) { continue }
            // Conntrack speaks of this namespace, and did not say that these two are one.
            if hasConntrack[Int(places.places[Int(late.vantage)].namespace)] { continue }
            var best: (position: Int32, age: Int64)?
            var second = Int64.max
            for candidate in 0..<count where packetRoot(Int32(candidate)) != root && !isPortless(Int32(candidate)) {
                guard keyIndex[candidate] != keyIndex[Int(head)],
                    resembles(keyIndex[candidate], keyIndex[Int(head)])
                else { continue }
                let early = store.sightings[Int(members[candidate])]
                if early.sourceSequence != 0, late.sourceSequence != 0,
                    early.sourceSequence &- late.sourceSequence < 1 << 31
                {
                    continue
                }
                let isGuess = places.places[Int(late.vantage)].isUndirected
                guard
                    precedence.score(Cue(early), before: Cue(late))
                        >= (isGuess ? Precedence.undirected : Precedence.adjacent),
                    isLastInArea(candidate, of: trees[packetRoot(Int32(candidate))] ?? [])
                else { continue }
                let age = abs(late.timeNanoseconds - early.timeNanoseconds)
                guard age <= store.quietNanoseconds else { continue }
                if let known = best, packetRoot(known.position) != packetRoot(Int32(candidate)) {
                    second = min(second, max(age, known.age))
                    if age < known.age { best = (Int32(candidate), age) }
                } else if age < best?.age ?? .max {
                    best = (Int32(candidate), age)
                }
            }
            if let best {
                open.append(
                    Claim(
                        later: head, earlier: best.position, age: best.age, nextAge: second,
                        isGuess: places.places[Int(late.vantage)].isUndirected))
            }
        }
        let ages = open.map(\.age).sorted()
        let usual = max(Self.shortestSilence / 4, ages.isEmpty ? 0 : ages[ages.count / 2])
        var claims: [Claim] = []
        for claim in open {
            if claim.nextAge == .max || !claim.isGuess && claim.nextAge / 8 >= max(usual, claim.age) {
                claims.append(claim)
            } else {
                isUncertain[Int(claim.later)] = true
            }
        }
        // Two that claim the same one both stay apart.
        var claimed: [Int32: Int] = [:]
        for claim in claims { claimed[packetRoot(claim.earlier), default: 0] += 1 }
        for claim in claims {
            guard claimed[packetRoot(claim.earlier)] == 1 else {
                isUncertain[Int(claim.later)] = true
                continue
            }
            parentOf[Int(claim.later)] = claim.earlier
            joinOf[Int(claim.later)] = Join(
                confidence: claim.nextAge == .max && !claim.isGuess ? .strong : .weak,
                joint: claim.isGuess
                    ? [.label, .time]
                    : claim.nextAge == .max ? [.label, .neighbourhood] : [.label, .neighbourhood, .time])
            unite(claim.later, claim.earlier)
        }
    }

    func isPortless(_ position: Int32) -> Bool {
        let sighting = store.sightings[Int(members[Int(position)])]
        return sighting.has(Sighting.isFragment) && !sighting.has(Sighting.hasTransport)
    }

    /// Source translation leaves the destination alone, destination translation the source; hairpins change both
    /// addresses but neither in both ports.
    private func resembles(_ left: Int32, _ right: Int32) -> Bool {
        let one = keys[Int(left)]
        let other = keys[Int(right)]
        guard one.ipProtocol == other.ipProtocol else { return false }
        let sameDestination = one.destinationHigh == other.destinationHigh && one.destinationLow == other.destinationLow
        let sameSource = one.sourceHigh == other.sourceHigh && one.sourceLow == other.sourceLow
        return sameDestination || sameSource || one.sourcePort == other.sourcePort
    }

    /// Whether a packet was seen nowhere later in the same namespace.
    private func isLastInArea(_ candidate: Int, of tree: ContiguousArray<Int32>) -> Bool {
        let sighting = store.sightings[Int(members[candidate])]
        for other in tree where Int(other) != candidate && parentOf[Int(other)] == Int32(candidate) {
            let later = store.sightings[Int(members[Int(other)])]
            if places.places[Int(later.vantage)].namespace == places.places[Int(sighting.vantage)].namespace {
                return false
            }
        }
        return true
    }
}
