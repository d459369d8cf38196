internal import Network
internal import Synchronization

/// Readings of nf_tables that this process has made, by namespace: one that still holds is not made again. A run reads
/// the network several times, and listing ten thousand rules takes half a second of the processor.
enum RulesetMemory {
    private struct Entry: Sendable {
        var fingerprint: Int
        var netfilter: Netfilter
    }

    private static let entries = Mutex<[UInt64: Entry]>([:])
    /// Of namespaces. Small rulesets are as quickly read as compared.
    private static let capacity = 64
    private static let least = 200

    /// - Parameter cookie: of the namespace (SO_NETNS_COOKIE), which none has a second time.
    static func recall(_ cookie: UInt64, _ state: RulesetState) -> Netfilter? {
        let entry = entries.withLock { $0[cookie] }
        guard var netfilter = entry?.netfilter, entry?.fingerprint == state.fingerprint else { return nil }
        netfilter.count(state.counts)
        return netfilter
    }

    /// Whether one of this namespace is remembered at all.
    static func knows(_ cookie: UInt64) -> Bool { entries.withLock { $0[cookie] != nil } }

    static func keep(_ netfilter: Netfilter, of cookie: UInt64, _ state: RulesetState) {
        entries.withLock { entries in
            if entries.count >= capacity, entries[cookie] == nil { entries.removeAll() }
            entries[cookie] = Entry(fingerprint: state.fingerprint, netfilter: netfilter)
        }
    }

    /// Whether a reading is worth keeping.
    static func isLarge(_ netfilter: Netfilter) -> Bool {
        netfilter.chains.reduce(0) { $0 + $1.rules.count } >= least
    }
}
