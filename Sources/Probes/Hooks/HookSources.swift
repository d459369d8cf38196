internal import Glibc
internal import LinuxSystem
internal import Observations
internal import Network

/// Arms netfilter hooks as `plan.hooks` says. Works on the arming thread.
///
/// Vantage points are numbered through `intake.vantage`. What could not be armed, but need not stop the run, is
/// appended to `warnings`: a namespace without hooks is still seen by its links' captures.
struct HookArming {
    let run: RunIdentity
    let plan: ProbePlan
    /// The part of the user's filter that the kernel may decide.
    let coarse: CoarseFilter
    /// Nil where hooks are not seen by BPF programs.
    let sightings: SightingSource?
    let thread: ArmingThread
    let intake: Intake
    /// Called where rules of iptables-legacy have changed.
    let onLegacyChange: (String) -> Void
    let tracing: RuleTraceArming

    /// What came of it.
    struct Armed {
        var sources: [any ProbeSource] = []
        var datagrams: [any DatagramReader] = []
        /// Namespaces whose hooks came by nftables or BPF: their rules can be traced later, too, where they have none yet.
        var traceable: [String] = []
    }

    func arm(_ namespaces: [Namespace], warnings: inout [String]) -> Armed {
        if plan.hooks == .none || namespaces.isEmpty { return Armed() }
        if plan.hooks == .iptables { return armIptables(namespaces, warnings: &warnings) }
        var armed = Armed()
        var refused: [Namespace] = []
        var hooked: [Namespace] = []
        for namespace in namespaces {
            do {
                if try !see(namespace) { armed.datagrams.append(try armNftables(namespace)) }
                hooked.append(namespace)
            } catch let error as ProbeError where plan.hooks == .auto && !error.isPermission {
                refused.append(namespace)
            } catch  where namespace.hasGone {
                continue
            } catch {
                warnings.append("no netfilter hooks in \(namespace.name): \(error)")
            }
        }
        armed.datagrams += tracing.arm(hooked, warnings: &warnings)
        armed.traceable = hooked.map(\.name)
        let further = armIptables(refused, warnings: &warnings)
        armed.datagrams += further.datagrams
        armed.sources += further.sources
        return armed
    }

    // MARK: BPF

    /// Has the programs in a namespace, where they are used.
    ///
    /// - Returns: false where NFLOG is to do it.
    private func see(_ namespace: Namespace) throws -> Bool {
        guard let sightings, sightings.seesHooks else { return false }
        do {
            try see(namespace, by: sightings)
            return true
        } catch  where plan.hooks == .auto && !namespace.hasGone {
            return false
        }
    }

    /// Has the programs at points on both sides of all chains that a namespace has by now.
    ///
    /// - Returns: whether that is a change.
    @discardableResult
    func see(_ namespace: Namespace, by sightings: SightingSource) throws -> Bool {
        let file = try NetworkNamespaceFile(path: namespace.path)
        let points = plan.hookPlan(namespace.netfilter.chains).chainPoints
        return try sightings.arm(points, of: namespace, in: file, intake: intake)
    }

    // MARK: nftables

    private func armNftables(_ namespace: Namespace) throws -> any DatagramReader {
        let file = try NetworkNamespaceFile(path: namespace.path)
        let points = plan.hookPlan(namespace.netfilter.chains).chainPoints
        let socket = try openSocket(in: file, of: namespace)
        do {
            let table = OwnedTable(
                run: run, points: points, group: socket.group, snapLength: plan.snapLength,
                choice: OwnedTable.Choice(coarse), share: intake.sampler.share)
            let hooks = try NftablesHooks(table, in: file, of: namespace.name) { [plan] in plan.hookPlan($0).chainPoints
            }
            return NFLOGSource(
                namespace: namespace.name, socket: socket, hooks: hooks, arming: thread, intake: intake)
        } catch {
            socket.close()
            throw error
        }
    }

    // MARK: iptables

    private func armIptables(_ namespaces: [Namespace], warnings: inout [String]) -> Armed {
        let sites = namespaces.compactMap { namespace -> IptablesHooks.Site? in
            do {
                return try IptablesHooks.site(
                    namespace, loggers: tracing.loggers(of: namespace, warnings: &warnings))
            } catch  where namespace.hasGone {
                return nil
            } catch {
                warnings.append("no netfilter hooks in \(namespace.name): \(error)")
                return nil
            }
        }
        if sites.isEmpty { return Armed() }
        let hooks = IptablesHooks(run: run, sites: sites, guardianCommand: plan.guardian, warnings: &warnings)
        var armed = Armed()
        for site in sites {
            do {
                try armIptables(site, hooks, into: &armed, warnings: &warnings)
            } catch  where site.namespace.hasGone {
                continue
            } catch {
                warnings.append("no netfilter hooks in \(site.namespace.name): \(error)")
            }
        }
        if armed.datagrams.isEmpty { hooks.remove() }
        return armed
    }

    private func armIptables(
        _ site: IptablesHooks.Site, _ hooks: IptablesHooks, into armed: inout Armed, warnings: inout [String]
    ) throws {
        let match = XTablesMatch.words(coarse.expression)
        let socket = try openSocket(in: site.file, of: site.namespace)
        let laid: IptablesSite
        do {
            let rule = XTablesRule.Logging(run: run, group: socket.group, snapLength: plan.snapLength, match: match)
            laid = try IptablesSite(site, hooks: hooks, rule: rule, warnings: &warnings)
        } catch {
            socket.close()
            throw error
        }
        armed.datagrams.append(
            NFLOGSource(
                namespace: site.namespace.name, socket: socket, hooks: laid, arming: thread, intake: intake))
        armed.datagrams += tracing.arm(site, laid: laid, hooks: hooks, match: match, warnings: &warnings)
        do {
            let watch = try LegacyRulesWatch(laid, arming: thread, report: onLegacyChange)
            if let watch { armed.sources.append(watch) }
        } catch {
            warnings.append("hooks in \(site.namespace.name) are not laid again should they be taken away: \(error)")
        }
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
}

extension Namespace {
    /// Whether its path leads there no more: it was taken away meanwhile, which is no failure.
    var hasGone: Bool { (try? NetworkNamespaceFile(path: path))?.inode != inode }
}
