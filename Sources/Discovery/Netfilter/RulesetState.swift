internal import Netlink
internal import Network
internal import CNetlink
internal import Glibc

/// What nf_tables holds in a namespace, told raw by the kernel: enough to see whether a reading of it still holds, at a
/// fraction of what listing it as text costs. Tables of our own are left out.
struct RulesetState: Sendable {
    struct Count: Sendable, Hashable {
        var packets: UInt64
        var bytes: UInt64
    }

    struct RuleKey: Hashable, Sendable {
        var chain: ChainKey
        var handle: UInt64
    }

    /// Over everything but what packets change: counters, and the state of limits and quotas.
    private(set) var fingerprint = 0
    /// The first counter of each rule that has one.
    private(set) var counts: [RuleKey: Count] = [:]

    /// More sets than that are not looked into.
    private static let setLimit = 512
    /// Expressions whose data packets change.
    private static let statefulExpressions: Set<String> = ["counter", "limit", "quota", "connlimit", "last"]

    /// Asks the kernel. Nil where there is too much to look into, or where it changed meanwhile. Throws `SystemError`.
    init?(_ conversation: inout NetlinkConversation) throws {
        var hasher = Hasher()
        let before = try conversation.nfGeneration()
        func add(_ bytes: ArraySlice<UInt8>) {
            hasher.combine(bytes.count)
            bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
        }
        func add(_ message: NetlinkMessage, without left: Set<Int>) {
            for (type, value) in message.attributes(after: 4) where !left.contains(type) {
                hasher.combine(type)
                add(value)
            }
        }
        _ = try conversation.nfDump(NFT_MSG_GETTABLE) { message -> Void? in
            guard let table = NFTablesTable(message), !table.isOwn else { return nil }
            add(message.payload.prefix(1))
            add(message, without: [])
            return nil
        }
        _ = try conversation.nfDump(NFT_MSG_GETCHAIN) { message -> Void? in
            guard let chain = NFTablesChain(message), !chain.table.isOwn else { return nil }
            add(message.payload.prefix(1))
            add(message, without: [Int(NFTA_CHAIN_COUNTERS.rawValue)])
            return nil
        }
        var counts: [RuleKey: Count] = [:]
        _ = try conversation.nfDump(NFT_MSG_GETRULE) { message -> Void? in
            guard let rule = NFTablesRuleHandle(message),
                !NFTablesTable(family: rule.key.family, name: rule.key.table).isOwn
            else { return nil }
            add(message.payload.prefix(1))
            let expressions = Int(NFTA_RULE_EXPRESSIONS.rawValue)
            add(message, without: [expressions])
            for case (expressions, let list) in message.attributes(after: 4) {
                for (_, expression) in NetlinkAttributes(list) {
                    let (name, data) = Self.parts(expression)
                    if Self.statefulExpressions.contains(name) {
                        hasher.combine(name)
                        if name == "counter", let count = Self.count(data) {
                            let key = RuleKey(chain: rule.key, handle: rule.handle)
                            if counts[key] == nil { counts[key] = count }
                        }
                    } else {
                        add(expression)
                    }
                }
            }
            return nil
        }
        self.counts = counts
        let sets = try conversation.nfDump(NFT_MSG_GETSET) { message -> (family: UInt8, table: String, name: String)? in
            var (table, name) = ("", "")
            for (type, value) in message.attributes(after: 4) {
                if type == Int(NFTA_SET_TABLE.rawValue) { table = value.text }
                if type == Int(NFTA_SET_NAME.rawValue) { name = value.text }
            }
            guard let family = message.payload.byte(),
                !NFTablesTable(family: NetfilterFamily.name(family) ?? "", name: table).isOwn
            else { return nil }
            add(message.payload.prefix(1))
            add(message, without: [])
            return (family, table, name)
        }
        guard sets.count <= Self.setLimit else { return nil }
        for set in sets {
            _ = try conversation.nfElements(family: set.family, table: set.table, set: set.name) { message -> Void? in
                // The fixed part bears the generation.
                add(message, without: [])
                return nil
            }
        }
        guard try conversation.nfGeneration() == before else { return nil }
        fingerprint = hasher.finalize()
    }

    /// An expression's name and its own attributes.
    private static func parts(_ expression: ArraySlice<UInt8>) -> (name: String, data: ArraySlice<UInt8>) {
        var name = ""
        var data: ArraySlice<UInt8> = []
        for (type, value) in NetlinkAttributes(expression) {
            if type == Int(NFTA_EXPR_NAME.rawValue) { name = value.text }
            if type == Int(NFTA_EXPR_DATA.rawValue) { data = value }
        }
        return (name, data)
    }

    private static func count(_ data: ArraySlice<UInt8>) -> Count? {
        var count = Count(packets: 0, bytes: 0)
        for (type, value) in NetlinkAttributes(data) {
            let number = value.networkUInt64() ?? 0
            if type == Int(NFTA_COUNTER_PACKETS.rawValue) { count.packets = number }
            if type == Int(NFTA_COUNTER_BYTES.rawValue) { count.bytes = number }
        }
        return count
    }
}

extension Netfilter {
    /// The same rules with newer counts.
    mutating func count(_ counts: [RulesetState.RuleKey: RulesetState.Count]) {
        // Nothing is derived from counters.
        let kept = derived
        defer { derived = kept }
        for position in chains.indices {
            let key = ChainKey(
                family: chains[position].family, table: chains[position].table, chain: chains[position].name)
            for index in chains[position].rules.indices {
                let rule = chains[position].rules[index]
                if rule.packets == nil { continue }
                // An old count would say that the rule met nothing since.
                let count = rule.handle.flatMap { counts[RulesetState.RuleKey(chain: key, handle: $0)] }
                chains[position].rules[index].packets = count?.packets
                chains[position].rules[index].bytes = count?.bytes
            }
        }
    }
}

extension NetlinkConversation {
    mutating func nfDump<Value>(
        _ kind: nf_tables_msg_types, _ transform: (NetlinkMessage) throws -> Value?
    ) throws -> [Value] {
        try dump(
            NetlinkRequest(subsystem: NFNL_SUBSYS_NFTABLES, message: kind.rawValue), "read the netfilter ruleset",
            transform)
    }

    /// The elements of one set, message by message.
    mutating func nfElements<Value>(
        family: UInt8, table: String, set: String, _ transform: (NetlinkMessage) throws -> Value?
    ) throws -> [Value] {
        var request = NetlinkRequest(
            subsystem: NFNL_SUBSYS_NFTABLES, message: NFT_MSG_GETSETELEM.rawValue, family: family)
        request.append(NFTA_SET_ELEM_LIST_TABLE.rawValue, text: table)
        request.append(NFTA_SET_ELEM_LIST_SET.rawValue, text: set)
        return try dump(request, "read the netfilter sets", transform)
    }

    /// Rises with every change of the ruleset, and with ours too.
    mutating func nfGeneration() throws -> UInt32? {
        let request = NetlinkRequest(subsystem: NFNL_SUBSYS_NFTABLES, message: NFT_MSG_GETGEN.rawValue)
        let answer = try ask(request, "read the ruleset's generation")
        return answer?.attributes(after: 4)[Int(NFTA_GEN_ID.rawValue)]?.networkUInt32()
    }
}
