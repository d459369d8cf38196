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
        var placements: [XTablesPlan.Placement] = []
        for pair in [(XTablesProgram.iptablesLegacy, XTablesProgram.iptablesNft), (.ip6tablesLegacy, .ip6tablesNft)] {
            let usesLegacy = chains.contains { $0.isLegacy && $0.family == pair.0.family }
            let preferred = usesLegacy && installed.contains(pair.0) || !installed.contains(pair.1) ? pair.0 : pair.1
            guard installed.contains(preferred) else { continue }
            placements += XTablesPlan(chains: chains, preferred: preferred, installed: installed).placements
        }
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

    /// Writes the journal and starts the guardian. Nothing is laid yet.
    init(run: RunIdentity, sites: [Site], guardianCommand: [String], warnings: inout [String]) {
        changes = JournaledChanges(
            journal: HookJournal(run: "\(run)", entries: sites.map(\.entry)),
            files: Dictionary(sites.map { ($0.entry.inode, $0.file) }) { first, _ in first },
            guardianCommand: guardianCommand, warnings: &warnings)
    }

    /// Lays the rules of one namespace. A table that can't be had costs its points, and a warning.
    ///
    /// - Throws: the first failure, where not one point could be laid.
    func lay(
        _ site: Site, run: RunIdentity, group: UInt16, snapLength: Int, match: String, warnings: inout [String]
    ) throws {
        var failure: (any Error)?
        var isAnyLaid = false
        for program in XTablesProgram.allCases {
            for table in XTable.allCases {
                let here = site.placements.filter { $0.program == program && $0.table == table }.compactMap {
                    placement in
                    site.points.firstIndex(of: placement.point).map { (number: $0, placement: placement) }
                }
                if here.isEmpty { continue }
                let commands = XTablesRule.insertion(
                    here, run: run, group: group, snapLength: snapLength, match: match)
                do {
                    try restore(commands, program: program, table: table, site: site, warnings: &warnings)
                    isAnyLaid = true
                } catch {
                    failure = failure ?? error
                    let places = here.map { "\($0.placement.point)" }.joined(separator: ", ")
                    warnings.append("no hook at \(places) in \(site.namespace.name): \(error)")
                }
            }
        }
        if !isAnyLaid, let failure { throw failure }
    }

    /// Lays the rules that make the kernel trace packets: at the head of the raw tables, before every rule of others.
    ///
    /// Through iptables-nft wherever it is installed, since its table can be made and removed; a legacy table only
    /// where the namespace has it. One mark on the packet serves both.
    ///
    /// - Parameter match: conditions as words of iptables(8).
    func layTrace(_ site: Site, run: RunIdentity, match: String, warnings: inout [String]) throws {
        var isAnyLaid = false
        var failure: (any Error)?
        for program in site.entry.programs {
            let isRegistered = site.namespace.netfilter.chains.contains {
                $0.backend == program.backend && $0.family == program.family && $0.table == XTable.raw.rawValue
            }
            if program.isLegacy, !isRegistered, site.entry.programs.contains(program.other) { continue }
            do {
                try restore(
                    XTablesRule.trace(run: run, match: match), program: program, table: .raw, site: site,
                    warnings: &warnings)
                isAnyLaid = true
            } catch {
                failure = failure ?? error
            }
        }
        if !isAnyLaid, let failure { throw failure }
    }

    private func restore(
        _ commands: String, program: XTablesProgram, table: XTable, site: Site, warnings: inout [String]
    ) throws {
        do {
            try program.restore(commands, in: site.file, witness: changes.witness)
        } catch  where !program.isLegacy && program.other.isInstalled {
            try program.other.restore(commands, in: site.file, witness: changes.witness)
            warnings.append(
                "the empty iptables-legacy table \(table.rawValue) stays registered in \(site.namespace.name) "
                    + "until the namespace ends")
        }
    }

    // MARK: Removing

    func retain() { changes.retain() }

    /// Removes everything when the last user lets go.
    func release() { changes.release() }

    /// Removes everything now. Harmless a second time.
    func remove() { changes.undo() }
}
