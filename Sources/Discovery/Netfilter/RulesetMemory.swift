internal import Network
internal import Synchronization

/// Readings of nf_tables that this process has made, by namespace: one that still holds is not made again. A run reads
/// the network several times, and listing ten thousand rules takes half a second of the processor.
enum RulesetMemory {
    private struct Entry: Sendable {
        var fingerprint: Int
        var netfilter: Netfilter
        /// Sets that are not dumped again, since the kernel notifies of their changes.
        var notified: Set<RulesetState.SetKey> = []
        var changes: SetChanges?
        /// The time on `clock` when its namespace was last read.
        var met: UInt64 = 0
    }

    private static let entries = Mutex<[UInt64: Entry]>([:])
    /// Counts the questions for what is remembered.
    private static let clock = Atomic<UInt64>(0)
    /// Of namespaces. Small rulesets are as quickly read as compared.
    private static let capacity = 64
    private static let least = 200
    /// Bytes of a set's elements as JSON.
    private static let leastElements = 1 << 18

    /// - Parameter cookie: of the namespace (SO_NETNS_COOKIE), which none has a second time.
    static func recall(_ cookie: UInt64, _ state: RulesetState) -> Netfilter? {
        let entry = entries.withLock { $0[cookie] }
        guard var netfilter = entry?.netfilter, entry?.fingerprint == state.fingerprint else { return nil }
        netfilter.count(state.counts)
        return netfilter
    }

    /// The sets that need no dump, if what is remembered of this namespace may still hold; nil where nothing may.
    static func notified(_ cookie: UInt64) -> Set<RulesetState.SetKey>? {
        entries.withLock { entries in
            guard let entry = entries[cookie] else { return nil }
            entries[cookie]?.met = clock.wrappingAdd(1, ordering: .relaxed).newValue
            if !entry.notified.isEmpty, entry.changes?.takeWhetherAny(of: entry.notified) != false {
                entries[cookie] = nil
                return nil
            }
            return entry.notified
        }
    }

    /// - Parameter changes: notifications since before the reading.
    static func keep(_ netfilter: Netfilter, of cookie: UInt64, _ state: RulesetState, _ changes: SetChanges?) {
        entries.withLock { entries in
            if entries.count >= capacity, entries[cookie] == nil { entries.removeAll() }
            entries[cookie] = Entry(
                fingerprint: state.fingerprint, netfilter: netfilter, notified: state.notified,
                changes: state.notified.isEmpty ? nil : changes,
                met: clock.wrappingAdd(1, ordering: .relaxed).newValue)
        }
    }

    /// When a reading of all namespaces begins, for `forget`.
    static var now: UInt64 { clock.load(ordering: .relaxed) }

    /// Forgets namespaces that no reading has met since then: they have ended, and an open socket for notifications would
    /// keep one alive.
    static func forget(notMetSince start: UInt64) {
        entries.withLock { $0 = $0.filter { $0.value.met > start } }
    }

    /// Whether a reading is worth keeping.
    static func isLarge(_ netfilter: Netfilter) -> Bool {
        netfilter.chains.reduce(0) { $0 + $1.rules.count } >= least || !largeSets(of: netfilter).isEmpty
    }

    static func largeSets(of netfilter: Netfilter) -> Set<RulesetState.SetKey> {
        Set(
            netfilter.sets.filter { $0.elements.utf8.count >= leastElements }.map {
                RulesetState.SetKey(family: $0.family, table: $0.table, name: $0.name)
            })
    }
}
