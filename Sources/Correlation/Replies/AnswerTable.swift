internal import WalkModel

/// Walks by what ties a reply to its request.
///
/// A fixed table, four entries a set; the oldest of a set gives way. Bounded by construction, whatever the traffic.
/// Two requests that one reply could answer (datagrams of one flow: a resolver asks for both address families at once, from
/// one socket) stand side by side, told apart by what the reply copies from its request: `transaction`.
struct AnswerTable: ~Copyable {
    private static let ways = 4

    /// What is found by a key.
    private struct Entry {
        var identifier = WalkIdentifier(high: 0, low: 0)
        var transaction: UInt16 = 0
        /// Answered, but what comes later by the same key answers it too.
        var isAnswered = false
    }

    /// 0 for an empty entry. Keys and times lie apart, since most searches look at nothing else.
    private var keys: ContiguousArray<UInt64>
    private var times: ContiguousArray<Int64>
    private var entries: ContiguousArray<Entry>
    private let mask: Int

    init(sets: Int = 1 << 14) {
        keys = ContiguousArray(repeating: 0, count: sets * Self.ways)
        times = ContiguousArray(repeating: .min, count: sets * Self.ways)
        entries = ContiguousArray(repeating: Entry(), count: sets * Self.ways)
        mask = sets - 1
    }

    private func set(of key: UInt64) -> Range<Int> {
        let base = (Int(truncatingIfNeeded: key >> 7) & mask) * Self.ways
        return base..<base + Self.ways
    }

    /// Takes the place of the walk with this key and transaction, else of one that was answered, else of the oldest.
    mutating func insert(
        _ key: UInt64, _ identifier: WalkIdentifier, timeNanoseconds: Int64, transaction: UInt16 = 0
    ) {
        let victim = victim(for: key, transaction)
        keys[victim] = key
        times[victim] = timeNanoseconds
        entries[victim] = Entry(identifier: identifier, transaction: transaction)
    }

    /// The slot that gives way to a walk with this key.
    private func victim(for key: UInt64, _ transaction: UInt16) -> Int {
        let keys = keys.span
        let times = times.span
        let slots = set(of: key)
        var oldest = slots.lowerBound
        var oldestTime = times[oldest]
        var same = -1
        for slot in slots {
            let time = times[slot]
            if time < oldestTime {
                oldest = slot
                oldestTime = time
            }
            guard keys[slot] == key else { continue }
            let entry = entries[slot]
            if entry.transaction == transaction || entry.isAnswered { return slot }
            // Two stand side by side already: the older one gives way.
            if same >= 0 { return times[same] <= time ? same : slot }
            same = slot
        }
        return oldest
    }

    /// Whether there is a walk by this key that did not begin before `since` and was not answered.
    func holds(_ key: UInt64, since: Int64) -> Bool {
        set(of: key).contains { keys[$0] == key && times[$0] != .min && times[$0] >= since && !entries[$0].isAnswered }
    }

    /// Takes the walk out: each is answered, or answers, once.
    /// - Parameters:
    ///   - since: it did not begin before (nanoseconds since 1970).
    ///   - transaction: the walk that has it goes before one that has another; of those the newest.
    ///   - keeps: it is given again where nothing else has the key: a request may be answered by several packets.
    mutating func take(
        _ key: UInt64, since: Int64 = .min, transaction: UInt16 = 0, keeps: Bool = false
    ) -> WalkIdentifier? {
        var best = -1
        for slot in set(of: key) where keys[slot] == key && times[slot] != .min && times[slot] >= since {
            guard best >= 0 else {
                best = slot
                continue
            }
            if rank(slot, transaction) > rank(best, transaction) { best = slot }
        }
        guard best >= 0 else { return nil }
        let identifier = entries[best].identifier
        if keeps {
            entries[best].isAnswered = true
        } else {
            keys[best] = 0
            times[best] = .min
        }
        return identifier
    }

    private func rank(_ slot: Int, _ transaction: UInt16) -> (Int, Int64) {
        let isAlike = entries[slot].transaction == transaction
        return (entries[slot].isAnswered ? 0 : isAlike ? 2 : 1, times[slot])
    }
}
