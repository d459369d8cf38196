internal import LinuxSystem
internal import Topology

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

    private let journal: HookJournal
    private let files: [UInt64: NetworkNamespaceFile]
    private var guardian: GuardianProcess?
    private var journalPath: String?
    private var users = 0

    /// Plans a namespace. Changes nothing.
    static func site(_ namespace: Namespace) throws -> Site {
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
            chainsBefore: inventory?.chains ?? [], tablesBefore: inventory?.tables ?? [])
        return Site(namespace: namespace, file: file, points: ordered, placements: placements, entry: entry)
    }

    /// Writes the journal and starts the guardian. Nothing is laid yet.
    init(run: RunIdentity, sites: [Site], guardianCommand: [String], warnings: inout [String]) {
        journal = HookJournal(run: "\(run)", entries: sites.map(\.entry))
        files = Dictionary(sites.map { ($0.entry.inode, $0.file) }) { first, _ in first }
        do {
            if guardianCommand.isEmpty {
                warnings.append(
                    "no guardian for the iptables hooks: should this process be killed, run `packetwalk cleanup`")
            } else {
                guardian = try GuardianProcess(command: guardianCommand, journal: journal)
            }
        } catch {
            warnings.append(
                "no guardian for the iptables hooks (\(error)): should this process be killed, run `packetwalk cleanup`"
            )
        }
        if guardian == nil { journalPath = try? journal.write() }
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

    private func restore(
        _ commands: String, program: XTablesProgram, table: XTable, site: Site, warnings: inout [String]
    ) throws {
        do {
            try program.restore(commands, in: site.file, witness: guardian?.witness ?? -1)
        } catch  where !program.isLegacy && program.other.isInstalled {
            try program.other.restore(commands, in: site.file, witness: guardian?.witness ?? -1)
            warnings.append(
                "the empty iptables-legacy table \(table.rawValue) stays registered in \(site.namespace.name) "
                    + "until the namespace ends")
        }
    }

    // MARK: Removing

    func retain() { users += 1 }

    /// Removes everything when the last user lets go.
    func release() {
        users -= 1
        if users <= 0 { remove() }
    }

    /// Removes everything now. Harmless a second time.
    func remove() {
        if let guardian {
            self.guardian = nil
            if guardian.finish() { return }
        }
        if HookRemoval.undo(journal, files: files).isEmpty, let journalPath { HookJournal.erase(journalPath) }
        journalPath = nil
    }
}
