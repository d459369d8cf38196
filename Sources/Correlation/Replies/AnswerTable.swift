internal import WalkModel

/// Walks by what ties a reply to its request.
///
/// A fixed table, four entries a set; the oldest of a set gives way. Bounded by construction, whatever the traffic.
struct AnswerTable: ~Copyable {
    private static let ways = 4
    /// 0 for an empty entry. The three fields lie apart, since most searches look at nothing but keys.
    private var keys: ContiguousArray<UInt64>
    private var times: ContiguousArray<Int64>
    private var identifiers: ContiguousArray<WalkIdentifier>
    private let mask: Int

    init(sets: Int = 1 << 14) {
        keys = ContiguousArray(repeating: 0, count: sets * Self.ways)
        times = ContiguousArray(repeating: .min, count: sets * Self.ways)
        identifiers = ContiguousArray(repeating: WalkIdentifier(high: 0, low: 0), count: sets * Self.ways)
        mask = sets - 1
    }

    mutating func insert(_ key: UInt64, _ identifier: WalkIdentifier, timeNanoseconds: Int64) {
        let base = (Int(truncatingIfNeeded: key >> 7) & mask) * Self.ways
        var victim = base
        for slot in base..<base + Self.ways {
            if keys[slot] == key {
                victim = slot
                break
            }
            if times[slot] < times[victim] { victim = slot }
        }
        keys[victim] = key
        times[victim] = timeNanoseconds
        identifiers[victim] = identifier
    }

    /// Whether there is a walk by this key that did not begin before `since`.
    func holds(_ key: UInt64, since: Int64) -> Bool { slot(of: key, since: since) != nil }

    /// Takes the walk out: each is answered, or answers, once.
    /// - Parameter since: it did not begin before (nanoseconds since 1970).
    mutating func take(_ key: UInt64, since: Int64 = .min) -> WalkIdentifier? {
        guard let slot = slot(of: key, since: since) else { return nil }
        keys[slot] = 0
        times[slot] = .min
        return identifiers[slot]
    }

    private func slot(of key: UInt64, since: Int64) -> Int? {
        let base = (Int(truncatingIfNeeded: key >> 7) & mask) * Self.ways
        for slot in base..<base + Self.ways where keys[slot] == key && times[slot] != .min && times[slot] >= since {
            return slot
        }
        return nil
    }
}
