internal import WalkModel
import Observations
import Wire

/// Tells the packets of a cohort apart.
///
/// Sightings of one cohort share a label. Most cohorts hold one packet: every place at most once, one flow (or flows
/// that conntrack says are one), and a single beginning. What is not so plain is decided edge by edge: for each place
/// the places that can stand just before it, and which of the sightings there belong together by what they show
/// (arrival times, sequence numbers, order of time). What can't be told stays apart, marked uncertain: a walk cut in
/// two is a smaller evil than one walk of two packets.
extension EngineCore {
    /// - Parameter mayWait: a stretch of a TCP stream whose way is not whole is deferred, until it is known what else
    ///   of the stream was seen.
    mutating func resolve(_ number: Int32, by time: Int64, force: Bool, mayWait: Bool = true) {
        if store.cohorts[Int(number)].isFamily {
            resolveFamily(number)
            return
        }
        if isStillWaiting(number, by: time) { return }
        store.collect(number, into: &members)
        let count = members.count
        guard count > 0 else {
            emitNotes(store.collectNotes(number).map(\.content))
            store.close(number)
            return
        }
        let mayWait = mayWait && store.cohorts[Int(number)].isStretch
        usedNotes.removeAll(keepingCapacity: true)
        openNotes = store.cohorts[Int(number)].notes >= 0 ? store.collectNotes(number) : []
        let emitted = store.cohorts[Int(number)].emitted
        var isOnePacket = readPlainFlows()
        if !isOnePacket {
            let isOnce = readFlows()
            isOnePacket = uniteFlows() == 1 && isOnce
        }
        if isOnePacket {
            arrange(members)
            if arrangement.rootCount == 1, arrangement.isTimely, isOnePassage() {
                isOnlyPacket = true
                if letWait(number, by: time) { return }
                if emit(members, cohort: number, ordinal: emitted, isPlain: true, mayWait: mayWait) {
                    store.releaseAll(number)
                } else {
                    deferEnd(of: number)
                }
                return
            }
        }
        if mayWait {
            deferEnd(of: number)
            return
        }
        if keyIndex.isEmpty {
            _ = readFlows()
            _ = uniteFlows()
        }
        partition()
        isOnlyPacket = false
        emitPackets(number, emitted: emitted, by: time, force: force)
    }

    /// Whether the cohort is plainly one packet: every place once, nothing that needs a closer look, one flow or two
    /// that conntrack says are one. Reads no more than that takes.
    private mutating func readPlainFlows() -> Bool {
        keys.removeAll(keepingCapacity: true)
        keyIndex.removeAll(keepingCapacity: true)
        beginSerial()
        var current: FlowKey?
        for member in members {
            let place = Int(store.sightings[Int(member)].vantage)
            if lastSeenAt[place] == serial { return false }
            lastSeenAt[place] = serial
            if store.sightings[Int(member)].flags & (Sighting.quotesPacket | Sighting.isFragment) != 0 { return false }
            let key = store.sightings[Int(member)].flowKey
            if key == current { continue }
            // Back to the first, or a third: uniteFlows tells.
            if keys.count == 2 { return false }
            keys.append(key)
            current = key
        }
        return keys.count == 1 || translations.links(keys[0], keys[1], namespace: -1)
    }

    private mutating func beginSerial() {
        serial &+= 1
        if serial == .max {
            serial = 1
            for index in lastSeenAt.indices { lastSeenAt[index] = 0 }
        }
    }

    /// Reads each member's flow and tells whether every place was passed at most once.
    mutating func readFlows() -> Bool {
        keys.removeAll(keepingCapacity: true)
        keyIndex.removeAll(keepingCapacity: true)
        beginSerial()
        var isOnce = true
        var table: KeyTable?
        var last: Int32 = -1
        for member in members {
            let place = Int(store.sightings[Int(member)].vantage)
            if lastSeenAt[place] == serial { isOnce = false }
            lastSeenAt[place] = serial
            let isPlain =
                store.sightings[Int(member)].flags & (Sighting.quotesPacket | Sighting.isFragment) == 0
            let key = isPlain ? store.sightings[Int(member)].flowKey : flowKey(of: member)
            if last >= 0, keys[Int(last)] == key {
                keyIndex.append(last)
                continue
            }
            var found: Int32 = -1
            if keys.count <= 8 {
                for index in keys.indices where keys[index] == key { found = Int32(index) }
            } else {
                var known = table ?? KeyTable(capacity: 64)
                if table == nil {
                    for index in keys.indices { known.set(keys[index].hash, to: Int32(index)) }
                }
                found = known.find(key.hash)
                if found < 0 { known.set(key.hash, to: Int32(keys.count)) }
                table = known
            }
            if found < 0 {
                found = Int32(keys.count)
                keys.append(key)
            }
            last = found
            keyIndex.append(found)
        }
        return isOnce
    }

    /// The flow of a sighting: for an ICMP error that of the packet it speaks of, turned round; for a fragment without
    /// ports those of its datagram's first.
    private func flowKey(of member: Int32) -> FlowKey {
        let sighting = store.sightings[Int(member)]
        if sighting.has(Sighting.quotesPacket), sighting.detail >= 0 {
            return store.details[Int(sighting.detail)].quotedFlow
        }
        guard sighting.has(Sighting.isFragment), !sighting.has(Sighting.hasTransport) else { return sighting.flowKey }
        // Behind one address, several datagrams can have one identification at one time: then nothing tells whose it is.
        var found: FlowKey?
        for other in members {
            let first = store.sightings[Int(other)]
            if first.has(Sighting.hasTransport), first.identification == sighting.identification,
                first.sourceLow == sighting.sourceLow, first.destinationLow == sighting.destinationLow,
                first.sourceHigh == sighting.sourceHigh, first.destinationHigh == sighting.destinationHigh
            {
                if let found, found != first.flowKey { return sighting.flowKey }
                found = first.flowKey
            }
        }
        if let found { return found }
        return sighting.flowKey
    }

    /// Joins the flows of the cohort that conntrack says are one, by rewriting `keyIndex`'s classes.
    /// - Returns: how many are left.
    mutating func uniteFlows() -> Int {
        let count = keys.count
        flowClass.removeAll(keepingCapacity: true)
        translatedFlows.removeAll(keepingCapacity: true)
        for index in 0..<count { flowClass.append(Int32(index)) }
        guard count > 1 else { return 1 }
        guard !translations.isEmpty else { return count }
        if count == 2 {
            if translations.links(keys[0], keys[1], namespace: -1) {
                flowClass[1] = 0
                translatedFlows[0] = [1]
                translatedFlows[1] = [0]
                return 1
            }
            return 2
        }
        var table = KeyTable(capacity: count * 2)
        for index in 0..<count { table.set(keys[index].hash, to: Int32(index)) }
        var pairs: [(Int32, Int32)] = []
        for index in 0..<count {
            translations.translations(of: keys[index]) { target, _ in
                let other = table.find(target.hash)
                if other >= 0, keys[Int(other)] == target { pairs.append((Int32(index), other)) }
            }
        }
        var classes = count
        for (left, right) in pairs {
            translatedFlows[right, default: []].append(left)
            let first = flowRoot(left)
            let second = flowRoot(right)
            if first != second {
                flowClass[Int(max(first, second))] = min(first, second)
                classes -= 1
            }
        }
        return classes
    }

    private func flowRoot(_ index: Int32) -> Int32 {
        var walk = index
        while flowClass[Int(walk)] != walk { walk = flowClass[Int(walk)] }
        return walk
    }

    // MARK: Several packets

    /// Fills `packetOf` with a packet's number for each member.
    mutating func partition() {
        let count = members.count
        packetOf.removeAll(keepingCapacity: true)
        isUncertain.removeAll(keepingCapacity: true)
        joinOf.removeAll(keepingCapacity: true)
        joinOf.append(contentsOf: repeatElement(Join(), count: count))
        parentOf.removeAll(keepingCapacity: true)
        for position in 0..<count {
            packetOf.append(Int32(position))
            isUncertain.append(false)
            parentOf.append(-1)
        }
        isOneDatagram = showsOneDatagram(members)
        var byClass: [Int32: ContiguousArray<Int32>] = [:]
        var classOrder: [Int32] = []
        for position in 0..<count {
            let flow = flowRoot(keyIndex[position])
            if byClass[flow] == nil { classOrder.append(flow) }
            byClass[flow, default: []].append(Int32(position))
        }
        for flow in classOrder {
            if let positions = byClass[flow] { matchEdges(positions) }
        }
        // Trees are packets.
        for position in 0..<count where parentOf[position] >= 0 {
            unite(Int32(position), parentOf[position])
        }
        if classOrder.count > 1 || keys.count > 1 { joinTranslated() }
    }

    func packetRoot(_ position: Int32) -> Int32 {
        var walk = position
        while packetOf[Int(walk)] != walk { walk = packetOf[Int(walk)] }
        return walk
    }

    mutating func unite(_ left: Int32, _ right: Int32) {
        let first = packetRoot(left)
        let second = packetRoot(right)
        if first != second { packetOf[Int(max(first, second))] = min(first, second) }
    }

    // MARK: Giving them

    /// Of more look-alikes than this none waits in a queue: they would be told apart again and again.
    private static let waitingLimit = 64

    private mutating func emitPackets(_ number: Int32, emitted: UInt32, by time: Int64, force: Bool) {
        let (released, kept, ordinal) = emitParted(number, emitted: emitted, by: time, force: force)
        for sighting in released { store.release(sighting) }
        if kept.isEmpty {
            store.close(number)
        } else {
            store.retain(number, members: kept.sorted(), emitted: ordinal)
            let last = store.cohorts[Int(number)].lastNanoseconds
            // What has been quiet and waits in a queue is looked at now and then.
            store.enqueue(
                number, deadline: (last + store.quietNanoseconds > time ? last : time) + store.quietNanoseconds)
        }
    }

    /// Writes the packets that `partition` told apart and that are over by `time`.
    mutating func emitParted(
        _ number: Int32, emitted: UInt32, by time: Int64, force: Bool
    ) -> (released: ContiguousArray<Int32>, kept: ContiguousArray<Int32>, ordinal: UInt32) {
        let count = members.count
        var packets: [ContiguousArray<Int32>] = []
        var slots: [Int32: Int] = [:]
        for position in 0..<count {
            let root = packetRoot(Int32(position))
            if let slot = slots[root] {
                packets[slot].append(Int32(position))
            } else {
                slots[root] = packets.count
                packets.append([Int32(position)])
            }
        }
        let all = members
        let joins = joinOf
        let uncertain = isUncertain
        let parents = parentOf
        var kept: ContiguousArray<Int32> = []
        var ordinal = emitted
        var released: ContiguousArray<Int32> = []
        for packet in packets {
            var last = Int64.min
            for position in packet {
                last = max(last, store.sightings[Int(all[Int(position)])].timeNanoseconds)
            }
            guard force || last + store.quietNanoseconds <= time else {
                for position in packet { kept.append(all[Int(position)]) }
                continue
            }
            let parts = timelyParts(packet, of: all)
            if count <= Self.waitingLimit, parts.count == 1, isInTime(last, by: time),
                mayBeQueued(ContiguousArray(packet.map { all[Int($0)] }))
            {
                for position in packet { kept.append(all[Int(position)]) }
                continue
            }
            for part in parts {
                let sightings = ContiguousArray(part.map { all[Int($0)] })
                if part.count < packet.count { arrange(sightings) }
                if arrangement.rootCount > 1 { arrangement.chainRoots() }
                joinOf.removeAll(keepingCapacity: true)
                for position in part {
                    var join = joins[Int(position)]
                    let isAlone = uncertain[Int(position)] && parents[Int(position)] < 0
                    if isAlone || part.count < packet.count { join.confidence = .weak }
                    joinOf.append(join)
                }
                emit(sightings, cohort: number, ordinal: ordinal, isPlain: false)
                ordinal += 1
                released.append(contentsOf: sightings)
            }
        }
        return (released, kept, ordinal)
    }

    /// What was joined, but was seen to pass a place before one that stands before it, is of several packets. Leaves a
    /// packet that is whole arranged.
    private mutating func timelyParts(
        _ packet: ContiguousArray<Int32>, of all: ContiguousArray<Int32>
    ) -> [ContiguousArray<Int32>] {
        arrange(ContiguousArray(packet.map { all[Int($0)] }))
        if let parts = datagrams(packet, of: all) { return parts }
        if arrangement.isTimely { return [packet] }
        var parts: [ContiguousArray<Int32>] = []
        for (position, way) in arrangement.ways().enumerated() {
            while parts.count <= Int(way) { parts.append([]) }
            parts[Int(way)].append(packet[position])
        }
        return parts.filter { !$0.isEmpty }
    }

    /// Fragments of several datagrams, which their identifications tell apart, whatever else they were joined by; nil
    /// where all are of one. A router that puts an IPv6 datagram together gives its fragments another identification
    /// when it sends it on: so two are of one datagram, but not at one place.
    private func datagrams(
        _ packet: ContiguousArray<Int32>, of all: ContiguousArray<Int32>
    ) -> [ContiguousArray<Int32>]? {
        if showsOneDatagram(packet.map { all[Int($0)] }) { return nil }
        var parts: [UInt16: ContiguousArray<Int32>] = [:]
        var wholes: ContiguousArray<Int32> = []
        for position in packet {
            let sighting = store.sightings[Int(all[Int(position)])]
            guard sighting.has(Sighting.isFragment) else {
                wholes.append(position)
                continue
            }
            parts[sighting.identification, default: []].append(position)
        }
        return parts.sorted { $0.key < $1.key }.map(\.value) + (wholes.isEmpty ? [] : [wholes])
    }

    /// Whether no place shows fragments of two identifications.
    private func showsOneDatagram(_ sightings: some Sequence<Int32>) -> Bool {
        var identificationAt: [UInt32: UInt16] = [:]
        for index in sightings {
            let sighting = store.sightings[Int(index)]
            guard sighting.has(Sighting.isFragment) else { continue }
            let known = identificationAt.updateValue(sighting.identification, forKey: sighting.vantage)
            if let known, known != sighting.identification { return false }
        }
        return true
    }
}
