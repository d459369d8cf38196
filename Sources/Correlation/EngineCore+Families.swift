internal import WalkModel
import Observations
import Wire

/// TCP packets that a device cuts into segments (GSO, TSO), and segments that one puts together (GRO).
///
/// Either way the label changes, so that the forms of one stretch of a stream are cohorts of their own. A packet that
/// ends, or begins, on its way calls for a look at the others: whatever is open of the same stream and lies within the
/// same stretch makes one cohort with it, a *family*. When that has gone quiet, its forms are set beside each other:
/// those that segmentation can have made of one another are written as one tree for each packet that was first sent.
/// A packet whose way is whole costs nothing of all this.
extension EngineCore {
    /// A family, and what else of its stream was seen in part.
    struct Family {
        var hull: Stretch
        /// Forms that begin or end within it.
        var others: [Stretch]
    }

    /// Comparisons grow with the square of the forms.
    private static let formLimit = 512

    private func stretch(of cohort: Int32) -> Stretch {
        families[cohort]?.hull ?? Stretch(store.sightings[Int(store.cohorts[Int(cohort)].head)])
    }

    // MARK: Finding families

    mutating func deferEnd(of number: Int32) {
        deferred.append(number)
        deferredStreams.insert(stretch(of: number).stream)
    }

    /// Whether another packet of the same stream waits to be looked at.
    func isOfDeferred(_ sighting: Sighting) -> Bool {
        !deferredStreams.isEmpty && deferredStreams.contains(Stretch(sighting).stream)
    }

    /// Ends the cohorts that were deferred, alone or as families.
    mutating func settleDeferred(by time: Int64) {
        guard !deferred.isEmpty else { return }
        let waiting = Set(deferred)
        let runs = runs(of: deferred)
        deferred.removeAll(keepingCapacity: true)
        deferredStreams.removeAll(keepingCapacity: true)
        for run in runs {
            guard let first = run.numbers.first(where: waiting.contains) else { continue }
            if run.numbers.count == 1 {
                settle(first, run, by: time)
                continue
            }
            let target = run.numbers.first { store.cohorts[Int($0)].isFamily } ?? first
            for other in run.numbers where other != target {
                families[other] = nil
                store.absorb(other, into: target, isQueued: !waiting.contains(other))
            }
            store.markFamily(target)
            families[target] = Family(hull: run.hull, others: run.others)
            guard waiting.contains(target) else { continue }
            let deadline = store.cohorts[Int(target)].lastNanoseconds + store.quietNanoseconds
            if deadline > time {
                store.enqueue(target, deadline: deadline)
            } else {
                resolveFamily(target)
            }
        }
    }

    private mutating func settle(_ number: Int32, _ run: Run, by time: Int64) {
        bytesGoOn = false
        if !run.others.isEmpty {
            let own = forms(of: [number])
            let others = forms(of: run.overlapping)
            bytesGoOn = own.contains { form in others.contains(where: form.goesOn) }
        }
        let isOver = store.cohorts[Int(number)].lastNanoseconds + store.quietNanoseconds <= time
        resolve(number, by: time, force: isOver, mayWait: false)
        bytesGoOn = false
    }

    /// Open cohorts of which the first one's stretch contains the others'.
    private struct Run {
        var hull: Stretch
        var numbers: [Int32]
        /// Of cohorts that overlap it.
        var others: [Stretch] = []
        var overlapping: [Int32] = []
    }

    /// Reads all open cohorts of the streams of some: nothing is kept beforehand for what is rarely asked.
    private func runs(of waiting: ContiguousArray<Int32>) -> [Run] {
        var anchors: [UInt64: UInt32] = [:]
        for number in waiting {
            let stretch = stretch(of: number)
            anchors[stretch.stream] = stretch.start
        }
        struct Entry {
            var stretch: Stretch
            var number: Int32
            /// Of its start, from some point of its stream.
            var offset: Int32
        }
        var entries: [Entry] = []
        for index in store.cohorts.indices where store.cohorts[index].isStretch && store.cohorts[index].count > 0 {
            let stretch = stretch(of: Int32(index))
            guard let anchor = anchors[stretch.stream] else { continue }
            entries.append(
                Entry(
                    stretch: stretch, number: Int32(index), offset: Int32(bitPattern: stretch.start &- anchor)))
        }
        entries.sort {
            ($0.stretch.stream, $0.offset, $1.stretch.length, $0.number)
                < ($1.stretch.stream, $1.offset, $0.stretch.length, $1.number)
        }
        var runs: [Run] = []
        for entry in entries {
            if let last = runs.indices.last {
                if runs[last].hull.contains(entry.stretch) {
                    runs[last].numbers.append(entry.number)
                    continue
                }
                if runs[last].hull.overlaps(entry.stretch) {
                    runs.append(
                        Run(
                            hull: entry.stretch, numbers: [entry.number], others: [runs[last].hull],
                            overlapping: runs[last].numbers))
                    runs[last].others.append(entry.stretch)
                    runs[last].overlapping.append(entry.number)
                    continue
                }
            }
            runs.append(Run(hull: entry.stretch, numbers: [entry.number]))
        }
        return runs
    }

    /// Whether the packet as arranged was seen coming in by a cable, but not at the cable's other end, which is watched.
    func hasHole(_ packet: ContiguousArray<Int32>) -> Bool {
        for position in packet.indices where arrangement.nodes[position].parent >= 0 {
            if arrangement.nodes[position].score >= Precedence.adjacent { continue }
            let place = places.places[Int(store.sightings[Int(packet[position])].vantage)]
            guard place.phase == .linkIn, place.device >= 0 else { continue }
            let peer = places.devices[Int(place.device)].peer
            if peer >= 0, places.devices[Int(peer)].vantageOut >= 0 { return true }
        }
        return false
    }

    /// Whether a packet was seen first where others have been seen before.
    func beginsMidway(_ sighting: Sighting) -> Bool {
        let place = places.places[Int(sighting.vantage)]
        let area = places.areas[Int(place.namespace)]
        switch place.phase {
        case .linkIn:
            guard place.device >= 0 else { return false }
            let peer = places.devices[Int(place.device)].peer
            return peer >= 0 && places.devices[Int(peer)].vantageOut >= 0
        case .bridgeIn, .bridgedPrerouting, .prerouting, .input, .forward:
            return area.watchesEntry && area.devices.contains { places.devices[Int($0)].vantageIn >= 0 }
        case .postrouting, .linkOut, .bridgeOut:
            if area.topologyIndex >= 0, places.holds(sighting.source, in: place.namespace) {
                // Made here: the hooks of what is sent come first, where they are at work.
                let family: UInt8 = sighting.has(Sighting.isIPv6) ? 2 : 1
                if hooksSeen[Int(place.namespace)] & family != 0 { return true }
                // Or lent its address.
                return area.watchesEntry && translations.knows(sighting.flowKey, in: place.namespace)
            }
            return area.watchesEntry
        case .output, .socketOut, .socketIn:
            return false
        }
    }

    // MARK: The forms of a family

    private func forms(of cohorts: [Int32]) -> [StretchForm] {
        var all: ContiguousArray<Int32> = []
        for number in cohorts {
            var member = store.cohorts[Int(number)].head
            while member >= 0 {
                all.append(member)
                member = store.sightings[Int(member)].next
            }
        }
        all.sort { left, right in
            (store.sightings[Int(left)].timeNanoseconds, left) < (store.sightings[Int(right)].timeNanoseconds, right)
        }
        var forms: [StretchForm] = []
        var indexOfLabel: [UInt64: Int] = [:]
        for member in all {
            let sighting = store.sightings[Int(member)]
            if let known = indexOfLabel[sighting.label] {
                forms[known].append(member, sighting)
            } else {
                indexOfLabel[sighting.label] = forms.count
                forms.append(StretchForm(sighting))
                forms[forms.count - 1].append(member, sighting)
            }
        }
        return forms
    }

    /// Ends a family.
    mutating func resolveFamily(_ number: Int32) {
        var forms = forms(of: [number])
        let others = families.removeValue(forKey: number)?.others ?? []
        for index in forms.indices {
            members = forms[index].members
            let isOnce = readFlows()
            forms[index].flows = keys
            forms[index].isOnePacket = uniteFlows() == 1 && isOnce
            if forms[index].isOnePacket {
                arrange(members)
                forms[index].isOnePacket = arrangement.isTimely
            }
        }
        let notes = store.cohorts[Int(number)].notes >= 0 ? store.collectNotes(number) : []
        var isWritten = [Bool](repeating: false, count: forms.count)
        if forms.count <= Self.formLimit {
            for cluster in clusters(forms) { write(cluster, forms, notes, number, others, &isWritten) }
        }
        isOnlyPacket = false
        for index in forms.indices where !isWritten[index] {
            let form = forms[index]
            bytesGoOn =
                others.contains(where: form.stretch.overlaps) || forms.contains(where: form.goesOn)
            openNotes = notes.filter { Self.label($0.content) == form.label }
            usedNotes.removeAll(keepingCapacity: true)
            members = form.members
            _ = readFlows()
            _ = uniteFlows()
            if form.isOnePacket {
                arrange(members)
                if arrangement.rootCount == 1, isOnePassage() {
                    // `isOnePacket` says that it is timely.
                    emit(members, cohort: number, ordinal: 0, isPlain: true)
                    continue
                }
            }
            partition()
            _ = emitParted(number, emitted: 0, by: .max, force: true)
        }
        bytesGoOn = false
        store.releaseAll(number)
    }

    private static func label(_ note: CohortStore.Note.Content) -> UInt64 {
        switch note {
        case .drop(let drop): drop.headers.label
        case .rule(let rule): rule.headers.label
        }
    }

    /// The forms that can have been made of one another: by index, the one that holds all others first.
    private func clusters(_ forms: [StretchForm]) -> [[Int]] {
        var holders: [[Int]] = Array(repeating: [], count: forms.count)
        var parts: [[Int]] = []
        for whole in forms.indices {
            parts.append(self.parts(of: whole, forms))
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

    /// What a whole can have been cut into, or put together from.
    private func parts(of whole: Int, _ forms: [StretchForm]) -> [Int] {
        let form = forms[whole]
        let inside = forms.indices.filter {
            $0 != whole && form.mayContain(forms[$0]) && isOneFlow(form, forms[$0])
        }
        guard form.identification != 0 || inside.contains(where: { forms[$0].identification != 0 }) else {
            return inside
        }
        // IPv4: segments count on from the identification of the whole, or all bear the same.
        let least = inside.filter { part in
            !inside.contains { forms[part].mayContain(forms[$0]) }
        }
        let sizes = Set(
            least.filter {
                forms[$0].stretch.start &+ forms[$0].stretch.length != form.stretch.start &+ form.stretch.length
            }
            .map { forms[$0].stretch.length })
        func step(_ part: Int) -> UInt32? {
            let offset = forms[part].stretch.start &- form.stretch.start
            let count = UInt32(forms[part].identification &- form.identification)
            if count == 0 { return 0 }
            return offset > 0 && offset % count == 0 ? offset / count : nil
        }
        if let size = sizes.first, sizes.count == 1 {
            let isFixed = inside.allSatisfy { forms[$0].identification == form.identification }
            return inside.filter { part in
                let step = step(part)
                return step == size || step == 0 && (forms[part].stretch.start == form.stretch.start || isFixed)
            }
        }
        let steps = Set(inside.filter { forms[$0].stretch.start != form.stretch.start }.map { step($0) })
        guard steps.count <= 1, !steps.contains(nil) else { return [] }
        return inside.filter { step($0) != nil }
    }

    /// Whether one can be the other's flow: where they differ, conntrack says that they are one.
    private func isOneFlow(_ one: StretchForm, _ other: StretchForm) -> Bool {
        one.flows.contains { flow in
            other.flows.contains { $0 == flow || translations.links($0, flow, namespace: -1) }
        }
    }

    // MARK: Writing them

    private mutating func write(
        _ cluster: [Int], _ forms: [StretchForm], _ notes: [(number: Int, content: CohortStore.Note.Content)],
        _ number: Int32, _ others: [Stretch], _ isWritten: inout [Bool]
    ) {
        guard isApart(cluster, forms), let depths = depths(cluster, forms) else { return }
        for root in cluster {
            let reach = cluster.filter { forms[$0].stretch.overlaps(forms[root].stretch) }
            // Of all that holds its bytes it was seen first: so it was sent.
            guard reach.allSatisfy({ $0 == root || depths[$0, default: 0] > depths[root, default: 0] }) else {
                continue
            }
            let labels = Set(reach.map { forms[$0].label })
            let own = notes.filter { labels.contains(Self.label($0.content)) }
            if write(root, reach, cluster, forms, own, number, others) {
                for form in reach { isWritten[form] = true }
            }
        }
    }

    /// Whether at no place two of them show the same bytes.
    private func isApart(_ cluster: [Int], _ forms: [StretchForm]) -> Bool {
        var seen: [UInt32: [Stretch]] = [:]
        for index in cluster {
            for place in forms[index].places { seen[place, default: []].append(forms[index].stretch) }
        }
        let hull = forms[cluster[0]].stretch
        return seen.values.allSatisfy { stretches in
            let ordered = stretches.sorted { $0.start &- hull.start < $1.start &- hull.start }
            return zip(ordered, ordered.dropFirst()).allSatisfy { !$0.overlaps($1) }
        }
    }

    private func membersInOrder(_ indexes: [Int], _ forms: [StretchForm]) -> ContiguousArray<Int32> {
        ContiguousArray(
            indexes.flatMap { forms[$0].members }.sorted { left, right in
                (store.sightings[Int(left)].timeNanoseconds, left)
                    < (store.sightings[Int(right)].timeNanoseconds, right)
            })
    }

    /// How far from the beginning each form was seen first; nil where they don't make one way.
    private mutating func depths(_ cluster: [Int], _ forms: [StretchForm]) -> [Int: Int32]? {
        let packet = membersInOrder(cluster, forms)
        arrangeParts(packet)
        guard arrangement.rootCount == 1 else { return nil }
        var formOfLabel: [UInt64: Int] = [:]
        for index in cluster { formOfLabel[forms[index].label] = index }
        var depths: [Int: Int32] = [:]
        for position in packet.indices {
            guard let form = formOfLabel[store.sightings[Int(packet[position])].label] else { continue }
            let depth = arrangement.nodes[arrangement.standsAt(position)].depth
            depths[form] = min(depths[form] ?? depth, depth)
        }
        return depths
    }

    /// Where a part was seen last.
    private struct Fate {
        var node: Int
        var ending: Ending
        var step: Int32
        var parts: [Stretch]

        func isBefore(_ other: Fate) -> Bool { (ending, step) < (other.ending, other.step) }
    }

    /// Writes the packet `root` with all that its bytes went on in.
    private mutating func write(
        _ root: Int, _ reach: [Int], _ cluster: [Int], _ forms: [StretchForm],
        _ notes: [(number: Int, content: CohortStore.Note.Content)], _ number: Int32, _ others: [Stretch]
    ) -> Bool {
        let packet = membersInOrder(reach, forms)
        arrangeParts(packet)
        guard arrangement.rootCount == 1 else { return false }
        var ended: [Fate] = []
        for part in leastParts(root, reach, forms) {
            var fate: Fate?
            for position in packet.indices {
                let sighting = store.sightings[Int(packet[position])]
                guard Stretch(sighting).contains(part) else { continue }
                let node = arrangement.standsAt(position)
                let seen = Fate(
                    node: node, ending: ending(sighting), step: arrangement.nodes[node].step, parts: [part])
                if fate.map({ $0.isBefore(seen) }) ?? true { fate = seen }
            }
            guard let fate else { continue }
            if fate.ending == .lost, others.contains(where: part.overlaps) { continue }
            if let known = ended.firstIndex(where: { $0.node == fate.node }) {
                ended[known].parts.append(part)
            } else {
                ended.append(fate)
            }
        }
        let main = ended.max { $0.isBefore($1) }
        var end: (position: Int32, ending: Ending)?
        var lost: [Fate] = []
        if let main { lost = ended.filter { $0.ending == .lost && $0.node != main.node } }
        if !lost.isEmpty {
            var fates = ContiguousArray<Int16>(repeating: 0, count: packet.count)
            var firstLost = lost[0].node
            for (index, fate) in lost.enumerated() {
                for position in packet.indices where arrangement.standsAt(position) == fate.node {
                    let seen = Stretch(store.sightings[Int(packet[position])])
                    guard fate.parts.contains(where: { $0.contains(seen) }) else { continue }
                    fates[position] = Int16(clamping: index + 1)
                    if index == 0, fates[firstLost] == 0 { firstLost = position }
                }
            }
            arrangeParts(packet, fates: fates)
            guard arrangement.rootCount == 1 else { return false }
            if main?.ending != .lost { end = (Int32(arrangement.standsAt(firstLost)), .lost) }
        }
        mergedFrom = packet.indices.map { mergedFrom($0, packet, cluster, forms) }
        members = packet
        _ = readFlows()
        isOnlyPacket = false
        usedNotes.removeAll(keepingCapacity: true)
        openNotes = notes
        if end != nil {
            // What else was dropped of it did arrive in the end.
            let labels = Set(
                forms.filter { form in lost.contains { $0.parts.contains(where: form.stretch.overlaps) } }.map(\.label))
            openNotes = notes.filter {
                if case .drop = $0.content { labels.contains(Self.label($0.content)) } else { true }
            }
        }
        isOfParts = true
        emit(packet, cohort: number, ordinal: 0, isPlain: true, end: end)
        isOfParts = false
        return true
    }

    /// The smallest stretches that a packet's bytes were seen in, and those that were seen in nothing smaller.
    private func leastParts(_ root: Int, _ reach: [Int], _ forms: [StretchForm]) -> [Stretch] {
        let whole = forms[root].stretch
        let least = reach.filter { part in
            !reach.contains { $0 != part && forms[part].stretch.contains(forms[$0].stretch) }
        }.map { forms[$0].stretch }.sorted { $0.start &- whole.start < $1.start &- whole.start }
        var parts: [Stretch] = []
        var reached: UInt32 = 0
        for part in least where whole.contains(part) {
            let offset = part.start &- whole.start
            if offset > reached { parts.append(Stretch(of: whole, offset: reached, length: offset - reached)) }
            parts.append(part)
            reached = max(reached, offset + part.length)
        }
        if reached < whole.length {
            parts.append(Stretch(of: whole, offset: reached, length: whole.length - reached))
        }
        return parts
    }

    /// How many packets the one at `position` was put together from; 0 where it is as it was at the place before.
    private func mergedFrom(
        _ position: Int, _ packet: ContiguousArray<Int32>, _ cluster: [Int], _ forms: [StretchForm]
    ) -> Int32 {
        let parent = Int(arrangement.nodes[position].parent)
        guard parent >= 0 else { return 0 }
        let own = Stretch(store.sightings[Int(packet[position])])
        let before = store.sightings[Int(packet[parent])]
        guard Stretch(before).length < own.length else { return 0 }
        let joined = cluster.count { index in
            own.contains(forms[index].stretch) && forms[index].places.contains(before.vantage)
        }
        return joined > 1 ? Int32(clamping: joined) : 0
    }

    /// What joins a part to the whole, or the whole to a part.
    static func joinOfParts(_ one: Sighting, _ other: Sighting) -> Join {
        if one.label == other.label { return Join() }
        if Stretch(one).contains(Stretch(other)) || Stretch(other).contains(Stretch(one)) {
            let isMarked = other.identification != 0 || other.has(Sighting.hasTCPTimestamp)
            return Join(confidence: isMarked ? .exact : .strong, joint: .stream)
        }
        // Two parts that went the same way.
        return Join(confidence: .exact, joint: .stream)
    }
}
