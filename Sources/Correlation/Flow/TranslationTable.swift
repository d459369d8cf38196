internal import WalkModel
import Observations

/// Which flows conntrack turned into which, by namespace: only flows whose tuples a translation changed.
///
/// Bounded: the oldest entries leave when there are too many, and those that conntrack destroyed leave first.
struct TranslationTable: ~Copyable {
    private struct Entry {
        var from: FlowKey
        var to: FlowKey
        var namespace: Int32
        /// When conntrack last told of it.
        var timeNanoseconds: Int64
        /// The next entry with the same `from`; -1 for none.
        var next: Int32
        var isLive: Bool
        /// `to` is what a packet becomes, not what it was.
        var isOnward: Bool
    }

    private var table = KeyTable(capacity: 1024)
    private var entries: ContiguousArray<Entry> = []
    private var free: [Int32] = []
    /// Entries in the order of their making, for the limit; positions before `oldest` are gone.
    private var order: ContiguousArray<Int32> = []
    private var oldest = 0
    private let limit: Int
    private(set) var count = 0

    init(limit: Int) {
        self.limit = max(16, limit)
    }

    var isEmpty: Bool { count == 0 }

    /// Takes a conntrack entry: both directions, each from its tuple before to its tuple after translation, and back.
    mutating func insert(namespace: Int32, original: FlowKey, reply: FlowKey, timeNanoseconds: Int64) {
        Self.forEachChange(original: original, reply: reply) { add(namespace, $0, $1, isOnward: $2, timeNanoseconds) }
    }

    /// Takes out an entry that ended at `timeNanoseconds`, unless the same one was made again since.
    mutating func remove(namespace: Int32, original: FlowKey, reply: FlowKey, timeNanoseconds: Int64) {
        Self.forEachChange(original: original, reply: reply) { from, to, _ in
            drop(namespace, from, to, timeNanoseconds)
        }
    }

    /// Every pair of tuples that packets of one connection can show one after the other.
    ///
    /// Destinations are translated at prerouting or output, sources at postrouting or input; where a connection has
    /// both, its packets carry a third tuple in between: the source from before with the destination from after.
    ///
    /// - Parameter body: takes two tuples, and whether a packet shows the second one later.
    private static func forEachChange(
        original: FlowKey, reply: FlowKey, _ body: (FlowKey, FlowKey, Bool) -> Void
    ) {
        let translated = reply.reversed
        if translated == original { return }
        var between = translated
        between.sourceHigh = original.sourceHigh
        between.sourceLow = original.sourceLow
        between.sourcePort = original.sourcePort
        // An echo's identifier stands in both ports.
        let isEcho = original.ipProtocol == 1 || original.ipProtocol == 58
        if isEcho { between.destinationPort = original.sourcePort }
        let forward =
            between == original || between == translated ? [original, translated] : [original, between, translated]
        for (index, from) in forward.enumerated() {
            for (other, to) in forward.enumerated() where to != from {
                body(from, to, index < other)
                body(from.reversed, to.reversed, index > other)
            }
        }
    }

    private mutating func add(
        _ namespace: Int32, _ from: FlowKey, _ to: FlowKey, isOnward: Bool, _ time: Int64
    ) {
        let hash = from.hash
        let head = table.find(hash)
        var walk = head
        while walk >= 0 {
            let entry = entries[Int(walk)]
            if entry.namespace == namespace, entry.from == from, entry.to == to {
                entries[Int(walk)].timeNanoseconds = max(time, entry.timeNanoseconds)
                if isOnward { entries[Int(walk)].isOnward = true }
                return
            }
            walk = entry.next
        }
        if count >= limit { dropOldest() }
        let entry = Entry(
            from: from, to: to, namespace: namespace, timeNanoseconds: time, next: table.find(hash), isLive: true,
            isOnward: isOnward)
        let number: Int32
        if let reused = free.popLast() {
            number = reused
            entries[Int(number)] = entry
        } else {
            number = Int32(entries.count)
            entries.append(entry)
        }
        table.set(hash, to: number)
        order.append(number)
        count += 1
    }

    private mutating func drop(_ namespace: Int32, _ from: FlowKey, _ to: FlowKey, _ time: Int64) {
        var walk = table.find(from.hash)
        while walk >= 0 {
            let entry = entries[Int(walk)]
            if entry.namespace == namespace, entry.from == from, entry.to == to {
                if entry.timeNanoseconds <= time { unlink(walk) }
                return
            }
            walk = entry.next
        }
    }

    private mutating func unlink(_ number: Int32) {
        let hash = entries[Int(number)].from.hash
        let after = entries[Int(number)].next
        let head = table.find(hash)
        if head == number {
            if after < 0 { table.remove(hash) } else { table.set(hash, to: after) }
        } else {
            var walk = head
            while walk >= 0, entries[Int(walk)].next != number { walk = entries[Int(walk)].next }
            if walk >= 0 { entries[Int(walk)].next = after }
        }
        // The place in `order` still names it: it is used again only once that is past.
        entries[Int(number)].isLive = false
        count -= 1
        compact()
    }

    private mutating func dropOldest() {
        while oldest < order.count {
            let number = order[oldest]
            oldest += 1
            if entries[Int(number)].isLive {
                unlink(number)
                free.append(number)
                return
            }
            free.append(number)
        }
    }

    private mutating func compact() {
        while oldest < order.count, !entries[Int(order[oldest])].isLive {
            free.append(order[oldest])
            oldest += 1
        }
        // A long-lived flow at the front must not keep the dead behind it.
        if order.count > 4096, order.count > 3 * count {
            var live: ContiguousArray<Int32> = []
            for number in order[oldest...] {
                if entries[Int(number)].isLive { live.append(number) } else { free.append(number) }
            }
            order = live
            oldest = 0
        }
    }

    /// Whether `namespace` translates `from` to `to`; any namespace for -1.
    func links(_ from: FlowKey, _ to: FlowKey, namespace: Int32) -> Bool {
        var walk = table.find(from.hash)
        while walk >= 0 {
            let entry = entries[Int(walk)]
            if entry.to == to, entry.from == from, namespace < 0 || entry.namespace == namespace { return true }
            walk = entry.next
        }
        return false
    }

    /// Whether it is a flow that the namespace's conntrack translates.
    func knows(_ flow: FlowKey, in namespace: Int32) -> Bool {
        guard !isEmpty else { return false }
        var isKnown = false
        translations(of: flow) { _, translator in isKnown = isKnown || translator == namespace }
        return isKnown
    }

    /// What packets of a flow become in a namespace, further on their way.
    func continuations(of from: FlowKey, in namespace: Int32, _ body: (FlowKey) -> Void) {
        var walk = table.find(from.hash)
        while walk >= 0 {
            let entry = entries[Int(walk)]
            if entry.isOnward, entry.namespace == namespace, entry.from == from { body(entry.to) }
            walk = entry.next
        }
    }

    /// What packets of a flow were in a namespace when they were sent, or came in: before all its translations. Nil where it
    /// translated nothing, and where that can't be told.
    func origin(of flow: FlowKey, in namespace: Int32) -> FlowKey? {
        var found: [FlowKey] = []
        var walk = table.find(flow.hash)
        while walk >= 0 {
            let entry = entries[Int(walk)]
            if !entry.isOnward, entry.namespace == namespace, entry.from == flow { found.append(entry.to) }
            walk = entry.next
        }
        if found.count == 1 { return found[0] }
        // Between both translations it had the destination that it has now.
        let first = found.filter {
            ($0.destinationHigh, $0.destinationLow, $0.destinationPort)
                != (flow.destinationHigh, flow.destinationLow, flow.destinationPort)
        }
        return first.count == 1 ? first[0] : nil
    }

    /// What `from` becomes, or was before, in any namespace.
    func translations(of from: FlowKey, _ body: (FlowKey, Int32) -> Void) {
        var walk = table.find(from.hash)
        while walk >= 0 {
            let entry = entries[Int(walk)]
            if entry.from == from { body(entry.to, entry.namespace) }
            walk = entry.next
        }
    }
}
