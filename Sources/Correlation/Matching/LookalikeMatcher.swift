internal import WalkModel
import Observations
import Wire

/// Tells the packets of a label group apart, edge by edge.
///
/// The sightings of a class of flows are put into *nodes*: what passed one place with one hop limit, as one flow. For
/// each node, the nodes just before it by the kernel's packet flow are looked up; their sightings are one row, its own
/// another, and `RowMatching` says which of these follow which of those. What can't be told stays apart, marked
/// uncertain: a walk cut in two is a smaller evil than one walk of two packets.
///
/// Holds nothing but working memory, kept for its capacity. Cost: the square of the number of nodes of a flow, and of
/// the flows that conntrack links with it; of many nodes only those are compared that may follow one another
/// (`NodeIndex`), as far as `WorkBudget` goes.
struct LookalikeMatcher: ~Copyable {
    /// A place as one kind of sighting passes it.
    struct Node {
        var place: UInt32
        var flow: Int32
        var label: UInt64
        var fragment: UInt16
        /// Of fragments; 0 for whole packets.
        var identification: UInt16
        var ttl: UInt8
        var tunnel: PacketHeaders.TunnelKind
        /// Its row, in `rows`.
        var start: Int32 = 0
        var count: Int32 = 0

        func isLike(_ other: Self) -> Bool {
            place == other.place && flow == other.flow && label == other.label && fragment == other.fragment
                && identification == other.identification && ttl == other.ttl && tunnel == other.tunnel
        }

        var hash: UInt64 {
            let hash = mix(
                UInt64(place) << 32 | UInt64(UInt32(bitPattern: flow)),
                UInt64(ttl) << 24 | UInt64(tunnel.rawValue) << 16 | UInt64(fragment))
            return mix(hash ^ UInt64(identification), label)
        }
    }

    /// Positions, class after class.
    private var positions: ContiguousArray<Int32> = []
    private var classEnds: ContiguousArray<Int32> = []
    private var nodes: ContiguousArray<Node> = []
    /// By index in a class, its node.
    private var nodeOf: ContiguousArray<Int32> = []
    /// Positions, node after node, in the order of their passing.
    private var rows: ContiguousArray<Int32> = []
    /// Nodes, flow after flow, and by flow where its own begin and end.
    private var nodesByFlow: ContiguousArray<Int32> = []
    private var flowStarts: ContiguousArray<Int32> = []
    private var flowEnds: ContiguousArray<Int32> = []
    private var candidates: ContiguousArray<Int32> = []
    private var index = NodeIndex()
    private var earlier: ContiguousArray<Int32> = []
    /// How many first fragments there are, by datagram and place.
    private var firstFragments: [PassingDatagram: Int32] = [:]
    /// By node, whether it was matched together with another one, or can't be.
    private var companies: ContiguousArray<Company> = []
    private var kernelPackets = KernelPackets()
    /// Whether times or numbers of sightings decided which follows which, beyond what `PartitionShape` says of them.
    private(set) var readsTimes = false

    /// - Parameter flows: of the group, united.
    mutating func separate(
        _ group: borrowing SightingGroup, _ flows: borrowing GroupFlows, near surroundings: Surroundings,
        _ budget: inout WorkBudget, into partition: inout PacketPartition
    ) {
        partition.begin(count: group.count)
        kernelPackets.tie(group, by: surroundings.precedence, into: &partition)
        readsTimes = false
        let isOneDatagram = group.showsOneDatagram(0..<Int32(group.count))
        sortIntoClasses(group, flows)
        var start = 0
        for end in classEnds {
            if Int(end) - start > 1 {
                findNodes(start..<Int(end), group, flows)
                let lookalikes = lookalikes(in: group, isOneDatagram: isOneDatagram)
                if group.hasFragments { joinFragments(into: &partition) }
                sortByFlow()
                matchNodes(group, flows, lookalikes, near: surroundings, &budget, into: &partition)
            }
            start = Int(end)
        }
        partition.uniteTied()
    }

    /// Groups positions by the class of their flow.
    private mutating func sortIntoClasses(_ group: borrowing SightingGroup, _ flows: borrowing GroupFlows) {
        classEnds.removeAll(keepingCapacity: true)
        flowStarts.removeAll(keepingCapacity: true)
        flowEnds.removeAll(keepingCapacity: true)
        for _ in flows.keys.indices {
            classEnds.append(0)
            flowStarts.append(0)
            flowEnds.append(0)
        }
        for flow in flows.numbers { classEnds[Int(flows.root(of: flow))] += 1 }
        var sum: Int32 = 0
        for index in classEnds.indices {
            let count = classEnds[index]
            classEnds[index] = sum
            sum += count
        }
        positions.removeAll(keepingCapacity: true)
        for _ in 0..<group.count { positions.append(0) }
        for position in 0..<group.count {
            let root = Int(flows.root(of: flows.numbers[position]))
            positions[Int(classEnds[root])] = Int32(position)
            classEnds[root] += 1
        }
    }

    /// Fills `nodes` and `rows` with those of the class whose positions are `range` of `positions`.
    private mutating func findNodes(
        _ range: Range<Int>, _ group: borrowing SightingGroup, _ flows: borrowing GroupFlows
    ) {
        nodes.removeAll(keepingCapacity: true)
        nodeOf.removeAll(keepingCapacity: true)
        var table: KeyTable?
        for index in range {
            let position = Int(positions[index])
            let key = group.keys[position]
            let mark = group.marks[position]
            // Whole datagrams in a group of fragments differ by their label; fragments don't.
            let node = Node(
                place: key.place, flow: flows.numbers[position], label: mark.isFragment ? 0 : mark.label,
                fragment: mark.fragmentOffset, identification: mark.isFragment ? mark.identification : 0,
                ttl: key.ttl, tunnel: key.tunnelKind)
            let number = number(of: node, &table)
            nodes[Int(number)].count += 1
            nodeOf.append(number)
        }
        var sum: Int32 = 0
        for index in nodes.indices {
            nodes[index].start = sum
            sum += nodes[index].count
            nodes[index].count = 0
        }
        rows.removeAll(keepingCapacity: true)
        for _ in range { rows.append(0) }
        for (index, number) in zip(range, nodeOf) {
            rows[Int(nodes[Int(number)].start + nodes[Int(number)].count)] = positions[index]
            nodes[Int(number)].count += 1
        }
        for node in nodes where node.count > 1 {
            rows[Int(node.start)..<Int(node.start + node.count)].sort { group.isBefore($0, $1) }
        }
    }

    /// Few nodes are compared one by one, many by a table.
    private mutating func number(of node: Node, _ table: inout KeyTable?) -> Int32 {
        if nodes.count <= 16 {
            for index in nodes.indices where nodes[index].isLike(node) { return Int32(index) }
        } else {
            if table == nil {
                var made = KeyTable(capacity: 128)
                for index in nodes.indices { made.set(nodes[index].hash, to: Int32(index)) }
                table = made
            }
            let known = table?.find(node.hash) ?? -1
            if known >= 0 { return known }
            table?.set(node.hash, to: Int32(nodes.count))
        }
        nodes.append(node)
        return Int32(nodes.count - 1)
    }

    private func row(of node: Node) -> Range<Int> { Int(node.start)..<Int(node.start + node.count) }

    /// How many packets that look alike passed one place, and how near two of them came to each other.
    private func lookalikes(in group: borrowing SightingGroup, isOneDatagram: Bool) -> Lookalikes {
        var result = Lookalikes(isOneDatagram: isOneDatagram)
        for node in nodes where node.count > 1 {
            result.add(count: Int(node.count))
            // Times of reading say nothing of how near the packets were.
            if group.keys[Int(rows[Int(node.start)])].clock == .reading { continue }
            for index in row(of: node).dropFirst() {
                result.add(group.time(rows[index - 1]), group.time(rows[index]))
            }
        }
        return result
    }

    /// The same of two rows alone, from which packets that the kernel tells apart were taken out: what of these passed
    /// elsewhere says nothing of those that are left.
    private func lookalikes(
        in rows: [ContiguousArray<Int32>], _ group: borrowing SightingGroup, isOneDatagram: Bool
    ) -> Lookalikes {
        var result = Lookalikes(isOneDatagram: isOneDatagram)
        for row in rows {
            result.add(count: row.count)
            for index in row.indices.dropFirst() where group.keys[Int(row[index])].clock != .reading {
                result.add(group.time(row[index - 1]), group.time(row[index]))
            }
        }
        return result
    }

    /// What fragments of one datagram at one place have in common.
    private struct PassingDatagram: Hashable {
        var place: UInt32
        var flow: Int32
        var identification: UInt16
        var ttl: UInt8
        var tunnel: PacketHeaders.TunnelKind

        init(_ node: Node) {
            place = node.place
            flow = node.flow
            identification = node.identification
            ttl = node.ttl
            tunnel = node.tunnel
        }
    }

    /// Fragments of one datagram at one place: the i-th of each offset belong together.
    private mutating func joinFragments(into partition: inout PacketPartition) {
        // By how many of an offset there are, the first node with so many.
        var known: [PassingDatagram: [Int32: Int]] = [:]
        firstFragments.removeAll(keepingCapacity: true)
        for (number, node) in nodes.enumerated() where node.label == 0 {
            let datagram = PassingDatagram(node)
            if node.fragment == 0 { firstFragments[datagram] = node.count }
            let first = known[datagram]?[node.count]
            if known[datagram, default: [:]].count > (first == nil ? 0 : 1) {
                markUncertain(node, in: &partition)
            }
            guard let first else {
                known[datagram, default: [:]][node.count] = number
                continue
            }
            for (one, other) in zip(row(of: nodes[first]), row(of: node)) {
                partition.unite(rows[one], rows[other])
                partition.joins[Int(rows[other])] = Join(confidence: .strong, evidence: [.datagram, .identification])
            }
        }
    }

    /// Of the class at hand: all of its flows have nodes.
    private mutating func sortByFlow() {
        nodesByFlow.removeAll(keepingCapacity: true)
        for index in nodes.indices { nodesByFlow.append(Int32(index)) }
        nodesByFlow.sort { (nodes[Int($0)].flow, $0) < (nodes[Int($1)].flow, $1) }
        for (index, number) in nodesByFlow.enumerated() {
            let flow = Int(nodes[Int(number)].flow)
            if index == 0 || nodes[Int(nodesByFlow[index - 1])].flow != nodes[Int(number)].flow {
                flowStarts[flow] = Int32(index)
            }
            flowEnds[flow] = Int32(index + 1)
        }
    }

    private func nodes(ofFlow flow: Int32) -> Range<Int> { Int(flowStarts[Int(flow)])..<Int(flowEnds[Int(flow)]) }

    // MARK: Edges

    private mutating func matchNodes(
        _ group: borrowing SightingGroup, _ flows: borrowing GroupFlows, _ lookalikes: Lookalikes,
        near surroundings: Surroundings, _ budget: inout WorkBudget, into partition: inout PacketPartition
    ) {
        companies.removeAll(keepingCapacity: true)
        for _ in nodes { companies.append(.unknown) }
        let isIndexed = nodes.count > NodeIndex.least
        if isIndexed { index.read(nodes) }
        var start = 0
        while start < nodesByFlow.count {
            let flow = nodes[Int(nodesByFlow[start])].flow
            let own = nodes(ofFlow: flow)
            // What can stand before a node is of its flow, or of one that a translation turns into it.
            let links = flows.links(of: flow)
            if !isIndexed {
                candidates.removeAll(keepingCapacity: true)
                for index in own { candidates.append(nodesByFlow[index]) }
                for link in links {
                    for index in nodes(ofFlow: flows.links[link].other) { candidates.append(nodesByFlow[index]) }
                }
            }
            for position in own {
                let number = Int(nodesByFlow[position])
                if isIndexed {
                    candidates.removeAll(keepingCapacity: true)
                    let isOneDatagram = lookalikes.isOneDatagram
                    index.add(before: nodes[number], ofFlow: flow, isOneDatagram: isOneDatagram, to: &candidates)
                    for link in links {
                        index.add(
                            before: nodes[number], ofFlow: flows.links[link].other, isOneDatagram: isOneDatagram,
                            to: &candidates)
                    }
                }
                match(number, group, flows, lookalikes, near: surroundings, &budget, into: &partition)
            }
            start = own.upperBound
        }
    }

    /// Ties the sightings of a node to those of the nodes just before it.
    private mutating func match(
        _ number: Int, _ group: borrowing SightingGroup, _ flows: borrowing GroupFlows, _ lookalikes: Lookalikes,
        near surroundings: Surroundings, _ budget: inout WorkBudget, into partition: inout PacketPartition
    ) {
        let node = nodes[number]
        if companies[number] == .matched { return }
        if row(of: node).allSatisfy({ kernelPackets.isTied(rows[$0]) }) { return }
        guard budget.spend(candidates.count) else {
            markUncertain(node, in: &partition)
            return
        }
        let score = findEarlier(number, group, lookalikes, surroundings.precedence)
        guard let first = earlier.first else { return }
        let sample = rows[Int(node.start)]
        if node.count == 1, earlier.count == 1, lookalikes.count == 1 {
            tie(sample, to: rows[Int(nodes[Int(first)].start)], .exact, [], group, surroundings, &partition)
            return
        }
        readsTimes = true
        if group.marks[Int(sample)].isPortless, flows.hasNoPorts(node.flow),
            node.count > 1 || earlier.contains(where: { nodes[Int($0)].count > 1 })
        {
            // Later fragments of several datagrams with one identification: not even their order tells them apart.
            markUncertain(node, in: &partition)
            return
        }
        var after = rowAfter(number, group, lookalikes, &budget)
        // What the kernel itself has told apart is left out of the rows.
        after.removeAll { kernelPackets.isTied($0) }
        // No edge, so nothing keeps an order.
        if after.isEmpty || score < Precedence.adjacent && after.count > 1 { return }
        var count = after.count
        for candidate in earlier { count += Int(nodes[Int(candidate)].count) }
        guard budget.spend(count) else {
            for position in after { partition.isUncertain[Int(position)] = true }
            return
        }
        var before: ContiguousArray<Int32> = []
        for candidate in earlier { before.append(contentsOf: rows[row(of: nodes[Int(candidate)])]) }
        before.removeAll { kernelPackets.goesOn($0, at: node.place, group) }
        if earlier.count > 1 { before.sort { group.isBefore($0, $1) } }
        if before.isEmpty { return }
        let matching = RowMatching(
            entries(before[...], group), entries(after[...], group),
            isOneFlow: earlier.allSatisfy { nodes[Int($0)].flow == nodes[Int(first)].flow },
            isOneNamespace: surroundings.isOneNamespace(group.keys[Int(before[0])], group.keys[Int(sample)]),
            of: group.hasIdentities
                ? self.lookalikes(in: [before, after], group, isOneDatagram: lookalikes.isOneDatagram) : lookalikes)
        for found in matching.ties {
            tie(found.later, to: found.earlier, found.confidence, found.evidence, group, surroundings, &partition)
        }
        for position in matching.uncertain { partition.isUncertain[Int(position)] = true }
    }

    /// Whether the first fragments of several datagrams are matched as one row.
    private enum Company {
        case unknown
        case matched
        case none
    }

    /// The row of a node, which follows another one. Where that is of whole datagrams, the first fragments of all that were
    /// cut there are one row, if none is missing: each has an identification of its own, which nothing of before knows.
    /// Later fragments go with their first, and have none.
    private mutating func rowAfter(
        _ number: Int, _ group: borrowing SightingGroup, _ lookalikes: Lookalikes, _ budget: inout WorkBudget
    ) -> ContiguousArray<Int32> {
        let node = nodes[number]
        let own = ContiguousArray(rows[row(of: node)])
        guard node.label == 0, nodes[Int(earlier[0])].label != 0 else { return own }
        if node.fragment != 0 { return firstFragments[PassingDatagram(node)] == node.count ? [] : own }
        let all = nodes(ofFlow: node.flow)
        guard companies[number] == .unknown, budget.spend(all.count) else { return own }
        let company = all.map { Int(nodesByFlow[$0]) }.filter { other in
            nodes[other].label == 0 && nodes[other].fragment == 0 && nodes[other].place == node.place
                && nodes[other].ttl == node.ttl && nodes[other].tunnel == node.tunnel
        }
        var row: ContiguousArray<Int32> = []
        for other in company { row.append(contentsOf: rows[self.row(of: nodes[other])]) }
        let whole = earlier.reduce(0) { $0 + Int(nodes[Int($1)].count) }
        let isComplete = row.count == whole && row.count == lookalikes.count
        for other in company { companies[other] = isComplete ? .matched : .none }
        guard isComplete else { return own }
        row.sort { group.isBefore($0, $1) }
        return row
    }

    private func markUncertain(_ node: Node, in partition: inout PacketPartition) {
        for index in row(of: node) where !kernelPackets.isTied(rows[index]) {
            partition.isUncertain[Int(rows[index])] = true
        }
    }

    /// Fills `earlier` with the nodes just before one.
    /// - Returns: their precedence.
    private mutating func findEarlier(
        _ number: Int, _ group: borrowing SightingGroup, _ lookalikes: Lookalikes, _ precedence: Precedence
    ) -> Int32 {
        let node = nodes[number]
        // What came before the last of the row can be before one of it.
        let key = group.keys[Int(rows[Int(node.start + node.count - 1)])]
        let isPassage = key.clock == .passage
        var best: Int32 = 0
        // Captures stamp the passage itself: where both ends are captured, the hooks between decide nothing. Unless
        // several flows come together there: a hook after the translation knows which of them went on as this one.
        for pass in 0..<(isPassage ? 2 : 1) {
            best = 0
            earlier.removeAll(keepingCapacity: true)
            for candidate in candidates where Int(candidate) != number {
                let other = nodes[Int(candidate)]
                if !mayFollow(other, node, lookalikes) { continue }
                let before = group.keys[Int(rows[Int(other.start)])]
                if isPassage, pass == 0, before.clock != .passage { continue }
                let score = precedence.score(before, before: key)
                guard score > 0 else { continue }
                // Of two flows that could both be the one before, the same flow is.
                let weighted = score * 2 + (other.flow == node.flow ? 1 : 0)
                if weighted < best { continue }
                if weighted > best { earlier.removeAll(keepingCapacity: true) }
                best = weighted
                earlier.append(candidate)
            }
            if best / 2 >= Precedence.adjacent, earlier.count == 1 { break }
        }
        if earlier.count > 1, best / 2 < Precedence.adjacent, lookalikes.count == 1 { keepLatest(group) }
        return best / 2
    }

    /// Of one packet's sightings from which no edge leads, the latest is the one before.
    private mutating func keepLatest(_ group: borrowing SightingGroup) {
        var latest = earlier[0]
        for candidate in earlier.dropFirst()
        where group.isBefore(rows[Int(nodes[Int(latest)].start)], rows[Int(nodes[Int(candidate)].start)]) {
            latest = candidate
        }
        earlier.removeAll(keepingCapacity: true)
        earlier.append(latest)
    }

    /// Fragments follow fragments of the same offset; a datagram put together follows its first.
    private func mayFollow(_ earlier: Node, _ later: Node, _ lookalikes: Lookalikes) -> Bool {
        guard earlier.label == 0 else { return later.label == 0 || later.label == earlier.label }
        if later.label == 0, earlier.identification != later.identification {
            // A router gave them another one, unless they are several datagrams'.
            guard lookalikes.isOneDatagram, earlier.ttl > later.ttl else { return false }
        }
        return earlier.fragment == (later.label == 0 ? later.fragment : 0)
    }

    private func entries(
        _ row: ContiguousArray<Int32>.SubSequence, _ group: borrowing SightingGroup
    ) -> ContiguousArray<RowMatching.Entry> {
        var entries: ContiguousArray<RowMatching.Entry> = []
        entries.reserveCapacity(row.count)
        for position in row {
            let key = group.keys[Int(position)]
            entries.append(
                RowMatching.Entry(
                    position: position, timeNanoseconds: key.timeNanoseconds, sourceSequence: key.sourceSequence,
                    clock: key.clock))
        }
        return entries
    }

    private func tie(
        _ later: Int32, to earlier: Int32, _ confidence: Confidence, _ evidence: JoinEvidence,
        _ group: borrowing SightingGroup, _ surroundings: Surroundings, _ partition: inout PacketPartition
    ) {
        guard surroundings.mayPassTogether(group.keys[Int(earlier)], group.keys[Int(later)]) else {
            partition.isUncertain[Int(later)] = true
            return
        }
        let isAlike = group.marks[Int(later)].label == group.marks[Int(earlier)].label
        partition.tie(
            later, to: earlier,
            Join(confidence: confidence, evidence: evidence.union(isAlike ? .label : .datagram)))
    }
}
