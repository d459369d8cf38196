internal import WalkModel
import Observations
import Wire

/// Which forms of a TCP stream's range segmentation, or aggregation, can have made of one another. Pure functions of
/// the forms.
enum SegmentClusters {
    /// The forms that can have been made of one another: by index, the one that holds all others first. None where there
    /// are more than can be compared.
    static func clusters(
        _ forms: [Segment], _ translations: borrowing TranslationTable, _ budget: inout WorkBudget
    ) -> [[Int]] {
        guard budget.spend(forms.count * forms.count) else { return [] }
        var holders: [[Int]] = Array(repeating: [], count: forms.count)
        var parts: [[Int]] = []
        for whole in forms.indices {
            guard let own = self.parts(of: whole, forms, translations, &budget) else { return [] }
            parts.append(own)
            for part in parts[whole] { holders[part].append(whole) }
        }
        var clusters: [[Int]] = []
        for whole in forms.indices where holders[whole].isEmpty && !parts[whole].isEmpty {
            // What two can have been cut into belongs to neither.
            let own = parts[whole].filter { part in
                holders[part].allSatisfy { $0 == whole || holders[$0].contains(whole) }
            }
            if !own.isEmpty { clusters.append([whole] + own) }
        }
        return clusters
    }

    /// What a whole can have been cut into, or put together from; nil where there are more than can be compared.
    private static func parts(
        of whole: Int, _ forms: [Segment], _ translations: borrowing TranslationTable, _ budget: inout WorkBudget
    ) -> [Int]? {
        let form = forms[whole]
        var inside: [Int] = []
        for index in forms.indices
        where index != whole && form.mayContain(forms[index]) && isOneFlow(form, forms[index], translations) {
            inside.append(index)
        }
        guard budget.spend(inside.count * inside.count) else { return nil }
        guard form.identification != 0 || inside.contains(where: { forms[$0].identification != 0 }) else {
            return inside
        }
        // IPv4: segments count on from the identification of the whole, or all bear the same.
        let least = inside.filter { part in
            !inside.contains { forms[part].mayContain(forms[$0]) }
        }
        let sizes = Set(least.filter { forms[$0].range.end != form.range.end }.map { forms[$0].range.length })
        /// Bytes for each identification that a part counts on; 0 where it bears the whole's.
        func step(_ part: Int) -> UInt32? {
            let offset = forms[part].range.start &- form.range.start
            let count = UInt32(forms[part].identification &- form.identification)
            if count == 0 { return 0 }
            return offset > 0 && offset % count == 0 ? offset / count : nil
        }
        if let size = sizes.first, sizes.count == 1 {
            let isFixed = inside.allSatisfy { forms[$0].identification == form.identification }
            return inside.filter { part in
                let step = step(part)
                return step == size || step == 0 && (forms[part].range.start == form.range.start || isFixed)
            }
        }
        let steps = Set(inside.filter { forms[$0].range.start != form.range.start }.map { step($0) })
        guard steps.count <= 1, !steps.contains(nil) else { return [] }
        return inside.filter { step($0) != nil }
    }

    /// Whether one can be the other's flow: where they differ, conntrack says that they are one.
    private static func isOneFlow(
        _ one: Segment, _ other: Segment, _ translations: borrowing TranslationTable
    ) -> Bool {
        for flow in one.flows {
            for next in other.flows where next == flow || translations.links(next, flow, namespace: -1) { return true }
        }
        return false
    }

    /// Whether at no place two of a cluster show the same bytes: else one was sent again.
    static func isApart(_ cluster: [Int], _ forms: [Segment]) -> Bool {
        var seen: [UInt32: [SequenceRange]] = [:]
        for index in cluster {
            for place in forms[index].places { seen[place, default: []].append(forms[index].range) }
        }
        let hull = forms[cluster[0]].range
        return seen.values.allSatisfy { ranges in
            let ordered = ranges.sorted { $0.start &- hull.start < $1.start &- hull.start }
            return zip(ordered, ordered.dropFirst()).allSatisfy { !$0.overlaps($1) }
        }
    }

    /// The smallest ranges that a packet's bytes were seen in, and those that were seen in nothing smaller.
    static func leastParts(_ root: Int, _ reach: [Int], _ forms: [Segment]) -> [SequenceRange] {
        let whole = forms[root].range
        let least = reach.filter { part in
            !reach.contains { $0 != part && forms[part].range.contains(forms[$0].range) }
        }.map { forms[$0].range }.sorted { $0.start &- whole.start < $1.start &- whole.start }
        var parts: [SequenceRange] = []
        var reached: UInt32 = 0
        for part in least where whole.contains(part) {
            let offset = part.start &- whole.start
            if offset > reached { parts.append(SequenceRange(of: whole, offset: reached, length: offset - reached)) }
            parts.append(part)
            reached = max(reached, offset + part.length)
        }
        if reached < whole.length {
            parts.append(SequenceRange(of: whole, offset: reached, length: whole.length - reached))
        }
        return parts
    }
}

extension Join {
    /// What joins a part to the whole, or the whole to a part.
    init(ofSegment one: Sighting, _ other: Sighting) {
        if one.label == other.label {
            self.init()
            return
        }
        let before = SequenceRange(one)
        let after = SequenceRange(other)
        let isMarked = other.identification != 0 || other.has(Sighting.hasTCPTimestamp)
        // Else two parts that took the same path.
        let isPart = before.contains(after) || after.contains(before)
        self.init(confidence: isPart && !isMarked ? .strong : .exact, evidence: .stream)
    }
}
