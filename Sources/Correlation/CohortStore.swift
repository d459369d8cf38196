internal import WalkModel
import Observations

/// Open sightings, gathered by the key that all sightings of one packet share.
///
/// A cohort holds the sightings of one packet, or of several packets that look alike. Sightings and cohorts live in
/// slabs with free lists; a wheel of buckets by deadline finds those that have gone quiet. Cost per sighting: one probe
/// of the key table and one copy of the record.
struct CohortStore {
    struct Cohort {
        var key: UInt64
        var head: Int32
        var tail: Int32
        var count: Int32
        /// The next cohort in the same bucket, or of the free list; -1 for none.
        var next: Int32
        /// First of the events joined to it (drops, rules), newest first; -1 for none.
        var notes: Int32
        var firstNanoseconds: Int64
        var lastNanoseconds: Int64
        /// Walks already given from it: tells apart packets that are the same in all but time.
        var emitted: UInt32
        var hasDetails = false
        /// Opened by a stretch of a TCP stream.
        var isStretch = false
        /// Holds sightings of several labels: a TCP packet and what it was cut into, or put together with.
        var isFamily = false
        /// Goes by other keys as well.
        var hasAliases = false
        /// Found to be one packet that may be held in a queue; so it is as long as it has this many sightings and these
        /// notes.
        var isWaiting = false
        var waitingCount: Int32 = 0
        var waitingNotes: Int32 = -1

        /// Takes a sighting in.
        /// - Returns: the one before it, to be linked to it; -1 for none.
        mutating func append(_ slot: Int32, timeNanoseconds: Int64, hasDetail: Bool) -> Int32 {
            let before = tail
            if before < 0 { head = slot }
            tail = slot
            count += 1
            hasDetails = hasDetails || hasDetail
            lastNanoseconds = max(lastNanoseconds, timeNanoseconds)
            firstNanoseconds = min(firstNanoseconds, timeNanoseconds)
            return before
        }
    }

    /// A rare event that belongs to a cohort.
    struct Note {
        enum Content {
            case drop(DropEvent)
            case rule(RuleEvent)
        }
        var content: Content
        var next: Int32
    }

    private(set) var sightings: ContiguousArray<Sighting> = []
    private(set) var cohorts: ContiguousArray<Cohort> = []
    private(set) var notes: [Note?] = []
    private(set) var details: [PacketDetail] = []
    private var table = KeyTable(capacity: 4096)
    /// By cohort, the keys that it goes by beside its own: what few have.
    private var aliases: [Int32: [UInt64]] = [:]
    private var freeSighting: Int32 = -1
    private var freeCohort: Int32 = -1
    private var freeNotes: [Int32] = []
    private var freeDetails: [Int32] = []
    private(set) var openSightings = 0
    private(set) var openCohorts = 0
    private(set) var openNotes = 0

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
        let before = cohorts[Int(number)].append(slot, timeNanoseconds: time, hasDetail: detail >= 0)
        if before >= 0 {
            sightings[Int(before)].next = slot
        } else {
            cohorts[Int(number)].isStretch = sightings[Int(slot)].isStretch
        }
    }

    mutating func insert(_ content: Note.Content, key: UInt64, timeNanoseconds: Int64) {
        var number = table.find(key)
        if number < 0 { number = open(key: key, timeNanoseconds: timeNanoseconds) }
        let note = Note(content: content, next: cohorts[Int(number)].notes)
        let slot: Int32
        if let reused = freeNotes.popLast() {
            slot = reused
            notes[Int(slot)] = note
        } else {
            slot = Int32(notes.count)
            notes.append(note)
        }
        cohorts[Int(number)].notes = slot
        openNotes += 1
        cohorts[Int(number)].lastNanoseconds = max(cohorts[Int(number)].lastNanoseconds, timeNanoseconds)
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
        let cohort = Cohort(
            key: key, head: -1, tail: -1, count: 0, next: -1, notes: -1, firstNanoseconds: timeNanoseconds,
            lastNanoseconds: timeNanoseconds, emitted: 0)
        let number: Int32
        if freeCohort >= 0 {
            number = freeCohort
            freeCohort = cohorts[Int(number)].next
            cohorts[Int(number)] = cohort
        } else {
            number = Int32(cohorts.count)
            cohorts.append(cohort)
        }
        openCohorts += 1
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
        cohorts[Int(number)].next = buckets[bucket]
        buckets[bucket] = number
    }

    /// Takes the next bucket whose time has passed by `watermark`; nil where there is none.
    /// - Returns: its cohorts, and the time by which they should have ended.
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
            let next = cohorts[Int(walk)].next
            cohorts[Int(walk)].next = before
            before = walk
            walk = next
        }
        return before
    }

    /// Collects a cohort's sightings, in the order in which they came.
    func collect(_ number: Int32, into members: inout ContiguousArray<Int32>) {
        members.removeAll(keepingCapacity: true)
        var walk = cohorts[Int(number)].head
        while walk >= 0 {
            members.append(walk)
            walk = sightings[Int(walk)].next
        }
    }

    func nextInBucket(_ number: Int32) -> Int32 { cohorts[Int(number)].next }

    func collectNotes(_ number: Int32) -> [(number: Int, content: Note.Content)] {
        var result: [(number: Int, content: Note.Content)] = []
        var walk = cohorts[Int(number)].notes
        while walk >= 0, let note = notes[Int(walk)] {
            result.append((Int(walk), note.content))
            walk = note.next
        }
        result.reverse()
        return result
    }

    mutating func dropNotes(_ number: Int32) {
        var walk = cohorts[Int(number)].notes
        while walk >= 0, let note = notes[Int(walk)] {
            notes[Int(walk)] = nil
            freeNotes.append(walk)
            openNotes -= 1
            walk = note.next
        }
        cohorts[Int(number)].notes = -1
    }

    /// Ends a cohort, and gives back all its sightings.
    mutating func releaseAll(_ number: Int32) {
        let cohort = cohorts[Int(number)]
        if cohort.hasDetails {
            var walk = cohort.head
            while walk >= 0 {
                let detail = sightings[Int(walk)].detail
                if detail >= 0 { freeDetails.append(detail) }
                walk = sightings[Int(walk)].next
            }
        }
        if cohort.tail >= 0 {
            sightings[Int(cohort.tail)].next = freeSighting
            freeSighting = cohort.head
            openSightings -= Int(cohort.count)
        }
        close(number)
    }

    /// Gives back one sighting; its cohort must be closed or rebuilt after.
    mutating func release(_ sighting: Int32) {
        let detail = sightings[Int(sighting)].detail
        if detail >= 0 { freeDetails.append(detail) }
        sightings[Int(sighting)].next = freeSighting
        freeSighting = sighting
        openSightings -= 1
    }

    /// Ends a cohort whose sightings are all released.
    mutating func close(_ number: Int32) {
        if cohorts[Int(number)].notes >= 0 { dropNotes(number) }
        // What was absorbed by another left its key to that one.
        if cohorts[Int(number)].key != 0 { table.remove(cohorts[Int(number)].key) }
        if cohorts[Int(number)].hasAliases {
            for key in aliases.removeValue(forKey: number) ?? [] { table.remove(key) }
        }
        cohorts[Int(number)].count = 0
        cohorts[Int(number)].next = freeCohort
        freeCohort = number
        openCohorts -= 1
    }

    // MARK: Several keys

    /// Lets the cohort of one key take what comes with another one as well, and all that has come with that so far.
    /// - Returns: false where none of them is open.
    mutating func tie(_ key: UInt64, to other: UInt64) -> Bool {
        let one = table.find(key)
        let two = table.find(other)
        if one < 0, two < 0 { return false }
        if one == two { return true }
        if one < 0 {
            name(two, key)
        } else if two < 0 {
            name(one, other)
        } else {
            absorb(two, into: one, isQueued: true)
        }
        return true
    }

    mutating func markWaiting(_ number: Int32) {
        cohorts[Int(number)].isWaiting = true
        cohorts[Int(number)].waitingCount = cohorts[Int(number)].count
        cohorts[Int(number)].waitingNotes = cohorts[Int(number)].notes
    }

    mutating func markFamily(_ number: Int32) { cohorts[Int(number)].isFamily = true }

    private mutating func name(_ number: Int32, _ key: UInt64) {
        table.set(key, to: number)
        aliases[number, default: []].append(key)
        cohorts[Int(number)].hasAliases = true
    }

    /// Moves all of a cohort to another one, which takes what comes with its keys from here on.
    ///
    /// - Parameter isQueued: the absorbed cohort waits in a bucket: there it is found empty, and closed.
    mutating func absorb(_ other: Int32, into number: Int32, isQueued: Bool) {
        let gone = cohorts[Int(other)]
        name(number, gone.key)
        for key in aliases.removeValue(forKey: other) ?? [] { name(number, key) }
        if gone.head >= 0 {
            let tail = cohorts[Int(number)].tail
            if tail >= 0 { sightings[Int(tail)].next = gone.head } else { cohorts[Int(number)].head = gone.head }
            cohorts[Int(number)].tail = gone.tail
        }
        if gone.notes >= 0 {
            var last = gone.notes
            while let note = notes[Int(last)], note.next >= 0 { last = note.next }
            notes[Int(last)]?.next = cohorts[Int(number)].notes
            cohorts[Int(number)].notes = gone.notes
        }
        cohorts[Int(number)].count += gone.count
        cohorts[Int(number)].firstNanoseconds = min(cohorts[Int(number)].firstNanoseconds, gone.firstNanoseconds)
        cohorts[Int(number)].lastNanoseconds = max(cohorts[Int(number)].lastNanoseconds, gone.lastNanoseconds)
        cohorts[Int(number)].hasDetails = cohorts[Int(number)].hasDetails || gone.hasDetails
        cohorts[Int(other)] = Cohort(
            key: 0, head: -1, tail: -1, count: 0, next: gone.next, notes: -1, firstNanoseconds: 0, lastNanoseconds: 0,
            emitted: 0)
        if !isQueued { close(other) }
    }

    /// Leaves a cohort open with those of its sightings that have not ended.
    mutating func retain(_ number: Int32, members: some Sequence<Int32>, emitted: UInt32) {
        let index = Int(number)
        cohorts[index].head = -1
        cohorts[index].tail = -1
        cohorts[index].count = 0
        cohorts[index].emitted = emitted
        cohorts[index].hasDetails = false
        cohorts[index].isWaiting = false
        cohorts[index].firstNanoseconds = .max
        cohorts[index].lastNanoseconds = .min
        for member in members {
            sightings[Int(member)].next = -1
            let before = cohorts[index].append(
                member, timeNanoseconds: sightings[Int(member)].timeNanoseconds,
                hasDetail: sightings[Int(member)].detail >= 0)
            if before >= 0 { sightings[Int(before)].next = member }
        }
    }
}
