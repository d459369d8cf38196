internal import Glibc
internal import LinuxSystem
internal import Observations
internal import Network

/// Arms the netfilter hooks of `namespaces` as `plan.hooks` says. Called on the reader thread, before any packet.
///
/// Vantage points are numbered through `intake.vantage`. What could not be armed, but need not stop the run, is
/// appended to `warnings`: a namespace without hooks is still seen by its links' captures.
///
/// - Parameters:
///   - sightings: the BPF programs, where the plan has them see hooks.
///   - join: finds the packets of traced rules.
///   - onUnknownRule: called now and then when a traced rule is not in `namespaces`.
func armHooks(
    namespaces: [Namespace], plan: ProbePlan, sightings: SightingSource?, join: TraceJoin, intake: Intake,
    onUnknownRule: @escaping () -> Void, warnings: inout [String]
) throws -> [any DatagramReader] {
    guard plan.hooks != .none, !namespaces.isEmpty else { return [] }
    let run = try RunIdentity.current()
    let coarse = CoarseFilter(
        plan.filter, tunnelPorts: namespaces.flatMap(\.links).compactMap { $0.vxlan?.port })
    let arming = HookArming(
        run: run, plan: plan, coarse: coarse, sightings: sightings,
        tracing: RuleTraceArming(
            run: run, plan: plan, matches: OwnedTable.Choice(coarse).matches, join: join, onUnknownRule: onUnknownRule))
    return arming.arm(namespaces, intake: intake, warnings: &warnings)
}

/// The work of `armHooks`.
struct HookArming {
    let run: RunIdentity
    let plan: ProbePlan
    /// The part of the user's filter that the kernel may decide.
    let coarse: CoarseFilter
    /// Nil where hooks are not seen by BPF programs.
    var sightings: SightingSource?
    let tracing: RuleTraceArming

    func arm(_ namespaces: [Namespace], intake: Intake, warnings: inout [String]) -> [any DatagramReader] {
        if plan.hooks == .iptables { return armIptables(namespaces, intake: intake, warnings: &warnings) }
        var sources: [any DatagramReader] = []
        if plan.hooks == .bpf, let sightings {
            return armBPF(namespaces, sightings, intake: intake, warnings: &warnings)
        }
        var refused: [Namespace] = []
        var hooked: [Namespace] = []
        for namespace in namespaces {
            do {
                sources.append(try armNftables(namespace, intake: intake))
                hooked.append(namespace)
            } catch let error as ProbeError where plan.hooks == .auto && !error.isPermission {
                refused.append(namespace)
            } catch  where namespace.hasGone {
                continue
            } catch {
                warnings.append("no netfilter hooks in \(namespace.name): \(error)")
            }
        }
        sources += tracing.arm(hooked, warnings: &warnings)
        return sources + armIptables(refused, intake: intake, warnings: &warnings)
    }

    // MARK: BPF

    private func armBPF(
        _ namespaces: [Namespace], _ sightings: SightingSource, intake: Intake, warnings: inout [String]
    ) -> [any DatagramReader] {
        var hooked: [Namespace] = []
        for namespace in namespaces {
            do {
                let file = try NetworkNamespaceFile(path: namespace.path)
                let points = HookPlan(chains: namespace.netfilter.chains).chainPoints
                try sightings.arm(points, of: namespace, in: file, intake: intake)
                hooked.append(namespace)
            } catch  where namespace.hasGone {
                continue
            } catch {
                warnings.append("no netfilter hooks in \(namespace.name): \(error)")
            }
        }
        return tracing.arm(hooked, warnings: &warnings)
    }

    // MARK: nftables

    private func armNftables(_ namespace: Namespace, intake: Intake) throws -> any DatagramReader {
        let file = try NetworkNamespaceFile(path: namespace.path)
        let points = HookPlan(chains: namespace.netfilter.chains).chainPoints
        let socket = try openSocket(in: file, of: namespace)
        do {
            let context = try NftablesContext(namespace: file)
            let table = OwnedTable(
                run: run, points: points, group: socket.group, snapLength: plan.snapLength,
                choice: OwnedTable.Choice(coarse), share: intake.sampler.share)
            try context.run(table.ruleset, attempt: "lay nftables hooks in \(namespace.name)")
            return NFLOGSource(
                namespace: namespace.name, socket: socket,
                vantages: vantages(of: points, in: namespace.name, intake: intake),
                onSample: { share in
                    _ = try context.run(table.change(to: share), attempt: "choose other packets at nftables hooks")
                },
                // The table would go with its context too; told so, it goes before the reader's last words.
                onClose: { _ = try? context.run(table.removal, attempt: "remove nftables hooks") })
        } catch {
            socket.close()
            throw error
        }
    }

    // MARK: iptables

    private func armIptables(
        _ namespaces: [Namespace], intake: Intake, warnings: inout [String]
    ) -> [any DatagramReader] {
        let sites = namespaces.compactMap { namespace -> IptablesHooks.Site? in
            do {
                return try IptablesHooks.site(
                    namespace, loggers: tracing.loggers(of: namespace, warnings: &warnings))
            } catch {
                warnings.append("no netfilter hooks in \(namespace.name): \(error)")
                return nil
            }
        }
        if sites.isEmpty { return [] }
        let hooks = IptablesHooks(run: run, sites: sites, guardianCommand: plan.guardian, warnings: &warnings)
        let match = XTablesMatch.words(coarse.expression)
        var sources: [any DatagramReader] = []
        for site in sites {
            do {
                let socket = try openSocket(in: site.file, of: site.namespace)
                do {
                    try hooks.lay(
                        site, run: run, group: socket.group, snapLength: plan.snapLength, match: match,
                        warnings: &warnings)
                } catch {
                    socket.close()
                    throw error
                }
                hooks.retain()
                sources.append(
                    NFLOGSource(
                        namespace: site.namespace.name, socket: socket,
                        vantages: vantages(of: site.points, in: site.namespace.name, intake: intake)
                    ) { hooks.release() })
                sources += tracing.arm(site, hooks: hooks, match: match, warnings: &warnings)
            } catch {
                warnings.append("no netfilter hooks in \(site.namespace.name): \(error)")
            }
        }
        if sources.isEmpty { hooks.remove() }
        return sources
    }

    // MARK: Both

    private func openSocket(in file: NetworkNamespaceFile, of namespace: Namespace) throws -> NFLOGSocket {
        let snapLength = plan.snapLength
        let taken = Set(namespace.netfilter.chains.flatMap(\.rules).compactMap { Self.loggedGroup($0.text) })
        // Two runs in one namespace seldom begin with one group, so that neither has to search on.
        let first = UInt16(truncatingIfNeeded: 0x4000 + run.process % 0x4000)
        return try file.perform { try NFLOGSocket(snapLength: snapLength, firstGroup: first, taken: taken) }
    }

    /// The NFLOG group that a rule logs to: `--nflog-group 5`, `log … group 5`.
    static func loggedGroup(_ rule: String) -> UInt16? {
        let words = rule.split(separator: " ")
        guard words.contains("NFLOG") || words.contains("log"),
            let word = words.firstIndex(where: { $0 == "--nflog-group" || $0 == "group" }), word + 1 < words.endIndex
        else { return nil }
        return UInt16(words[word + 1])
    }

    private func vantages(of points: [HookPoint], in namespace: String, intake: Intake) -> [NFLOGSource.Vantage] {
        points.map { point in
            NFLOGSource.Vantage(number: intake.vantage(point.vantage(namespace: namespace)), rank: point.rank)
        }
    }
}

extension Namespace {
    /// Whether its path leads there no more: it was taken away meanwhile, which is no failure.
    fileprivate var hasGone: Bool { (try? NetworkNamespaceFile(path: path))?.inode != inode }
}
