internal import WalkModel
import Observations
import Wire

/// Which sighting at one place is of the same packet as which one at the place before, among packets that look alike.
extension EngineCore {
    /// A place as one kind of sighting passes it.
    private struct Node {
        var place: Int32
        var ttl: UInt8
        var tunnel: PacketHeaders.TunnelKind
        var flow: Int32
        var fragment: UInt16
        /// Of fragments; 0 for whole packets.
        var identification: UInt16
        var label: UInt64
        /// Member positions, in order of time.
        var positions: ContiguousArray<Int32>
    }

    mutating func matchEdges(_ positions: ContiguousArray<Int32>) {
        if positions.count == 1 { return }
        var nodes: [Node] = []
        var nodeTable = KeyTable(capacity: 64)
        for position in positions {
            let sighting = store.sightings[Int(members[Int(position)])]
            let flow = keyIndex[Int(position)]
            var hash = mix(
                UInt64(sighting.vantage) << 32 | UInt64(UInt32(bitPattern: flow)),
                UInt64(sighting.ttl) << 24 | UInt64(sighting.tunnelKind.rawValue) << 16
                    | UInt64(sighting.fragmentOffset))
            // Whole datagrams in a datagram's cohort differ by their label; fragments don't.
            let label = sighting.has(Sighting.isFragment) ? 0 : sighting.label
            let identification = label == 0 ? sighting.identification : 0
            hash = mix(hash ^ UInt64(identification), label)
            let known = nodeTable.find(hash)
            if known >= 0 {
                nodes[Int(known)].positions.append(position)
            } else {
                nodeTable.set(hash, to: Int32(nodes.count))
                nodes.append(
                    Node(
                        place: Int32(bitPattern: sighting.vantage), ttl: sighting.ttl, tunnel: sighting.tunnelKind,
                        flow: flow, fragment: sighting.fragmentOffset, identification: identification, label: label,
                        positions: [position]))
            }
        }
        for index in nodes.indices {
            let ordered = nodes[index].positions.sorted { isBefore($0, $1) }
            nodes[index].positions = ContiguousArray(ordered)
        }
        readSpacing(nodes)
        joinFragments(nodes)
        var nodesOfFlow: [Int32: ContiguousArray<Int>] = [:]
        for index in nodes.indices { nodesOfFlow[nodes[index].flow, default: []].append(index) }
        for (flow, own) in nodesOfFlow {
            // What can stand before a node is of its flow, or of one that a translation turns into it.
            var candidates = own
            for other in translatedFlows[flow] ?? [] { candidates.append(contentsOf: nodesOfFlow[other] ?? []) }
            candidates.sort()
            for index in own { matchNode(index, nodes, candidates) }
        }
    }

    /// How many packets that look alike passed one place, and how near two of them came to each other.
    private mutating func readSpacing(_ nodes: [Node]) {
        lookalikes = 1
        spacing = .max
        for node in nodes where node.positions.count > 1 {
            lookalikes = max(lookalikes, node.positions.count)
            // Times of reading say nothing of how near the packets were.
            if store.sightings[Int(members[Int(node.positions[0])])].clock == .reading { continue }
            for (one, other) in zip(node.positions, node.positions.dropFirst()) {
                spacing = min(spacing, abs(time(other) - time(one)))
            }
        }
    }

    /// Whether times so far apart can be one packet's. Where some sightings of packets that look alike are missing, a
    /// packet could otherwise go on as another one that was sent later.
    private func isNear(_ early: Int64, _ late: Int64, of count: Int) -> Bool {
        count == lookalikes || late - early <= spacing / 2
    }

    /// Nanoseconds. What is stamped when it is read may be read of before the packet's way is done, while the thread
    /// that sends it has to wait, or while the packet waits for its neighbour's address. Moved so much later, it is later
    /// than any passage that belongs to it, and still nearer to it than to one of a packet that looks alike.
    private func readingAllowances(_ positions: ContiguousArray<Int32>) -> [Int64] {
        positions.indices.map { index in
            var gap = Int64.max
            if index > 0 { gap = time(positions[index]) - time(positions[index - 1]) }
            if index + 1 < positions.count { gap = min(gap, time(positions[index + 1]) - time(positions[index])) }
            return max(2_000_000, gap == .max ? 0 : gap / 4)
        }
    }

    private func isBefore(_ left: Int32, _ right: Int32) -> Bool {
        let first = store.sightings[Int(members[Int(left)])]
        let second = store.sightings[Int(members[Int(right)])]
        if first.clock != .passage, first.sourceSequence != 0, second.sourceSequence != 0 {
            return Int32(bitPattern: first.sourceSequence &- second.sourceSequence) < 0
        }
        if first.timeNanoseconds != second.timeNanoseconds {
            return first.timeNanoseconds < second.timeNanoseconds
        }
        return left < right
    }

    /// Fragments of one datagram at one place: the i-th of each offset belong together.
    private mutating func joinFragments(_ nodes: [Node]) {
        for left in nodes.indices where nodes[left].label == 0 {
            for right in nodes.indices
            where right > left && nodes[right].label == 0 && nodes[left].place == nodes[right].place
                && nodes[left].ttl == nodes[right].ttl && nodes[left].flow == nodes[right].flow
                && nodes[left].tunnel == nodes[right].tunnel
                && nodes[left].identification == nodes[right].identification
            {
                guard nodes[left].positions.count == nodes[right].positions.count else {
                    for position in nodes[right].positions { isUncertain[Int(position)] = true }
                    continue
                }
                for (one, other) in zip(nodes[left].positions, nodes[right].positions) {
                    unite(one, other)
                    joinOf[Int(other)] = Join(confidence: .strong, joint: [.datagram, .identification])
                }
            }
        }
    }

    /// Ties the sightings of one node to those of the nodes just before it.
    private mutating func matchNode(_ index: Int, _ nodes: [Node], _ candidates: ContiguousArray<Int>) {
        let node = nodes[index]
        guard let sample = node.positions.first else { return }
        let isPassage = store.sightings[Int(members[Int(sample)])].clock == .passage
        var best: Int32 = 0
        var earlier: [Int] = []
        // Captures stamp the passage itself: where both ends are captured, the hooks between decide nothing. Unless
        // several flows come together there: a hook behind the translation knows which of them went on as this one.
        for pass in 0..<(isPassage ? 2 : 1) {
            best = 0
            earlier.removeAll(keepingCapacity: true)
            for candidate in candidates where candidate != index {
                let other = nodes[candidate]
                guard let otherSample = other.positions.first else { continue }
                if !mayFollow(other, node) { continue }
                if isPassage, pass == 0, store.sightings[Int(members[Int(otherSample)])].clock != .passage { continue }
                let score = nodeScore(other.positions, before: node.positions)
                guard score > 0 else { continue }
                // Of two flows that could both be the one before, the same flow is.
                let weighted = score * 2 + (other.flow == node.flow ? 1 : 0)
                if weighted > best {
                    best = weighted
                    earlier = [candidate]
                } else if weighted == best {
                    earlier.append(candidate)
                }
            }
            if best / 2 >= Precedence.adjacent, earlier.count == 1 { break }
        }
        guard !earlier.isEmpty else { return }
        if isPortless(sample), keys[Int(node.flow)].sourcePort == 0, keys[Int(node.flow)].destinationPort == 0 {
            // Later fragments of several datagrams with one identification: not even their order tells them apart.
            if node.positions.count > 1 || earlier.contains(where: { nodes[$0].positions.count > 1 }) {
                for position in node.positions { isUncertain[Int(position)] = true }
                return
            }
        }
        if best / 2 < Precedence.adjacent, node.positions.count > 1 { return }
        var before: ContiguousArray<Int32> = []
        for candidate in earlier { before.append(contentsOf: nodes[candidate].positions) }
        if earlier.count > 1 { before = ContiguousArray(before.sorted { isBefore($0, $1) }) }
        let isOneFlow = earlier.allSatisfy { nodes[$0].flow == nodes[earlier[0]].flow }
        match(before, to: node.positions, isOneFlow: isOneFlow)
    }

    /// Fragments follow fragments of the same offset; a datagram put together follows its first.
    private func mayFollow(_ earlier: Node, _ later: Node) -> Bool {
        guard earlier.label == 0 else { return later.label == 0 || later.label == earlier.label }
        if later.label == 0, earlier.identification != later.identification {
            // A router gave them another one, unless they are several datagrams'.
            guard isOneDatagram, earlier.ttl > later.ttl else { return false }
        }
        return earlier.fragment == (later.label == 0 ? later.fragment : 0)
    }

    /// The precedence between two nodes: of any two of their sightings, leaving times aside where they conflict.
    private func nodeScore(_ earlier: ContiguousArray<Int32>, before later: ContiguousArray<Int32>) -> Int32 {
        guard let first = earlier.first, let last = later.last else { return 0 }
        let early = store.sightings[Int(members[Int(first)])]
        let late = store.sightings[Int(members[Int(last)])]
        return precedence.score(Cue(early), before: Cue(late))
    }

    // MARK: Which of those before belongs to which of these

    /// - Parameter isOneFlow: whether those before are alike; else several flows come together here.
    private mutating func match(
        _ before: ContiguousArray<Int32>, to after: ContiguousArray<Int32>, isOneFlow: Bool
    ) {
        guard let firstBefore = before.first, let firstAfter = after.first else { return }
        if before.count == 1, after.count == 1, lookalikes == 1 {
            tie(firstAfter, to: firstBefore, .exact, [])
            return
        }
        let early = store.sightings[Int(members[Int(firstBefore)])]
        let late = store.sightings[Int(members[Int(firstAfter)])]
        let sameArea =
            places.places[Int(early.vantage)].namespace == places.places[Int(late.vantage)].namespace
        if sameArea, late.clock == .arrival, early.clock != .reading, matchArrivals(before, after) { return }
        if early.clock == .passage, late.clock == .passage {
            matchAlong(axis: before.map(time), axis: after.map(time), before, after, .time)
        } else if sameArea, early.sourceSequence != 0, late.sourceSequence != 0 {
            let origin = early.sourceSequence
            let axis = before.map { sequence($0, from: origin) }
            let told = after.map { sequence($0, from: origin) }
            if isOneFlow {
                matchAlong(axis: axis, axis: told, before, after, .sequence)
            } else {
                matchAlternating(axis, told, before, after)
            }
        } else if late.clock == .reading, early.clock != .reading {
            matchAlong(
                axis: before.map(time), axis: after.map(time), before, after, .time,
                allowances: readingAllowances(after))
        } else if early.clock == .reading, late.clock == .passage {
            // Told later than the passage that follows it was seen, but in the same order.
            matchAlong(
                axis: after.map(time), axis: before.map(time), after, before, .time, isBackwards: true,
                allowances: readingAllowances(before))
        } else if before.count == after.count {
            // First in, first out: as many here as there.
            for (one, other) in zip(before, after) { tie(other, to: one, .strong, .time) }
        } else {
            for position in after { isUncertain[Int(position)] = true }
        }
    }

    private func time(_ position: Int32) -> Int64 { store.sightings[Int(members[Int(position)])].timeNanoseconds }

    private func sequence(_ position: Int32, from origin: UInt32) -> Int64 {
        Int64(Int32(bitPattern: store.sightings[Int(members[Int(position)])].sourceSequence &- origin))
    }

    /// Hooks that a packet passes in one namespace log it one right after the other. So many events of the same source
    /// lie between two of them at most, however late they are read.
    private static let longestPassage: Int32 = 256

    /// Whether no two sightings, of which one follows the other in a namespace, are too far apart in their source's
    /// count to be of one packet: those of another that looks alike, where the ones between are missing.
    func isOnePassage() -> Bool {
        for position in members.indices where arrangement.nodes[position].parent >= 0 {
            if !mayPassTogether(members[Int(arrangement.nodes[position].parent)], members[position]) { return false }
        }
        return true
    }

    private func mayPassTogether(_ earlier: Int32, _ later: Int32) -> Bool {
        let early = store.sightings[Int(earlier)]
        guard early.sourceSequence != 0, early.clock != .passage else { return true }
        let late = store.sightings[Int(later)]
        guard late.sourceSequence != 0, late.clock != .passage,
            places.places[Int(early.vantage)].namespace == places.places[Int(late.vantage)].namespace
        else { return true }
        let distance = Int32(bitPattern: late.sourceSequence &- early.sourceSequence)
        return distance <= Self.longestPassage && distance >= -Self.longestPassage
    }

    private mutating func tie(_ later: Int32, to earlier: Int32, _ confidence: Confidence, _ joint: Joint) {
        guard mayPassTogether(members[Int(earlier)], members[Int(later)]) else {
            isUncertain[Int(later)] = true
            return
        }
        parentOf[Int(later)] = earlier
        let isAlike =
            store.sightings[Int(members[Int(later)])].label == store.sightings[Int(members[Int(earlier)])].label
        joinOf[Int(later)] = Join(confidence: confidence, joint: joint.union(isAlike ? .label : .datagram))
    }

    /// NFLOG gives the time at which the packet came into the namespace, in whole microseconds; captures have the same
    /// time stamp in nanoseconds.
    /// - Returns: false where no times agree, so that they say nothing.
    private mutating func matchArrivals(
        _ before: ContiguousArray<Int32>, _ after: ContiguousArray<Int32>
    ) -> Bool {
        var byTime: [Int64: ContiguousArray<Int32>] = [:]
        for position in before { byTime[time(position) / 1000, default: []].append(position) }
        var found = false
        var pending: [(Int64, ContiguousArray<Int32>)] = []
        var indexByTime: [Int64: Int] = [:]
        for position in after {
            let microsecond = time(position) / 1000
            if let known = indexByTime[microsecond] {
                pending[known].1.append(position)
            } else {
                indexByTime[microsecond] = pending.count
                pending.append((microsecond, [position]))
            }
            if byTime[microsecond] != nil { found = true }
        }
        guard found else { return false }
        for (microsecond, positions) in pending {
            guard let candidates = byTime[microsecond] else {
                for position in positions { isUncertain[Int(position)] = true }
                continue
            }
            if candidates.count == positions.count {
                let confidence: Confidence = candidates.count == 1 ? .exact : .strong
                for (one, other) in zip(candidates, positions) { tie(other, to: one, confidence, .arrival) }
            } else {
                for position in positions { isUncertain[Int(position)] = true }
            }
        }
        return true
    }

    /// Nanoseconds. Packets nearer than this to each other are in one burst, however fast they seem to pass.
    static let shortestSilence: Int64 = 50_000

    /// Matches along an axis on which a packet is later after than before, and packets keep their order.
    ///
    /// - Parameter allowances: how much earlier each of `after` may seem; empty for none.
    private mutating func matchAlong(
        axis early: [Int64], axis told: [Int64], _ before: ContiguousArray<Int32>, _ after: ContiguousArray<Int32>,
        _ joint: Joint, isBackwards: Bool = false, allowances: [Int64] = []
    ) {
        let late = allowances.isEmpty ? told : zip(told, allowances).map(+)
        /// Going backwards, what comes later on the axis stands before on the way.
        func join(_ later: Int32, _ earlier: Int32, _ confidence: Confidence, _ joint: Joint) {
            if isBackwards {
                tie(earlier, to: later, confidence, joint)
            } else {
                tie(later, to: earlier, confidence, joint)
            }
        }
        if early.count == late.count, joint != .time || early.count == lookalikes,
            zip(early, late).allSatisfy({ $0 <= $1 })
        {
            for index in early.indices {
                let isAlone =
                    (index + 1 == early.count || late[index] < early[index + 1])
                    && (index == 0 || late[index - 1] <= early[index])
                join(after[index], before[index], isAlone ? .exact : .strong, isAlone ? [] : joint)
            }
            return
        }
        // Some are missing. Bursts that silence separates are taken one by one: within one, as many after as before
        // are the same packets in the same order; else nothing is claimed.
        // An allowance says what may be, not what is usual.
        let usual = allowances.isEmpty ? typicalTransit(early, late) : typicalDistance(early, told)
        let silence = max(4 * usual, joint == .time ? Self.shortestSilence : Self.interleaved)
        var earlyIndex = 0
        var lateIndex = 0
        while earlyIndex < early.count || lateIndex < late.count {
            let earlyStart = earlyIndex
            let lateStart = lateIndex
            var last = min(
                earlyIndex < early.count ? early[earlyIndex] : .max, lateIndex < late.count ? late[lateIndex] : .max)
            while earlyIndex < early.count || lateIndex < late.count {
                let nextEarly = earlyIndex < early.count ? early[earlyIndex] : Int64.max
                let nextLate = lateIndex < late.count ? late[lateIndex] : Int64.max
                if nextLate < nextEarly {
                    last = nextLate
                    lateIndex += 1
                } else {
                    if nextEarly - last > silence, earlyIndex > earlyStart || lateIndex > lateStart { break }
                    last = nextEarly
                    earlyIndex += 1
                }
            }
            let isEven =
                earlyIndex - earlyStart == lateIndex - lateStart
                && zip(earlyStart..<earlyIndex, lateStart..<lateIndex).allSatisfy {
                    early[$0] <= late[$1]
                        && (joint != .time || isNear(early[$0], told[$1], of: min(early.count, late.count)))
                }
            if isEven {
                for offset in 0..<(earlyIndex - earlyStart) {
                    join(after[lateStart + offset], before[earlyStart + offset], .strong, joint)
                }
            } else {
                let unjoined = isBackwards ? before[earlyStart..<earlyIndex] : after[lateStart..<lateIndex]
                for position in unjoined { isUncertain[Int(position)] = true }
            }
        }
    }

    /// So many events of a source may lie between two of one packet that follow each other at once.
    private static let interleaved: Int64 = 8

    /// Ties what several flows become to those flows, by the order in which one namespace logged them.
    ///
    /// A processor takes a packet through the hooks of a namespace without another in between. Where two stand before
    /// the first one after, two processors were at work, and their order there says nothing of whose is whose: the
    /// kernel can give two flows that begin at once the same translation, and drops one of them behind it.
    private mutating func matchAlternating(
        _ early: [Int64], _ late: [Int64], _ before: ContiguousArray<Int32>, _ after: ContiguousArray<Int32>
    ) {
        var next = 0
        /// Those before of which it is not known yet which one went on.
        var open: [Int] = []
        var isMixed = false
        for (index, value) in late.enumerated() {
            while next < early.count, early[next] <= value {
                open.append(next)
                next += 1
            }
            // What went on as another flow is not waited for.
            open.removeAll { early[$0] + Self.interleaved < value }
            if open.isEmpty { isMixed = false }
            if open.count == 1, !isMixed {
                tie(after[index], to: before[open[0]], .exact, [])
                open.removeAll()
                continue
            }
            isUncertain[Int(after[index])] = true
            isMixed = open.count > 1
            _ = open.popLast()
        }
    }

    /// What nine of ten need at most, from the last one before to each one after.
    private func typicalTransit(_ early: [Int64], _ late: [Int64]) -> Int64 {
        var times: [Int64] = []
        var index = 0
        for value in late {
            while index + 1 < early.count, early[index + 1] <= value { index += 1 }
            if index < early.count, early[index] <= value { times.append(value - early[index]) }
        }
        return nineOfTen(times)
    }

    /// How near nine of ten are to one of the others, whichever comes first.
    private func typicalDistance(_ others: [Int64], _ values: [Int64]) -> Int64 {
        var distances: [Int64] = []
        var index = 0
        for value in values {
            while index + 1 < others.count, others[index + 1] <= value { index += 1 }
            guard index < others.count else { continue }
            let next = index + 1 < others.count ? abs(others[index + 1] - value) : .max
            distances.append(min(abs(value - others[index]), next))
        }
        return nineOfTen(distances)
    }

    /// The value that nine of ten do not exceed; 0 for none.
    private func nineOfTen(_ values: [Int64]) -> Int64 {
        values.isEmpty ? 0 : values.sorted()[(values.count - 1) * 9 / 10]
    }
}
