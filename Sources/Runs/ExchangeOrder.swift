internal import Network
internal import WalkModel

/// Puts exchanges into the order in which their requests were first seen.
///
/// They end in another one: a packet without an answer waits for it, and one that a queue may hold waits for longer. So
/// each is held until the stream is so far past its beginning that none from before can end any more. Memory is bounded
/// by `limit`: beyond it the one that began first goes.
struct ExchangeOrder {
    /// Nanoseconds from a packet's first sighting until it has ended, and been waited for: as long as a queue may hold it,
    /// and its answer's wait, with some to spare for its way.
    static let waitNanoseconds: Int64 = 6_000_000_000
    static let limit = 2048

    private struct Entry {
        var exchange: Exchange
        /// Its group without exchanges.
        var group: ExchangeGroup
        /// Exchanges with the same one came in one group.
        var groupNumber: Int
    }

    private struct Key: Comparable {
        var startNanoseconds: Int64
        var serial: Int
        var slot: Int

        static func < (left: Self, right: Self) -> Bool {
            (left.startNanoseconds, left.serial) < (right.startNanoseconds, right.serial)
        }
    }

    private var heap = Heap<Key>()
    private var entries: [Entry?] = []
    private var free: [Int] = []
    private var serial = 0
    private var groupNumber = 0

    /// Takes exchanges as they end.
    mutating func take(_ groups: [ExchangeGroup]) {
        for group in groups {
            groupNumber += 1
            let bare = ExchangeGroup(topology: group.topology, run: group.run)
            for exchange in group.exchanges {
                push(Entry(exchange: exchange, group: bare, groupNumber: groupNumber))
            }
        }
    }

    /// Those that nothing earlier can come before, where the stream has come to `watermark`.
    mutating func released(watermark: Int64) -> [ExchangeGroup] {
        let (until, overflows) = watermark.subtractingReportingOverflow(Self.waitNanoseconds)
        return pop { heap, first in heap > Self.limit || !overflows && first <= until }
    }

    /// All that is left.
    mutating func rest() -> [ExchangeGroup] {
        pop { _, _ in true }
    }

    /// - Parameter isDue: takes how many there are, and the beginning of the first.
    private mutating func pop(while isDue: (Int, Int64) -> Bool) -> [ExchangeGroup] {
        var groups: [ExchangeGroup] = []
        var number = -1
        while let first = heap.first, isDue(heap.count, first.startNanoseconds) {
            heap.popFirst()
            free.append(first.slot)
            guard let entry = entries[first.slot] else { continue }
            entries[first.slot] = nil
            if entry.groupNumber != number {
                groups.append(entry.group)
                number = entry.groupNumber
            }
            groups[groups.count - 1].exchanges.append(entry.exchange)
        }
        return groups
    }

    private mutating func push(_ entry: Entry) {
        let slot = free.popLast() ?? entries.count
        if slot == entries.count { entries.append(entry) } else { entries[slot] = entry }
        heap.insert(Key(startNanoseconds: entry.exchange.request.startNanoseconds, serial: serial, slot: slot))
        serial += 1
    }
}
