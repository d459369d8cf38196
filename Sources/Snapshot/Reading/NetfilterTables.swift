internal import CNetlink
internal import LinuxSystem
internal import Netlink
internal import Network

/// Which tables and base chains nf_tables holds in a namespace, asked of the kernel: nothing is made by asking.
struct NetfilterTables: Sendable, Hashable {
    struct Table: Sendable, Hashable {
        var family: TableFamily
        var name: String
        var handle: UInt64
        var flags: [String]
        var baseChains: [BaseChain] = []
        /// Whether it has sets, also those without name that `{ 80, 443 }` in a rule makes.
        var hasSets = false

        /// Whether iptables-nft made it: a table of one of its names whose base chains all stand where its own do. It
        /// makes no sets, and prints a rule of nft's that uses one as if it asked for nothing.
        var isIPTables: Bool {
            guard family == .ip || family == .ip6, !baseChains.isEmpty, !hasSets else { return false }
            return baseChains.allSatisfy { $0.isIPTables(table: name) }
        }
        /// Made by this tool for as long as it watches.
        var isOwn: Bool { name.hasPrefix("packetwalk") }
    }

    struct BaseChain: Sendable, Hashable {
        var name: String
        /// `enum nf_inet_hooks`.
        var hook: UInt32
        var priority: Int32

        /// Where the chains that every table of iptables begins with stand (`struct xt_table` of each module).
        func isIPTables(table: String) -> Bool {
            let names = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]
            guard Int(hook) < names.count, names[Int(hook)] == name else { return false }
            switch table {
            case "raw": return priority == -300
            case "mangle": return priority == -150
            case "nat": return priority == (name == "POSTROUTING" || name == "INPUT" ? 100 : -100)
            case "filter": return priority == 0
            case "security": return priority == 50
            default: return false
            }
        }
    }

    /// In order of creation.
    var tables: [Table] = []

    /// Asks the kernel about the calling thread's namespace. Empty for a kernel without nf_tables. Throws `SystemError`.
    static func read() throws -> NetfilterTables {
        var conversation = NetlinkConversation(try NetlinkSocket(.netfilter))
        do {
            let tables = try conversation.dump(request(NFT_MSG_GETTABLE), "read the netfilter tables") { table($0) }
            if tables.isEmpty { return NetfilterTables() }
            let chains = try conversation.dump(request(NFT_MSG_GETCHAIN), "read the netfilter chains") { chain($0) }
            var found = NetfilterTables(tables: tables, chains: chains)
            if found.tables.contains(where: \.isIPTables) {
                let sets = try conversation.dump(request(NFT_MSG_GETSET), "read the netfilter sets") { setTable($0) }
                for index in found.tables.indices {
                    let table = found.tables[index]
                    found.tables[index].hasSets = sets.contains { $0.family == table.family && $0.table == table.name }
                }
            }
            return found
        } catch let error as SystemError where [22, 95].contains(error.errorNumber) {
            // EINVAL, EOPNOTSUPP: a kernel without nf_tables has no rules in it.
            return NetfilterTables()
        }
    }

    init(tables: [Table] = [], chains: [(family: TableFamily, table: String, chain: BaseChain)] = []) {
        self.tables = tables.sorted { $0.handle < $1.handle }
        for index in self.tables.indices {
            let table = self.tables[index]
            self.tables[index].baseChains = chains.filter { $0.family == table.family && $0.table == table.name }
                .map(\.chain)
        }
    }

    private static func request(_ kind: nf_tables_msg_types) -> NetlinkRequest {
        NetlinkRequest(subsystem: NFNL_SUBSYS_NFTABLES, message: kind.rawValue)
    }

    private static let families: [Int: TableFamily] = [
        Int(NFPROTO_INET): .inet, Int(NFPROTO_IPV4): .ip, Int(NFPROTO_ARP): .arp, Int(NFPROTO_NETDEV): .netdev,
        Int(NFPROTO_BRIDGE): .bridge, Int(NFPROTO_IPV6): .ip6,
    ]

    /// From an NFT_MSG_NEWTABLE (linux/netfilter/nf_tables.h).
    static func table(_ message: NetlinkMessage) -> Table? {
        guard message.type & 0xff == UInt16(NFT_MSG_NEWTABLE.rawValue),
            let family = message.payload.byte().flatMap({ families[Int($0)] })
        else { return nil }
        var table = Table(family: family, name: "", handle: 0, flags: [])
        for (type, value) in message.attributes(after: 4) {
            switch type {
            case Int(NFTA_TABLE_NAME.rawValue): table.name = value.text
            case Int(NFTA_TABLE_HANDLE.rawValue): table.handle = value.networkUInt64() ?? 0
            case Int(NFTA_TABLE_FLAGS.rawValue):
                let flags = value.networkUInt32() ?? 0
                table.flags = [(UInt32(1), "dormant"), (2, "owner"), (4, "persist")].filter { flags & $0.0 != 0 }.map(
                    \.1)
            default: break
            }
        }
        return table.name.isEmpty ? nil : table
    }

    /// The table of the set that an NFT_MSG_NEWSET tells of.
    static func setTable(_ message: NetlinkMessage) -> (family: TableFamily, table: String)? {
        guard message.type & 0xff == UInt16(NFT_MSG_NEWSET.rawValue),
            let family = message.payload.byte().flatMap({ families[Int($0)] }),
            let table = message.attributes(after: 4)[Int(NFTA_SET_TABLE.rawValue)]?.text
        else { return nil }
        return (family, table)
    }

    /// From an NFT_MSG_NEWCHAIN; nil for one that is no base chain.
    static func chain(_ message: NetlinkMessage) -> (family: TableFamily, table: String, chain: BaseChain)? {
        guard message.type & 0xff == UInt16(NFT_MSG_NEWCHAIN.rawValue),
            let family = message.payload.byte().flatMap({ families[Int($0)] })
        else { return nil }
        var table = ""
        var chain = BaseChain(name: "", hook: 0, priority: 0)
        var isBase = false
        for (type, value) in message.attributes(after: 4) {
            switch type {
            case Int(NFTA_CHAIN_TABLE.rawValue): table = value.text
            case Int(NFTA_CHAIN_NAME.rawValue): chain.name = value.text
            case Int(NFTA_CHAIN_HOOK.rawValue):
                isBase = true
                let place = NetlinkAttributes(value)
                chain.hook = place[Int(NFTA_HOOK_HOOKNUM.rawValue)]?.networkUInt32() ?? 0
                chain.priority = Int32(bitPattern: place[Int(NFTA_HOOK_PRIORITY.rawValue)]?.networkUInt32() ?? 0)
            default: break
            }
        }
        return isBase ? (family, table, chain) : nil
    }
}
