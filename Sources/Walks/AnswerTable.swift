/// Which walk a reply belongs to: requests by what their reply will look like.
///
/// A fixed table, four entries a set; the oldest of a set gives way. Bounded by construction, whatever the traffic.
struct AnswerTable {
    private struct Entry {
        var key: UInt64 = 0
        var timeNanoseconds: Int64 = .min
        var identifier = WalkIdentifier(high: 0, low: 0)
    }

    private static let ways = 4
    private var entries: ContiguousArray<Entry>
    private let mask: Int

    init(sets: Int = 1 << 14) {
        entries = ContiguousArray(repeating: Entry(), count: sets * Self.ways)
        mask = sets - 1
    }

    mutating func insert(_ key: UInt64, _ identifier: WalkIdentifier, timeNanoseconds: Int64) {
        let base = (Int(truncatingIfNeeded: key >> 7) & mask) * Self.ways
        var victim = base
        for slot in base..<base + Self.ways {
            if entries[slot].key == key {
                victim = slot
                break
            }
            if entries[slot].timeNanoseconds < entries[victim].timeNanoseconds { victim = slot }
        }
        entries[victim] = Entry(key: key, timeNanoseconds: timeNanoseconds, identifier: identifier)
    }

    /// Takes the request out: each is answered once.
    mutating func take(_ key: UInt64) -> WalkIdentifier? {
        let base = (Int(truncatingIfNeeded: key >> 7) & mask) * Self.ways
        for slot in base..<base + Self.ways where entries[slot].key == key && entries[slot].timeNanoseconds != .min {
            let identifier = entries[slot].identifier
            entries[slot] = Entry()
            return identifier
        }
        return nil
    }
}
