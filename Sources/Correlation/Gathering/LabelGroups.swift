internal import WalkModel
import Observations

/// Open sightings, gathered by the key that all sightings of one packet share.
///
/// A label group holds the sightings of one packet, or of several packets that look alike. Sightings and groups live in
/// slabs with free lists; a wheel of buckets by deadline finds those that have gone quiet. Cost per sighting: one probe
/// of the key table and one copy of the record.
///
/// Never copied: it holds all that is open.
struct LabelGroups: ~Copyable {
    private(set) var sightings: ContiguousArray<Sighting> = []
    private(set) var groups: ContiguousArray<LabelGroup> = []
    /// Nil where free.
    private var events: [(event: PacketEvent, next: Int32)?] = []
    private(set) var details: [PacketDetail] = []
    private var table = KeyTable(capacity: 4096)
    /// Everything that is held, counted: observations, groups of them, keys of groups.
    var openRecords: Int { openSightings + openGroups + openEvents + table.count + starts.count }
    /// By group, the keys that it goes by beside its own: what few have.
    private var aliases: [Int32: [Alias]] = [:]
    private var starts = DatagramStarts()
    /// Numbers of all groups opened by a range of a TCP stream, and of some that have ended.
    private var sequenceRanges: ContiguousArray<Int32> = []
    private var freeSighting: Int32 = -1
    private var freeGroup: Int32 = -1
    private var freeEvents: [Int32] = []
    private var freeDetails: [Int32] = []
    private(set) var openSightings = 0
    private(set) var openGroups = 0
    private(set) var openEvents = 0

    /// A key that a group goes by beside its own, and how late the group was when it got it.
    private struct Alias {
        var key: UInt64
        var timeNanoseconds: Int64
    }

    let quietNanoseconds: Int64
    private let quantum: Int64
    private var buckets: ContiguousArray<Int32>
    /// The number of the first bucket not yet taken; nil before the first event.
    private var nextBucket: Int64?

    init(quietNanoseconds: Int64) {
        self.quietNanoseconds = max(1_000_000, quietNanoseconds)
        quantum = max(500_000, self.quietNanoseconds / 16)
        buckets = ContiguousArray(repeating: -1, count: 64)
    }

    // MARK: Taking

    @inline(__always)
    mutating func insert(_ observation: borrowing Observation, place: Int32, detail: Int32, key: UInt64) {
        let time = observation.timeNanoseconds
        var number = table.find(key)
        if number < 0 { number = open(key: key, timeNanoseconds: time) }
        let slot: Int32
        if freeSighting >= 0 {
            slot = freeSighting
            freeSighting = sightings[Int(slot)].next
            sightings[Int(slot)] = Sighting(observation, place: place, detail: detail)
        } else {
            slot = Int32(sightings.count)
            sightings.append(Sighting(observation, place: place, detail: detail))
        }
        openSightings += 1
        let before = groups[Int(number)].append(slot, timeNanoseconds: time, hasDetail: detail >= 0)
        if before >= 0 {
            sightings[Int(before)].next = slot
        } else {
            groups[Int(number)].isSequenceRange = sightings[Int(slot)].isSequenceRange
            if groups[Int(number)].isSequenceRange, !groups[Int(number)].isListed {
                groups[Int(number)].isListed = true
                sequenceRanges.append(number)
            }
        }
    }

    /// The open groups that a range of a TCP stream opened, in the order of their numbers.
    mutating func openSequenceRanges() -> ContiguousArray<Int32> {
        var open: ContiguousArray<Int32> = []
        for number in sequenceRanges {
            if groups[Int(number)].isSequenceRange, groups[Int(number)].count > 0 {
                open.append(number)
            } else {
                groups[Int(number)].isListed = false
            }
        }
        open.sort()
        sequenceRanges = open
        return open
    }

    mutating func insert(_ event: PacketEvent, key: UInt64, timeNanoseconds: Int64) {
        var number = table.find(key)
        if number < 0 { number = open(key: key, timeNanoseconds: timeNanoseconds) }
        append(event, to: number)
        groups[Int(number)].lastNanoseconds = max(groups[Int(number)].lastNanoseconds, timeNanoseconds)
    }

    private mutating func append(_ event: PacketEvent, to number: Int32) {
        let entry = (event: event, next: groups[Int(number)].events)
        let slot: Int32
        if let reused = freeEvents.popLast() {
            slot = reused
            events[Int(slot)] = entry
        } else {
            slot = Int32(events.count)
            events.append(entry)
        }
        groups[Int(number)].events = slot
        openEvents += 1
    }

    func isOpen(key: UInt64) -> Bool { table.find(key) >= 0 }

    mutating func keep(_ detail: PacketDetail) -> Int32 {
        if let reused = freeDetails.popLast() {
            details[Int(reused)] = detail
            return reused
        }
        details.append(detail)
        return Int32(details.count - 1)
    }

    private mutating func open(key: UInt64, timeNanoseconds: Int64) -> Int32 {
        let group = LabelGroup(
            key: key, head: -1, tail: -1, count: 0, next: -1, events: -1, firstNanoseconds: timeNanoseconds,
            lastNanoseconds: timeNanoseconds, emitted: 0)
        let number: Int32
        if freeGroup >= 0 {
            number = freeGroup
            freeGroup = groups[Int(number)].next
            let isListed = groups[Int(number)].isListed
            groups[Int(number)] = group
            groups[Int(number)].isListed = isListed
        } else {
            number = Int32(groups.count)
            groups.append(group)
        }
        openGroups += 1
        table.set(key, to: number)
        enqueue(number, deadline: timeNanoseconds + quietNanoseconds)
        return number
    }

    // MARK: Ending

    mutating func enqueue(_ number: Int32, deadline: Int64) {
        let wanted = deadline / quantum
        let base = nextBucket ?? (wanted - 32)
        nextBucket = base
        // Too far ahead for the wheel: looked at earlier, and put back.
        let bucket = Int(min(max(wanted, base), base + Int64(buckets.count) - 1) & Int64(buckets.count - 1))
        groups[Int(number)].next = buckets[bucket]
        buckets[bucket] = number
    }

    /// Takes the next bucket whose time has passed by `watermark`; nil where there is none.
    /// - Returns: its groups, and the time by which they should have ended.
    mutating func nextEnded(watermark: Int64) -> (head: Int32, timeNanoseconds: Int64)? {
        guard var bucket = nextBucket else { return nil }
        let limit = watermark / quantum - 1
        // A long silence: every bucket is looked at once, no more.
        if limit - bucket > Int64(buckets.count) { bucket = limit - Int64(buckets.count) }
        while bucket <= limit {
            let slot = Int(bucket & Int64(buckets.count - 1))
            bucket += 1
            if buckets[slot] >= 0 {
                let head = inOrder(buckets[slot])
                buckets[slot] = -1
                nextBucket = bucket
                return (head, bucket * quantum)
            }
        }
        nextBucket = max(bucket, limit + 1)
        return nil
    }

    /// The earliest bucket with anything in it, whatever the time: for forced endings and the end of the run.
    mutating func nextForced() -> Int32 {
        guard let base = nextBucket else { return -1 }
        for offset in 0..<Int64(buckets.count) {
            let slot = Int((base + offset) & Int64(buckets.count - 1))
            if buckets[slot] >= 0 {
                let head = inOrder(buckets[slot])
                buckets[slot] = -1
                return head
            }
        }
        return -1
    }

    /// Turns a bucket's list round: first come, first ended, which leaves little to sort.
    private mutating func inOrder(_ head: Int32) -> Int32 {
        var before: Int32 = -1
        var walk = head
        while walk >= 0 {
            let next = groups[Int(walk)].next
            groups[Int(walk)].next = before
            before = walk
            walk = next
        }
        return before
    }

    /// Collects a group's sightings, in the order in which they came.
    func collect(_ number: Int32, into members: inout ContiguousArray<Int32>) {
        members.removeAll(keepingCapacity: true)
        var walk = groups[Int(number)].head
        while walk >= 0 {
            members.append(walk)
            walk = sightings[Int(walk)].next
        }
    }

    func nextInBucket(_ number: Int32) -> Int32 { groups[Int(number)].next }

    /// The drops and rules of a group, in the order in which they came.
    func events(of number: Int32) -> GroupEvents {
        var result: [PacketEvent] = []
        var walk = groups[Int(number)].events
        while walk >= 0, let entry = events[Int(walk)] {
            result.append(entry.event)
            walk = entry.next
        }
        result.reverse()
        return GroupEvents(result)
    }

    /// Of an ICMP error, the flow that conntrack knows it by: that of the packet it quotes, turned round; else nil.
    @inline(__always)
    func quotedFlow(of sighting: Int) -> FlowKey? {
        let detail = sightings[sighting].detail
        guard detail >= 0, sightings[sighting].has(Sighting.quotesPacket) else { return nil }
        return details[Int(detail)].quotedFlow
    }

    mutating func dropEvents(_ number: Int32) {
        var walk = groups[Int(number)].events
        while walk >= 0, let entry = events[Int(walk)] {
            events[Int(walk)] = nil
            freeEvents.append(walk)
            openEvents -= 1
            walk = entry.next
        }
        groups[Int(number)].events = -1
    }

    /// Leaves a group without the events from before a time.
    mutating func keepEvents(of number: Int32, since time: Int64) {
        let all = events(of: number).open
        guard all.contains(where: { $0.timeNanoseconds < time }) else { return }
        dropEvents(number)
        for event in all where event.timeNanoseconds >= time { append(event, to: number) }
    }

    /// Ends a group, and gives back all its sightings.
    mutating func releaseAll(_ number: Int32) {
        let group = groups[Int(number)]
        if group.hasDetails {
            var walk = group.head
            while walk >= 0 {
                let detail = sightings[Int(walk)].detail
                if detail >= 0 { freeDetails.append(detail) }
                walk = sightings[Int(walk)].next
            }
        }
        if group.tail >= 0 {
            sightings[Int(group.tail)].next = freeSighting
            freeSighting = group.head
            openSightings -= Int(group.count)
        }
        close(number)
    }

    /// Gives back one sighting; its group must be closed or rebuilt after.
    mutating func release(_ sighting: Int32) {
        let detail = sightings[Int(sighting)].detail
        if detail >= 0 { freeDetails.append(detail) }
        sightings[Int(sighting)].next = freeSighting
        freeSighting = sighting
        openSightings -= 1
    }

    /// Ends a group whose sightings are all released.
    mutating func close(_ number: Int32) {
        if groups[Int(number)].events >= 0 { dropEvents(number) }
        // What was absorbed by another left its key to that one.
        if groups[Int(number)].key != 0 { table.remove(groups[Int(number)].key) }
        if groups[Int(number)].hasAliases {
            for alias in aliases.removeValue(forKey: number) ?? [] { table.remove(alias.key) }
        }
        groups[Int(number)].count = 0
        groups[Int(number)].next = freeGroup
        freeGroup = number
        openGroups -= 1
    }

    // MARK: Several keys

    /// Takes note of how the datagram of a key begins, of which a sighting was just taken: what begins alike is one group
    /// where it may be one packet.
    ///
    /// - Parameter label: by which the kernel's drops and rules tell of a datagram that is whole.
    mutating func note(_ start: UInt64, of key: UInt64, label: UInt64, isFragment: Bool) {
        if !isFragment {
            tie(label, to: start)
            for fragments in starts.takeAll(start) where isOpen(key: fragments) { tie(fragments, to: start) }
            return
        }
        if isOpen(key: start) {
            tie(key, to: start)
            return
        }
        let number = table.find(key)
        guard number >= 0, !groups[Int(number)].hasStart else { return }
        groups[Int(number)].hasStart = true
        let origin = sightings[Int(groups[Int(number)].head)].vantage
        let others = starts.note(start, of: key, at: origin) { table.find($0) >= 0 }
        for fragments in others where isOpen(key: fragments) { tie(fragments, to: start) }
    }

    /// Lets the group of one key take what comes with another one as well, and all that has come with that so far.
    private mutating func tie(_ key: UInt64, to other: UInt64) {
        let one = table.find(key)
        let two = table.find(other)
        if one == two { return }
        if one < 0 {
            name(two, key)
        } else if two < 0 {
            name(one, other)
        } else if groups[Int(one)].count > groups[Int(two)].count {
            // The smaller one moves, so that none moves often.
            absorb(two, into: one, isQueued: true)
        } else {
            absorb(one, into: two, isQueued: true)
        }
    }

    mutating func markWaiting(_ number: Int32) {
        groups[Int(number)].isWaiting = true
        groups[Int(number)].waitingCount = groups[Int(number)].count
        groups[Int(number)].waitingEvents = groups[Int(number)].events
    }

    mutating func markTree(_ number: Int32) { groups[Int(number)].isTree = true }

    private mutating func name(_ number: Int32, _ key: UInt64) {
        name(number, Alias(key: key, timeNanoseconds: groups[Int(number)].lastNanoseconds))
    }

    private mutating func name(_ number: Int32, _ alias: Alias) {
        table.set(alias.key, to: number)
        aliases[number, default: []].append(alias)
        groups[Int(number)].hasAliases = true
    }

    /// Takes away the keys that a group got so long ago that none of its sightings can go by them: of a group that is
    /// busy for ever they would be ever more.
    private mutating func forgetAliases(_ number: Int32, before time: Int64) {
        guard groups[Int(number)].hasAliases, let known = aliases[number] else { return }
        let kept = known.filter { $0.timeNanoseconds >= time }
        guard kept.count < known.count else { return }
        for alias in known where alias.timeNanoseconds < time { table.remove(alias.key) }
        aliases[number] = kept
    }

    /// Moves all of a group to another one, which takes what comes with its keys from here on.
    ///
    /// - Parameter isQueued: the absorbed group waits in a bucket: there it is found empty, and closed.
    mutating func absorb(_ other: Int32, into number: Int32, isQueued: Bool) {
        let gone = groups[Int(other)]
        name(number, gone.key)
        for alias in aliases.removeValue(forKey: other) ?? [] { name(number, alias) }
        if gone.head >= 0 {
            let tail = groups[Int(number)].tail
            if tail >= 0 { sightings[Int(tail)].next = gone.head } else { groups[Int(number)].head = gone.head }
            groups[Int(number)].tail = gone.tail
        }
        if gone.events >= 0 {
            var last = gone.events
            while let entry = events[Int(last)], entry.next >= 0 { last = entry.next }
            events[Int(last)]?.next = groups[Int(number)].events
            groups[Int(number)].events = gone.events
        }
        groups[Int(number)].count += gone.count
        groups[Int(number)].hasStart = groups[Int(number)].hasStart || gone.hasStart
        groups[Int(number)].emitted = max(groups[Int(number)].emitted, gone.emitted)
        groups[Int(number)].firstNanoseconds = min(groups[Int(number)].firstNanoseconds, gone.firstNanoseconds)
        groups[Int(number)].lastNanoseconds = max(groups[Int(number)].lastNanoseconds, gone.lastNanoseconds)
        groups[Int(number)].hasDetails = groups[Int(number)].hasDetails || gone.hasDetails
        groups[Int(other)] = LabelGroup(
            key: 0, head: -1, tail: -1, count: 0, next: gone.next, events: -1, firstNanoseconds: 0, lastNanoseconds: 0,
            emitted: 0, isListed: gone.isListed)
        if !isQueued { close(other) }
    }

    /// Leaves a group open with those of its sightings that have not ended.
    mutating func retain(_ number: Int32, members: some Sequence<Int32>, emitted: UInt32) {
        let index = Int(number)
        groups[index].head = -1
        groups[index].tail = -1
        groups[index].count = 0
        groups[index].emitted = emitted
        groups[index].hasDetails = false
        groups[index].isWaiting = false
        groups[index].firstNanoseconds = .max
        groups[index].lastNanoseconds = .min
        for member in members {
            sightings[Int(member)].next = -1
            let before = groups[index].append(
                member, timeNanoseconds: sightings[Int(member)].timeNanoseconds,
                hasDetail: sightings[Int(member)].detail >= 0)
            if before >= 0 { sightings[Int(before)].next = member }
        }
        let (longAgo, overflows) = groups[index].firstNanoseconds.subtractingReportingOverflow(4 * quietNanoseconds)
        if !overflows { forgetAliases(number, before: longAgo) }
    }
}
