internal import Netlink
internal import Network
internal import CNetlink
internal import Glibc

/// Names a chain of nf_tables within a namespace.
struct ChainKey: Hashable, Sendable {
    var family: TableFamily
    var table: String
    var chain: String
}

/// A table of nf_tables by its name, as the kernel lists them: cheap to ask before any ruleset is read.
struct NFTablesTable: Hashable, Sendable {
    /// `ip`, `ip6`, `inet`, `arp`, `bridge`, `netdev`.
    var family: TableFamily
    var name: String

    init(family: TableFamily, name: String) {
        self.family = family
        self.name = name
    }

    /// From a NFT_MSG_NEWTABLE (linux/netfilter/nf_tables.h).
    init?(_ message: NetlinkMessage) {
        guard message.type & 0xff == UInt16(NFT_MSG_NEWTABLE.rawValue),
            let family = NetfilterFamily.name(message.payload.byte())
        else { return nil }
        self.init(family: family, name: "")
        for case (Int(NFTA_TABLE_NAME.rawValue), let value) in message.attributes(after: 4) { name = value.text }
    }

    /// Whether this project made it, for a watch that is under way.
    var isOwn: Bool { name.hasPrefix("packetwalk") }
}

/// A chain of nf_tables as the kernel lists it, without its rules.
struct NFTablesChain: Hashable, Sendable {
    var key: ChainKey
    var hook: NetfilterHook?
    var priority: Int?

    init(key: ChainKey, hook: NetfilterHook? = nil, priority: Int? = nil) {
        self.key = key
        self.hook = hook
        self.priority = priority
    }

    /// From a NFT_MSG_NEWCHAIN.
    init?(_ message: NetlinkMessage) {
        guard message.type & 0xff == UInt16(NFT_MSG_NEWCHAIN.rawValue),
            let family = NetfilterFamily.name(message.payload.byte())
        else { return nil }
        self.init(key: ChainKey(family: family, table: "", chain: ""))
        for (type, value) in message.attributes(after: 4) {
            switch type {
            case Int(NFTA_CHAIN_TABLE.rawValue): key.table = value.text
            case Int(NFTA_CHAIN_NAME.rawValue): key.chain = value.text
            case Int(NFTA_CHAIN_HOOK.rawValue):
                for (type, value) in NetlinkAttributes(value) {
                    let number = value.networkUInt32()
                    if type == Int(NFTA_HOOK_HOOKNUM.rawValue) { hook = number.flatMap { Self.inetHook($0) } }
                    if type == Int(NFTA_HOOK_PRIORITY.rawValue) {
                        priority = number.map { Int(Int32(bitPattern: $0)) }
                    }
                }
            default: break
            }
        }
    }

    /// `enum nf_inet_hooks`.
    private static func inetHook(_ number: UInt32) -> NetfilterHook? {
        let hooks: [NetfilterHook] = [.prerouting, .input, .forward, .output, .postrouting, .ingress]
        return Int(number) < hooks.count ? hooks[Int(number)] : nil
    }

    var table: NFTablesTable { NFTablesTable(family: key.family, name: key.table) }

    /// Whether it is a base chain as only iptables-nft makes it.
    var isIPTablesBase: Bool {
        guard key.family == .ip || key.family == .ip6,
            let place = BuiltInChain.place(table: key.table, chain: key.chain)
        else { return false }
        return place.hook == hook && place.priority == priority
    }
}

/// The handle of a rule of nf_tables, and where it stands.
struct NFTablesRuleHandle: Hashable, Sendable {
    var key: ChainKey
    var handle: UInt64

    /// From a NFT_MSG_NEWRULE.
    init?(_ message: NetlinkMessage) {
        guard message.type & 0xff == UInt16(NFT_MSG_NEWRULE.rawValue),
            let family = NetfilterFamily.name(message.payload.byte())
        else { return nil }
        key = ChainKey(family: family, table: "", chain: "")
        handle = 0
        for (type, value) in message.attributes(after: 4) {
            switch type {
            case Int(NFTA_RULE_TABLE.rawValue): key.table = value.text
            case Int(NFTA_RULE_CHAIN.rawValue): key.chain = value.text
            case Int(NFTA_RULE_HANDLE.rawValue): handle = value.networkUInt64() ?? 0
            default: break
            }
        }
    }
}

extension NetlinkConversation {
    // The fixed part of each is struct nfgenmsg: family, version, resource. Needs CAP_NET_ADMIN in the namespace.

    /// The tables of this namespace.
    mutating func nfTables() throws -> [NFTablesTable] {
        try dump(request(NFT_MSG_GETTABLE), "read the netfilter tables") { NFTablesTable($0) }
    }

    mutating func nfChains() throws -> [NFTablesChain] {
        try dump(request(NFT_MSG_GETCHAIN), "read the netfilter chains") { NFTablesChain($0) }
    }

    /// The handles of a family's rules, chain by chain in their order.
    mutating func nfRuleHandles(family: Int) throws -> [ChainKey: [UInt64]] {
        let handles = try dump(request(NFT_MSG_GETRULE, family: family), "read the netfilter rules") {
            NFTablesRuleHandle($0)
        }
        return Dictionary(grouping: handles, by: \.key).mapValues { $0.map(\.handle) }
    }

    private func request(_ kind: nf_tables_msg_types, family: Int = 0) -> NetlinkRequest {
        NetlinkRequest(
            subsystem: NFNL_SUBSYS_NFTABLES, message: kind.rawValue, family: UInt8(truncatingIfNeeded: family))
    }
}
