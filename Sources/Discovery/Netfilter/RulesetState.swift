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

    struct SetKey: Hashable, Sendable {
        var family: TableFamily
        var table: String
        var name: String
    }

    /// Over everything but what packets change: counters, and the state of limits and quotas.
    private(set) var fingerprint = 0
    /// The first counter of each rule that has one.
    private(set) var counts: [RuleKey: Count] = [:]
    /// The sets whose elements are left out.
    private(set) var notified: Set<SetKey> = []

    /// More sets than that are not looked into.
    private static let setLimit = 512

    /// Asks the kernel. Nil where there is too much to look into, or where it changed meanwhile. Throws `SystemError`.
    ///
    /// - Parameter large: sets that are not dumped where only commands change them: packets add no elements, and none
    ///   ends by itself.
    init?(_ conversation: inout NetlinkConversation, leavingOut large: Set<SetKey> = []) throws {
        let before = try conversation.nfGeneration()
        var digest = RulesetDigest()
        _ = try conversation.nfDump(NFT_MSG_GETTABLE) { message -> Void? in
            if let table = NFTablesTable(message), !table.isOwn { digest.add(message) }
            return nil
        }
        _ = try conversation.nfDump(NFT_MSG_GETCHAIN) { message -> Void? in
            guard let chain = NFTablesChain(message), !chain.table.isOwn else { return nil }
            digest.add(message, without: Int(NFTA_CHAIN_COUNTERS.rawValue))
            return nil
        }
        _ = try conversation.nfDump(NFT_MSG_GETRULE) { message -> Void? in
            guard let rule = NFTablesRuleHandle(message),
                !NFTablesTable(family: rule.key.family, name: rule.key.table).isOwn
            else { return nil }
            digest.add(message, without: Int(NFTA_RULE_EXPRESSIONS.rawValue))
            if let count = digest.addExpressions(of: message) {
                counts[RuleKey(chain: rule.key, handle: rule.handle)] = count
            }
            return nil
        }
        let sets = try conversation.nfDump(NFT_MSG_GETSET) { message -> (code: UInt8, key: SetKey)? in
            guard let code = message.payload.byte(), let set = Self.set(message, code),
                !NFTablesTable(family: set.key.family, name: set.key.table).isOwn
            else { return nil }
            digest.add(message)
            if large.contains(set.key), set.isStatic { notified.insert(set.key) }
            return (code, set.key)
        }
        guard sets.count <= Self.setLimit else { return nil }
        for (code, set) in sets where !notified.contains(set) {
            _ = try conversation.nfElements(family: code, table: set.table, set: set.name) { message -> Void? in
                digest.addElements(message)
                return nil
            }
        }
        guard try conversation.nfGeneration() == before else { return nil }
        fingerprint = digest.finalize()
    }

    /// A set, and whether only commands change its elements.
    private static func set(_ message: NetlinkMessage, _ code: UInt8) -> (key: SetKey, isStatic: Bool)? {
        var key = SetKey(family: NetfilterFamily.name(code) ?? "", table: "", name: "")
        var flags: UInt32 = 0
        for (type, value) in message.attributes(after: 4) {
            if type == Int(NFTA_SET_TABLE.rawValue) { key.table = value.text }
            if type == Int(NFTA_SET_NAME.rawValue) { key.name = value.text }
            if type == Int(NFTA_SET_FLAGS.rawValue) { flags = value.networkUInt32() ?? 0 }
        }
        return (key, flags & UInt32(NFT_SET_EVAL.rawValue | NFT_SET_TIMEOUT.rawValue) == 0)
    }
}

extension Netfilter {
    /// The same rules with newer counts.
    mutating func count(_ counts: [RulesetState.RuleKey: RulesetState.Count]) {
        // Nothing is derived from counters.
        let kept = derived
        defer { derived = kept }
        // An observed property is copied whole at each change of a part: ten thousand rules, ten thousand times.
        var counted = chains
        for position in counted.indices {
            let key = ChainKey(
                family: counted[position].family, table: counted[position].table, chain: counted[position].name)
            var rules = counted[position].rules
            for index in rules.indices where rules[index].packets != nil {
                // An old count would say that the rule met nothing since.
                let count = rules[index].handle.flatMap { counts[RulesetState.RuleKey(chain: key, handle: $0)] }
                rules[index].packets = count?.packets
                rules[index].bytes = count?.bytes
            }
            counted[position].rules = rules
        }
        chains = counted
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
