internal import WalkModel
import Observations
import Wire

/// Ends a segment tree: one walk for each packet that was first sent, whose hops count the segments that pass there.
extension EngineCore {
    /// Comparisons grow with the square of the forms.
    private static let formLimit = 512

    /// What the writing of a tree's packets looks at.
    private struct Tree {
        var forms: [Segment]
        /// Ranges that begin or end within the tree's, of open groups.
        var others: [SequenceRange]
        var events: GroupEvents
        var bytesGoOn: Bool
        /// Positions in `events`, by label.
        private var eventsByLabel: [UInt64: [Int]] = [:]

        init(forms: [Segment], others: [SequenceRange], events: GroupEvents, bytesGoOn: Bool) {
            self.forms = forms
            self.others = others
            self.events = events
            self.bytesGoOn = bytesGoOn
            for (index, event) in events.open.enumerated() { eventsByLabel[event.label, default: []].append(index) }
        }

        func events(of label: UInt64) -> GroupEvents {
            GroupEvents(eventsByLabel[label, default: []].map { events.open[$0] })
        }
    }

    mutating func resolveTree(_ number: Int32, bytesGoOn: Bool) {
        var forms = forms(of: [number])
        let others = segments.trees.removeValue(forKey: number)?.others ?? []
        for index in forms.indices {
            workspace.members = forms[index].members
            let isOnce = workspace.flows.read(workspace.members, in: groups)
            forms[index].flows = workspace.flows.keys
            forms[index].isOnePacket = workspace.flows.unite(by: state.translations) == 1 && isOnce
            if forms[index].isOnePacket {
                arranger.arrange(
                    workspace.members, in: groups, by: surroundings.precedence, &budget, into: &workspace.arrangement)
                forms[index].isOnePacket = workspace.arrangement.isTimely
            }
        }
        let events = groups.groups[Int(number)].events >= 0 ? groups.events(of: number) : GroupEvents()
        let tree = Tree(forms: forms, others: others, events: events, bytesGoOn: bytesGoOn)
        var written: Set<Int> = []
        if forms.count <= Self.formLimit {
            for cluster in SegmentClusters.clusters(forms, state.translations, &budget) {
                written.formUnion(write(cluster, of: tree))
            }
        }
        for (index, form) in forms.enumerated() where !written.contains(index) { writeAlone(form, of: tree) }
        groups.releaseAll(number)
    }

    /// Writes a form that is no other's.
    private mutating func writeAlone(_ form: Segment, of tree: Tree) {
        let bytesGoOn =
            !budget.spend(tree.others.count + tree.forms.count)
            || tree.others.contains(where: form.range.overlaps) || tree.forms.contains(where: form.goesOn)
        var events = tree.events(of: form.label)
        workspace.members = form.members
        workspace.flows.read(workspace.members, in: groups)
        _ = workspace.flows.unite(by: state.translations)
        if form.isOnePacket {
            arranger.arrange(
                workspace.members, in: groups, by: surroundings.precedence, &budget, into: &workspace.arrangement)
            // `isOnePacket` says that it is timely.
            if workspace.arrangement.rootCount == 1, surroundings.isOnePassage(workspace.arrangement) {
                let context = PacketContext(
                    isOnlyPacket: false, hasFewFlows: workspace.flows.keys.count <= 2, bytesGoOn: bytesGoOn)
                writer.write(
                    workspace.members, workspace.arrangement, context, &events, from: groups, near: surroundings, state)
                return
            }
        }
        separate()
        _ = writeSeveral(&events, emitted: 0, by: .max, force: true, bytesGoOn: bytesGoOn)
    }

    /// Writes the packets of a cluster of forms.
    /// - Returns: the forms that are written.
    private mutating func write(_ cluster: [Int], of tree: Tree) -> Set<Int> {
        guard SegmentClusters.isApart(cluster, tree.forms), let depths = depths(cluster, tree.forms) else { return [] }
        var written: Set<Int> = []
        for root in cluster {
            guard budget.spend(cluster.count) else { break }
            let reach = cluster.filter { tree.forms[$0].range.overlaps(tree.forms[root].range) }
            // Of all that holds its bytes it was seen first: so it was sent.
            guard reach.allSatisfy({ $0 == root || depths[$0, default: 0] > depths[root, default: 0] }) else {
                continue
            }
            if write(root, reach, cluster, of: tree) { written.formUnion(reach) }
        }
        return written
    }

    private func membersInOrder(_ indexes: [Int], _ forms: [Segment]) -> ContiguousArray<Int32> {
        var members = ContiguousArray(indexes.flatMap { forms[$0].members })
        sortByTime(&members)
        return members
    }

    /// How far from the beginning each form was seen first; nil where they don't make one path.
    private mutating func depths(_ cluster: [Int], _ forms: [Segment]) -> [Int: Int32]? {
        let packet = membersInOrder(cluster, forms)
        Arranger.arrangeSegments(
            packet, in: groups, by: surroundings.precedence, &budget, into: &workspace.arrangement)
        guard workspace.arrangement.rootCount == 1 else { return nil }
        var formOfLabel: [UInt64: Int] = [:]
        for index in cluster { formOfLabel[forms[index].label] = index }
        var depths: [Int: Int32] = [:]
        for position in packet.indices {
            guard let form = formOfLabel[groups.sightings[Int(packet[position])].label] else { continue }
            let depth = workspace.arrangement.nodes[workspace.arrangement.hop(of: position)].depth
            depths[form] = min(depths[form] ?? depth, depth)
        }
        return depths
    }

    /// Where some parts of a packet were seen last.
    private struct Fate {
        var node: Int
        var ending: Ending
        var step: Int32
        var parts: [SequenceRange]

        func isBefore(_ other: Fate) -> Bool { (ending, step) < (other.ending, other.step) }
    }

    /// Writes the packet `root` with all that its bytes went on in. A part that went less far than others ends a branch
    /// of its own; the packet is lost then, since what is left can't be used without it.
    private mutating func write(_ root: Int, _ reach: [Int], _ cluster: [Int], of tree: Tree) -> Bool {
        let forms = tree.forms
        let packet = membersInOrder(reach, forms)
        guard budget.spend((packet.count + cluster.count) * reach.count + tree.events.open.count) else { return false }
        Arranger.arrangeSegments(
            packet, in: groups, by: surroundings.precedence, &budget, into: &workspace.arrangement)
        guard workspace.arrangement.rootCount == 1 else { return false }
        let fates = fates(of: SegmentClusters.leastParts(root, reach, forms), packet, tree.others)
        let main = fates.max { $0.isBefore($1) }
        let lost = fates.filter { $0.ending == .lost && $0.node != main?.node }
        var end: (position: Int32, ending: Ending)?
        if let first = lost.first {
            let (branches, firstLost) = branches(lost, firstNode: first.node, packet)
            Arranger.arrangeSegments(
                packet, fates: branches, in: groups, by: surroundings.precedence, &budget,
                into: &workspace.arrangement)
            guard workspace.arrangement.rootCount == 1 else { return false }
            if main?.ending != .lost { end = (Int32(workspace.arrangement.hop(of: firstLost)), .lost) }
        }
        var events = tree.events.of(Set(reach.map { forms[$0].label }))
        if end != nil {
            // What else was dropped of it did arrive in the end.
            let labels = Set(
                forms.filter { form in lost.contains { $0.parts.contains(where: form.range.overlaps) } }.map(\.label))
            events = GroupEvents(
                events.open.filter { event in
                    if case .drop = event { labels.contains(event.label) } else { true }
                })
        }
        workspace.members = packet
        workspace.flows.read(workspace.members, in: groups)
        let context = PacketContext(
            isOnlyPacket: false, hasFewFlows: workspace.flows.keys.count <= 2,
            mergedFrom: packet.indices.map { mergedFrom($0, packet, cluster, forms) }, bytesGoOn: tree.bytesGoOn,
            end: end)
        writer.write(packet, workspace.arrangement, context, &events, from: groups, near: surroundings, state)
        return true
    }

    /// Where each part of a packet, as arranged, was seen last.
    private func fates(
        of parts: [SequenceRange], _ packet: ContiguousArray<Int32>, _ others: [SequenceRange]
    ) -> [Fate] {
        var fates: [Fate] = []
        for part in parts where isLookedAt(part) {
            var fate: Fate?
            for position in packet.indices {
                let member = Int(packet[position])
                guard SequenceRange(groups.sightings[member]).contains(part) else { continue }
                let node = workspace.arrangement.hop(of: position)
                let seen = Fate(
                    node: node,
                    ending: Ending.of(
                        groups.sightings[member], quotedFlow: groups.quotedFlow(of: member), near: surroundings, state),
                    step: workspace.arrangement.nodes[node].step, parts: [part])
                if fate.map({ $0.isBefore(seen) }) ?? true { fate = seen }
            }
            guard let fate else { continue }
            if fate.ending == .lost, others.contains(where: part.overlaps) { continue }
            if let known = fates.firstIndex(where: { $0.node == fate.node }) {
                fates[known].parts.append(part)
            } else {
                fates.append(fate)
            }
        }
        return fates
    }

    /// Whether the segments that hold a part of a stream are looked at: of a packet that lies in two blocks, those in one of
    /// them may not be.
    private func isLookedAt(_ part: SequenceRange) -> Bool {
        state.sample.isAll || state.sample.takes(SampleNumber.ofStream(from: part.start, length: part.length))
    }

    /// By position, the number of the branch on which a part was lost, and the first position of the first branch.
    private func branches(
        _ lost: [Fate], firstNode: Int, _ packet: ContiguousArray<Int32>
    ) -> (branches: ContiguousArray<Int16>, first: Int) {
        var branches = ContiguousArray<Int16>(repeating: 0, count: packet.count)
        var first = firstNode
        for (index, fate) in lost.enumerated() {
            for position in packet.indices where workspace.arrangement.hop(of: position) == fate.node {
                let seen = SequenceRange(groups.sightings[Int(packet[position])])
                guard fate.parts.contains(where: { $0.contains(seen) }) else { continue }
                branches[position] = Int16(clamping: index + 1)
                if index == 0, branches[first] == 0 { first = position }
            }
        }
        return (branches, first)
    }

    /// How many packets the one at `position` was put together from; 0 where it is as it was at the place before.
    private func mergedFrom(
        _ position: Int, _ packet: ContiguousArray<Int32>, _ cluster: [Int], _ forms: [Segment]
    ) -> Int32 {
        let parent = Int(workspace.arrangement.nodes[position].parent)
        guard parent >= 0 else { return 0 }
        let own = SequenceRange(groups.sightings[Int(packet[position])])
        let before = groups.sightings[Int(packet[parent])]
        guard SequenceRange(before).length < own.length else { return 0 }
        let joined = cluster.count { index in
            own.contains(forms[index].range) && forms[index].places.contains(before.vantage)
        }
        return joined > 1 ? Int32(clamping: joined) : 0
    }
}
