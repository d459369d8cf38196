internal import WalkModel

/// The open sightings of one label, as a list: of one packet, or of several packets that look alike.
struct LabelGroup {
    var key: UInt64
    var head: Int32
    var tail: Int32
    var count: Int32
    /// The next group in the same bucket, or of the free list; -1 for none.
    var next: Int32
    /// First of the events joined to it (drops, rules), newest first; -1 for none.
    var events: Int32
    var firstNanoseconds: Int64
    var lastNanoseconds: Int64
    /// Walks already given from it: tells apart packets that are the same in all but time.
    var emitted: UInt32
    var hasDetails = false
    /// Opened by a range of a TCP stream.
    var isSequenceRange = false
    /// Stands in the list of those, though it may have ended and its number be another group's.
    var isListed = false
    /// Holds sightings of several labels: a TCP packet and what it was cut into, or put together with.
    var isTree = false
    /// Holds the first fragment of an IPv6 datagram, noted by how it begins.
    var hasStart = false
    /// Goes by other keys as well.
    var hasAliases = false
    /// Found to be one packet that may be held in a queue; so it is as long as it has this many sightings and these
    /// events.
    var isWaiting = false
    var waitingCount: Int32 = 0
    var waitingEvents: Int32 = -1

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
