internal import Observations
internal import Network
internal import Wire

/// Puts the messages of one namespace's trace together: only the first of each base chain carries the packet's
/// headers, the others its identifier.
///
/// What is lost shows in three ways: the socket tells how many messages it had no room for; a message without headers
/// belongs to no open passage; a passage is in a chain that nothing led to, or never comes to its end. The socket tells
/// of an overrun before it hands over what it had until then, and not where the gap is. So from then on until it was
/// empty once, what carries no headers of its own is counted as lost rather than taken for another packet's.
struct TraceAssembly {
    /// A packet's path through one base chain.
    struct Passage {
        var key: HeaderKey?
        var event: RuleEvent
        /// The chains that it can be in: the base chain, and where a rule has led it.
        var chains: Set<String>
        /// The identifier of the base chain's table: `FAMILY TABLE`.
        var table: String
    }

    private let namespace: String
    private var open: [UInt32: Passage] = [:]
    private var isBehindGap = false
    private(set) var lost: UInt64 = 0
    /// A rule that the snapshot does not have was met.
    private(set) var metUnknownRule = false

    private static let openLimit = 4096

    init(namespace: String) { self.namespace = namespace }

    /// The socket said that it threw messages away.
    mutating func overrun() { isBehindGap = true }

    /// The socket was found empty: nothing of before a gap can follow.
    mutating func drained() {
        guard isBehindGap else { return }
        isBehindGap = false
        lost += UInt64(open.count)
        open.removeAll(keepingCapacity: true)
    }

    mutating func takeLost() -> UInt64 {
        defer { lost = 0 }
        return lost
    }

    mutating func takeUnknownRule() -> Bool {
        defer { metUnknownRule = false }
        return metUnknownRule
    }

    /// Gives the rule that a message tells of, with the key of its packet; nil for our own rules, for the end of a
    /// chain without a verdict, and for what was lost.
    ///
    /// - Parameter isOwn: whether the rule is one of ours in a chain of others.
    mutating func take(
        _ message: TraceMessage, isOwn: Bool = false, index: RulesetIndex, timeNanoseconds: Int64
    ) -> (key: HeaderKey?, event: RuleEvent)? {
        guard !isOwnTable(message.table) else {
            open[message.identifier] = nil
            return nil
        }
        let key = RulesetIndex.Key(
            isLegacy: false, family: message.family, table: message.table, chain: message.chain)
        let chain = index.chain(key)
        if message.networkHeader != nil {
            begin(message, chain: chain, index: index)
        } else if isBehindGap {
            lost += 1
            return nil
        }
        guard var passage = open[message.identifier] else {
            lost += 1
            return nil
        }
        guard passage.table == "\(message.family) \(message.table)" else {
            lost += 1
            open[message.identifier] = nil
            return nil
        }
        // No rule led here that was heard of.
        if passage.chains.insert(message.chain).inserted { lost += 1 }
        if let target = message.verdict.target { passage.chains.insert(target) }
        // A chain's end without a verdict: the packet goes back to where it came from.
        if !message.isPolicy, message.handle == nil || isOwn {
            open[message.identifier] = passage
            return nil
        }
        var event = passage.event
        event.timeNanoseconds = timeNanoseconds
        event.reference = reference(message, chain: chain, key: key, index: index)
        event.verdict = event.reference.verdict ?? .continue
        open[message.identifier] = event.verdict.endsBaseChain ? nil : passage
        return (passage.key, event)
    }

    private mutating func begin(_ message: TraceMessage, chain: RuleChain?, index: RulesetIndex) {
        let network = Array(message.networkHeader ?? [])
        let transport = Array(message.transportHeader ?? [])
        if open[message.identifier] != nil { lost += 1 }
        if open.count >= Self.openLimit {
            lost += UInt64(open.count)
            open.removeAll(keepingCapacity: true)
        }
        let headers = (network + transport).withUnsafeBytes { bytes in
            dissect(bytes.bytes, linkType: .raw, originalLength: NFLOGSource.originalLength(bytes))
        }
        var record = PacketHeadersRecord(headers)
        // Over too few bytes: it would be another one than the packet's.
        record.label = 0
        let key = network.withUnsafeBytes { network in
            transport.withUnsafeBytes { HeaderKey(network: network.bytes, transport: $0.bytes) }
        }
        let event = RuleEvent(
            timeNanoseconds: 0, namespace: namespace,
            reference: RuleReference(family: message.family, table: message.table, chain: message.chain),
            verdict: .continue, baseChain: message.chain, hook: chain?.hook, headers: record,
            inDevice: index.deviceName(message.inDevice), outDevice: index.deviceName(message.outDevice),
            mark: message.mark)
        open[message.identifier] = Passage(
            key: key, event: event, chains: [message.chain], table: "\(message.family) \(message.table)")
        // Every chain can be the base of some hook, but a chain without a hook is not where a path begins.
        if let chain, chain.hook == nil { lost += 1 }
    }

    private mutating func reference(
        _ message: TraceMessage, chain: RuleChain?, key: RulesetIndex.Key, index: RulesetIndex
    ) -> RuleReference {
        let rule = message.handle.flatMap { index.rule($0, in: key) }
        if chain == nil || message.handle != nil && rule == nil { metUnknownRule = true }
        var verdict = message.verdict
        // To the kernel that is a drop.
        if verdict == .drop, let rule, rule.target.rejects { verdict = .reject }
        if message.isPolicy { verdict = .policy(verdict) }
        return RuleReference(
            family: message.family, table: message.table, chain: message.chain, position: rule?.position,
            handle: message.handle, verdict: verdict, text: rule?.text, backend: chain?.backend)
    }
}
