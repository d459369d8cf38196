internal import LinuxSystem
internal import Network

/// The rules of one run through the iptables backend, in all its namespaces, from before they are laid until they are
/// removed again.
final class IptablesHooks {
    /// One namespace, planned.
    struct Site {
        var namespace: Namespace
        var file: NetworkNamespaceFile
        /// The points that can be laid, in the order of their numbers.
        var points: [HookPoint]
        var placements: [XTablesPlan.Placement]
        var entry: HookJournal.Entry
    }

    private let changes: JournaledChanges

    /// Plans a namespace. Changes nothing.
    ///
    /// - Parameter loggers: what will be changed there beside (`PacketLoggers`), as it is now.
    static func site(_ namespace: Namespace, loggers: [String: String] = [:]) throws -> Site {
        let installed = Set(XTablesProgram.allCases.filter(\.isInstalled))
        guard !installed.isDisjoint(with: [.iptablesLegacy, .iptablesNft]) else {
            throw ProbeError("lay iptables hooks", reason: "iptables is not installed", remedy: "apt install iptables")
        }
        let file = try NetworkNamespaceFile(path: namespace.path)
        let chains = namespace.netfilter.chains
        let placements = Self.placements(for: chains)
        let ordered = HookPlan(chains: chains).chainPoints.filter { point in
            placements.contains { $0.point == point }
        }
        // Where the kernel has no nftables there is nothing of it to list, and iptables-nft fails by itself.
        let inventory = try? NftablesInventory(NftablesContext(namespace: file))
        let entry = HookJournal.Entry(
            namespace: namespace.name, path: namespace.path, inode: file.inode,
            programs: XTablesProgram.allCases.filter { program in
                installed.contains(program) && placements.contains { $0.program.family == program.family }
            },
            chainsBefore: inventory?.chains ?? [], tablesBefore: inventory?.tables ?? [],
            loggers: loggers.isEmpty ? nil : loggers
        ).withoutWorkOfOthers(inventory, journals: HookJournal.readAll().map(\.journal))
        return Site(namespace: namespace, file: file, points: ordered, placements: placements, entry: entry)
    }

    /// Where rules go in a namespace with these chains.
    static func placements(for chains: [RuleChain]) -> [XTablesPlan.Placement] {
        let installed = Set(XTablesProgram.allCases.filter(\.isInstalled))
        let pairs = [(XTablesProgram.iptablesLegacy, XTablesProgram.iptablesNft), (.ip6tablesLegacy, .ip6tablesNft)]
        return pairs.flatMap { pair -> [XTablesPlan.Placement] in
            let usesLegacy = chains.contains { $0.isLegacy && $0.family == pair.0.family }
            let preferred = usesLegacy && installed.contains(pair.0) || !installed.contains(pair.1) ? pair.0 : pair.1
            guard installed.contains(preferred) else { return [] }
            return XTablesPlan(chains: chains, preferred: preferred, installed: installed).placements
        }
    }

    /// Writes the journal and starts the guardian. Nothing is laid yet.
    init(run: RunIdentity, sites: [Site], guardianCommand: [String], warnings: inout [String]) {
        changes = JournaledChanges(
            journal: HookJournal(run: "\(run)", entries: sites.map(\.entry)),
            files: Dictionary(sites.map { ($0.entry.inode, $0.file) }) { first, _ in first },
            guardianCommand: guardianCommand, warnings: &warnings)
    }

    /// - Returns: the program that did it.
    func restore(
        _ commands: String, program: XTablesProgram, table: XTable, site: Site, warnings: inout [String]
    ) throws -> XTablesProgram {
        do {
            try program.restore(commands, in: site.file, witness: changes.witness)
            return program
        } catch  where !program.isLegacy && program.other.isInstalled {
            try program.other.restore(commands, in: site.file, witness: changes.witness)
            warnings.append(
                "the empty iptables-legacy table \(table.rawValue) stays registered in \(site.namespace.name) "
                    + "until the namespace ends")
            return program.other
        }
    }

    // MARK: Removing

    func retain() { changes.retain() }

    /// Removes everything when the last user lets go.
    func release() { changes.release() }

    /// Removes everything now. Harmless a second time.
    func remove() { changes.undo() }
}
