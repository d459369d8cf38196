internal import LinuxSystem
internal import Network
internal import Wire

/// The hooks of one namespace through the iptables backend.
///
/// Rules in tables of others go with them: `iptables-restore` empties a table before it fills it. So what stands is looked up
/// when something was taken away, and what is missing is laid again.
final class IptablesSite: LaidHooks {
    private struct Laid {
        var number: Int
        /// With the program by which it was laid in the end.
        var placement: XTablesPlan.Placement
    }

    let namespace: String
    let file: NetworkNamespaceFile
    private(set) var points: [HookPoint]
    private let site: IptablesHooks.Site
    private let hooks: IptablesHooks
    private let rule: XTablesRule.Logging
    private var laid: [Laid] = []
    private var traced: [XTablesProgram] = []
    private var traceMatch = ""
    /// How many times rules were laid.
    private(set) var generation = 0

    /// Lays the rules. A table that can't be had costs its points, and a warning.
    ///
    /// - Throws: the first failure, where not one point could be laid.
    init(_ site: IptablesHooks.Site, hooks: IptablesHooks, rule: XTablesRule.Logging, warnings: inout [String]) throws {
        self.site = site
        self.hooks = hooks
        self.rule = rule
        namespace = site.namespace.name
        file = site.file
        points = site.points
        let wanted = site.placements.compactMap { placement in
            site.points.firstIndex(of: placement.point).map { Laid(number: $0, placement: placement) }
        }
        let (_, failure) = lay(wanted, warnings: &warnings)
        if laid.isEmpty, let failure { throw failure }
        hooks.retain()
    }

    /// The tables of iptables-legacy in which rules of this run stand.
    var legacyTables: Set<XTablesState.Table> {
        Set(
            laid.filter { $0.placement.program.isLegacy }
                .map { XTablesState.Table(program: $0.placement.program, table: $0.placement.table) }
                + traced.filter(\.isLegacy).map { XTablesState.Table(program: $0, table: .raw) })
    }

    /// Table by table: each is changed wholly or not at all.
    ///
    /// - Returns: how many were laid, and the first failure.
    private func lay(_ wanted: [Laid], warnings: inout [String]) -> (count: Int, failure: (any Error)?) {
        generation += 1
        var failure: (any Error)?
        var count = 0
        for program in XTablesProgram.allCases {
            for table in XTable.allCases {
                let here = wanted.filter { $0.placement.program == program && $0.placement.table == table }
                if here.isEmpty { continue }
                let commands = XTablesRule.insertion(here.map { ($0.number, $0.placement) }, rule)
                do {
                    let used = try hooks.restore(
                        commands, program: program, table: table, site: site, warnings: &warnings)
                    laid += here.map { one in
                        var one = one
                        one.placement.program = used
                        return one
                    }
                    count += here.count
                } catch {
                    failure = failure ?? error
                    let places = here.map { "\($0.placement.point)" }.joined(separator: ", ")
                    warnings.append("no hook at \(places) in \(namespace): \(error)")
                }
            }
        }
        return (count, failure)
    }

    /// Lays the rules that make the kernel trace packets: at the head of the raw tables, before every rule of others.
    ///
    /// Through iptables-nft wherever it is installed, since its table can be made and removed; a legacy table only
    /// where the namespace has it. One mark on the packet serves both.
    ///
    /// - Parameter match: conditions as words of iptables(8).
    func layTrace(match: String, warnings: inout [String]) throws {
        var failure: (any Error)?
        for program in site.entry.programs {
            let isRegistered = site.namespace.netfilter.chains.contains {
                $0.backend == program.backend && $0.family == program.family && $0.table == XTable.raw.rawValue
            }
            if program.isLegacy, !isRegistered, site.entry.programs.contains(program.other) { continue }
            do {
                let commands = XTablesRule.trace(run: rule.run, match: match, chains: XTablesRule.traceChains)
                traced.append(
                    try hooks.restore(commands, program: program, table: .raw, site: site, warnings: &warnings))
            } catch {
                failure = failure ?? error
            }
        }
        traceMatch = match
        if traced.isEmpty, let failure { throw failure }
    }

    // MARK: While it stands

    /// iptables' rules choose no sample.
    func sample(_ share: SampleShare) throws {}

    func layAgain() throws -> Bool {
        var isMissing = false
        var warnings: [String] = []
        var failure: (any Error)?
        for program in Set(laid.map(\.placement.program) + traced).sorted(by: { $0.rawValue < $1.rawValue }) {
            let standing = XTablesRule.standing(saved: try program.save(in: file), run: rule.run)
            let missing = laid.filter { one in
                one.placement.program == program && !standing.contains(Self.standing(one))
            }
            if !missing.isEmpty {
                isMissing = true
                laid.removeAll { one in missing.contains { $0.number == one.number && $0.placement == one.placement } }
                let outcome = lay(missing, warnings: &warnings)
                if let error = outcome.failure {
                    failure = failure ?? error
                    // To be tried again when something changes the next time.
                    laid += missing.filter { one in !laid.contains { $0.placement == one.placement } }
                }
            }
            guard traced.contains(program) else { continue }
            let untraced = XTablesRule.traceChains.filter { chain in
                !standing.contains(XTablesRule.Standing(table: XTable.raw.rawValue, chain: chain, number: nil))
            }
            if untraced.isEmpty { continue }
            isMissing = true
            generation += 1
            let commands = XTablesRule.trace(run: rule.run, match: traceMatch, chains: untraced)
            _ = try hooks.restore(commands, program: program, table: .raw, site: site, warnings: &warnings)
        }
        if let failure { throw failure }
        return isMissing
    }

    private static func standing(_ one: Laid) -> XTablesRule.Standing {
        XTablesRule.Standing(
            table: one.placement.table.rawValue, chain: one.placement.chain, number: one.number)
    }

    func enclose(_ chains: [RuleChain], share: SampleShare) throws -> Bool {
        let wanted = IptablesHooks.placements(for: chains.filter { !isMadeHere($0) })
        var new: [Laid] = []
        var moved: [Laid] = []
        for placement in wanted {
            let same = laid.first {
                $0.placement.program.family == placement.program.family
                    && $0.placement.point.isSamePlace(as: placement.point)
            }
            if let same, placement.fitting.contains(same.placement.table) { continue }
            if let same { moved.append(same) }
            let number = points.firstIndex { $0.isSamePlace(as: placement.point) } ?? points.count
            if number == points.count { points.append(placement.point) }
            new.append(Laid(number: number, placement: placement))
        }
        if new.isEmpty { return false }
        var warnings: [String] = []
        for one in moved {
            let commands = XTablesRule.removal([(one.number, one.placement)], rule)
            _ = try? hooks.restore(
                commands, program: one.placement.program, table: one.placement.table, site: site, warnings: &warnings)
            laid.removeAll { $0.number == one.number && $0.placement == one.placement }
        }
        if let failure = lay(new, warnings: &warnings).failure { throw failure }
        return true
    }

    /// Whether a chain came with our rules, and holds nothing of others.
    private func isMadeHere(_ chain: RuleChain) -> Bool {
        chain.rules.isEmpty && chain.policy != .drop
            && !site.namespace.netfilter.chains.contains {
                $0.backend == chain.backend && $0.family == chain.family && $0.table == chain.table
                    && $0.name == chain.name
            }
    }

    func remove() { hooks.release() }
}
