internal import Discovery
internal import CNetlink
internal import LinuxSystem
internal import Netlink
internal import Network

/// Where rules that this tool has laid, in whatever run, stand among those of others.
enum OwnRules {
    struct Place: Hashable {
        var family: TableFamily
        var table: String
        var chain: String
    }

    /// A rule of nf_tables: handles count table by table.
    struct Handle: Hashable {
        var family: TableFamily
        var table: String
        var handle: UInt64
    }

    /// By chain, the numbers of our rules, counted from 1; from what iptables-save(8) printed.
    static func numbers(saved: String, family: TableFamily) -> [Place: [Int]] {
        var table = ""
        var counts: [Substring: Int] = [:]
        var found: [Place: [Int]] = [:]
        for line in saved.split(separator: "\n") {
            if line.hasPrefix("*") {
                table = String(line.dropFirst())
                counts = [:]
            } else if line.hasPrefix("-A "), let chain = line.dropFirst(3).split(separator: " ").first {
                let number = (counts[chain] ?? 0) + 1
                counts[chain] = number
                if XTablesRule.owner(of: line) != nil {
                    found[Place(family: family, table: table, chain: String(chain)), default: []].append(number)
                }
            }
        }
        return found
    }

    /// The numbers of our rules in the iptables-legacy tables of a namespace.
    static func numbers(in namespace: NetworkNamespaceFile, families: Set<TableFamily>) throws -> [Place: [Int]] {
        var found: [Place: [Int]] = [:]
        for program in XTablesProgram.allCases
        where program.isLegacy && program.isInstalled && families.contains(program.family) {
            found.merge(numbers(saved: try program.save(in: namespace), family: program.family)) { first, _ in first }
        }
        return found
    }

    /// The handles of our rules in the tables of iptables-nft of a namespace: those that bear a run's comment.
    static func handles(in namespace: NetworkNamespaceFile) throws -> Set<Handle> {
        var conversation = NetlinkConversation(try namespace.perform { try NetlinkSocket(.netfilter) })
        return Set(
            try conversation.dump(
                NetlinkRequest(subsystem: NFNL_SUBSYS_NFTABLES, message: NFT_MSG_GETRULE.rawValue),
                "find the tool's own rules", ownHandle))
    }

    /// The comment stands inside of an expression or in the rule's user data, as text.
    private static func ownHandle(_ message: NetlinkMessage) -> Handle? {
        let bytes = message.payload
        guard bytes.count > 4, bytes.contains(sequence: RunIdentity.commentPrefix.utf8),
            let family = NetfilterFamily.name(bytes.byte(at: 0))
        else { return nil }
        let attributes = message.attributes(after: 4)
        guard let table = attributes[Int(NFTA_RULE_TABLE.rawValue)],
            let handle = attributes[Int(NFTA_RULE_HANDLE.rawValue)]?.networkUInt64()
        else { return nil }
        return Handle(family: family, table: table.text, handle: handle)
    }
}

extension ArraySlice<UInt8> {
    fileprivate func contains(sequence: String.UTF8View) -> Bool {
        let wanted = Array(sequence)
        guard let head = wanted.first else { return true }
        var rest = self
        while let start = rest.firstIndex(of: head) {
            rest = rest[start...]
            if rest.starts(with: wanted) { return true }
            rest = rest.dropFirst()
        }
        return false
    }
}
