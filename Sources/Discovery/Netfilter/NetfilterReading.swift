internal import Netlink
internal import Network
internal import CNetlink
internal import Glibc
internal import LinuxSystem

/// Reads the rules of the namespace that the calling thread is in, through whichever backends hold some.
///
/// Reading makes nothing: a table is asked for only where the kernel has it already, since some listings would load
/// the table's module.
struct NetfilterReading {
    /// For the programs that are run; nil where this process stands in the namespace itself.
    var namespace: NetworkNamespaceFile?
    private(set) var netfilter = Netfilter()
    private(set) var warnings: [String] = []

    init(namespace: NetworkNamespaceFile?) {
        self.namespace = namespace
    }

    mutating func read() {
        do {
            try readNFTables()
        } catch {
            warnings.append("\(error)")
        }
        readLegacy(family: .ip, names: "/proc/thread-self/net/ip_tables_names", program: "iptables-legacy-save")
        readLegacy(family: .ip6, names: "/proc/thread-self/net/ip6_tables_names", program: "ip6tables-legacy-save")
        netfilter.summarise()
        readIPSets()
        netfilter.readPrograms()
    }

    /// Only where a rule refers to one: the module of ipset is there then.
    private mutating func readIPSets() {
        let refers = netfilter.chains.contains { chain in
            chain.backend.isIPTables && chain.rules.contains { $0.text.holds("--match-set") || $0.text.holds("-j SET") }
        }
        guard refers, let socket = try? NetlinkSocket(.netfilter) else { return }
        var conversation = NetlinkConversation(socket)
        do {
            netfilter.ipSets = try conversation.ipSets()
        } catch {
            warnings.append("\(error)")
        }
    }

    private mutating func readNFTables() throws {
        let socket = try NetlinkSocket(.netfilter)
        var conversation = NetlinkConversation(socket)
        let cookie = socket.namespaceCookie
        if let cookie, let notified = RulesetMemory.notified(cookie),
            let state = try? RulesetState(&conversation, leavingOut: notified),
            // Nothing changed meanwhile either.
            RulesetMemory.notified(cookie) != nil,
            let known = RulesetMemory.recall(cookie, state)
        {
            netfilter = known
            return
        }
        let changes = try? SetChanges()
        let generation = try? conversation.nfGeneration()
        try listNFTables(&conversation)
        let large = changes == nil ? [] : RulesetMemory.largeSets(of: netfilter)
        // Kept only where nothing can have changed between the listing and what it is known by.
        if let cookie, warnings.isEmpty, RulesetMemory.isLarge(netfilter),
            let state = try? RulesetState(&conversation, leavingOut: large),
            let generation, try conversation.nfGeneration() == generation
        {
            RulesetMemory.keep(netfilter, of: cookie, state, changes)
        }
    }

    private mutating func listNFTables(_ conversation: inout NetlinkConversation) throws {
        var tables: [NFTablesTable]
        do {
            tables = try conversation.nfTables().filter { !$0.isOwn }
        } catch let error as SystemError where error.errorNumber == EINVAL || error.errorNumber == EOPNOTSUPP {
            return  // A kernel without nf_tables has no rules in it.
        }
        if tables.isEmpty { return }
        let chains = try conversation.nfChains().filter { !$0.table.isOwn }
        var compatible: [IPTablesView] = []
        for (family, code, program) in [
            (TableFamily.ip, NFPROTO_IPV4, "iptables-nft-save"), (TableFamily.ip6, NFPROTO_IPV6, "ip6tables-nft-save"),
        ] where chains.contains(where: { $0.key.family == family && $0.isIPTablesBase }) {
            guard let saved = save(program) else { continue }
            compatible.append(
                IPTablesView(
                    family: family, chains: chains, saved: saved,
                    handles: try conversation.nfRuleHandles(family: Int(code))))
        }
        // What iptables shows whole is not listed a second time.
        tables.removeAll { table in compatible.contains { $0.coversAll(of: table, chains: chains) } }
        var rulesets: [NFTablesRuleset] = []
        for table in tables {
            let (json, text) = try NFTablesLibrary.list(table)
            var ruleset = try NFTablesRuleset(json: json, text: text)
            ruleset.listing.tables.removeAll { $0.family != table.family || $0.name != table.name }
            rulesets.append(ruleset)
        }
        netfilter = Netfilter(order: chains, compatible: compatible, native: rulesets)
    }

    private mutating func readLegacy(family: TableFamily, names: String, program: String) {
        guard let tables = readText(names), !tables.isEmpty, let saved = save(program) else { return }
        netfilter.chains += saved.chains.map { RuleChain(saved: $0, backend: .iptablesLegacy, family: family) }
    }

    private mutating func save(_ program: String) -> IPTablesSave? {
        guard let path = programPath(program) else {
            warnings.append("cannot read iptables rules: \(program) is not installed; install iptables")
            return nil
        }
        do {
            let output = try Command([path, "-c"], namespace: namespace).run()
            guard output.status == 0 else {
                let reason = output.errorText.split(separator: "\n").first ?? "status \(output.status)"
                warnings.append("cannot read iptables rules with \(program): \(reason)")
                return nil
            }
            return try IPTablesSave(parsing: output.standardOutput)
        } catch {
            warnings.append("cannot read iptables rules with \(program): \(error)")
            return nil
        }
    }
}
