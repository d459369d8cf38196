internal import Glibc
internal import LinuxSystem
internal import Observations
internal import Network

/// Makes the kernel trace packets through the rules of each namespace that has some, and hears what it says.
///
/// What can't be traced costs a warning and nothing else: walks then lack their rules.
struct RuleTraceArming {
    let run: RunIdentity
    let plan: ProbePlan
    /// Conditions of nft(8) that stand for the user's filter.
    let matches: [String]
    /// Rules of nft(8) that let pass what is not in the sample that the run was asked for.
    let omissions: [String]
    let join: TraceJoin
    let onUnknownRule: () -> Void

    // MARK: By nftables

    func arm(_ namespaces: [Namespace], warnings: inout [String]) -> [any DatagramReader] {
        guard plan.rules != .none else { return [] }
        var sources: [any DatagramReader] = []
        var legacy: [Namespace] = []
        for namespace in namespaces where hasRules(namespace) {
            do {
                sources.append(try armNftables(namespace))
                if hasLegacyRules(namespace) { legacy.append(namespace) }
            } catch  where namespace.hasGone {
                continue
            } catch {
                warnings.append("rules of \(namespace.name) are not traced: \(error)")
            }
        }
        if plan.hooks == .nftables {
            warnings += legacy.map {
                "rules of iptables-legacy in \($0.name) are not traced: --hooks nftables leaves net.netfilter.nf_log alone"
            }
            return sources
        }
        return sources + armLegacy(legacy, warnings: &warnings)
    }

    private func armNftables(_ namespace: Namespace) throws -> any DatagramReader {
        let file = try NetworkNamespaceFile(path: namespace.path)
        let context = try NftablesContext(namespace: file)
        let tables = TraceTables(
            run: run, chains: namespace.netfilter.chains, matches: plan.rules.matches(filter: matches),
            omissions: plan.rules.isLimited ? omissions : [])
        let source = try NftablesTraceSource(
            namespace, file: file, join: join, onUnknownRule: onUnknownRule
        ) {
            // The tables would go with their context too; told so, they go before the reader's last words.
            _ = try? context.run(tables.removal, attempt: "end the rule trace")
        }
        try context.run(tables.ruleset, attempt: "trace the rules of \(namespace.name)")
        if plan.rules.isLimited {
            source.askedShare = plan.share
            source.setTracing = { isTracing in
                try context.run(tables.change(toTracing: isTracing), attempt: "trace rules for fewer or more packets")
            }
        }
        join.watch(namespace.name)
        return source
    }

    /// The mark that the nftables chains set on a packet makes iptables-legacy trace it, too; what is missing is a
    /// logger that we can hear.
    private func armLegacy(_ namespaces: [Namespace], warnings: inout [String]) -> [any DatagramReader] {
        var planned: [(namespace: Namespace, file: NetworkNamespaceFile, loggers: [String: String])] = []
        for namespace in namespaces {
            guard let file = try? NetworkNamespaceFile(path: namespace.path) else { continue }
            planned.append((namespace, file, loggers(of: namespace, warnings: &warnings)))
        }
        if planned.isEmpty { return [] }
        let entries = planned.filter { !$0.loggers.isEmpty }.map {
            HookJournal.Entry(
                namespace: $0.namespace.name, path: $0.namespace.path, inode: $0.file.inode, programs: [],
                chainsBefore: [], tablesBefore: [], loggers: $0.loggers)
        }
        let changes =
            entries.isEmpty
            ? nil
            : JournaledChanges(
                journal: HookJournal(run: "\(run)", entries: entries),
                files: Dictionary(planned.map { ($0.file.inode, $0.file) }) { first, _ in first },
                guardianCommand: plan.guardian, warnings: &warnings)
        var sources: [any DatagramReader] = []
        for (namespace, file, loggers) in planned {
            do {
                changes?.retain()
                sources.append(
                    try armLegacy(namespace, file: file, loggers: loggers) { changes?.release() })
            } catch {
                changes?.release()
                warnings.append("rules of iptables-legacy in \(namespace.name) are not traced: \(error)")
            }
        }
        return sources
    }

    private func armLegacy(
        _ namespace: Namespace, file: NetworkNamespaceFile, loggers: [String: String], onClose: @escaping () -> Void
    ) throws -> any DatagramReader {
        guard isFree(namespace, file) else { throw Self.inUse }
        let snapLength = plan.snapLength
        let socket: NFLOGSocket
        do {
            socket = try file.perform { try NFLOGSocket(snapLength: snapLength, onlyGroup: 0) }
        } catch let error as SystemError where error.errorNumber == EBUSY || error.errorNumber == EPERM {
            throw ProbeError("hear the kernel's TRACE", reason: "another program has NFLOG group 0")
        }
        do {
            let own = try OwnRules.numbers(in: file, families: legacyFamilies(namespace))
            try PacketLoggers.take(loggers, in: file)
            join.watch(namespace.name)
            return LegacyTraceSource(namespace, socket: socket, own: own, join: join, onClose: onClose)
        } catch {
            socket.close()
            throw error
        }
    }

    // MARK: By iptables

    /// The loggers that have to be changed to hear of iptables-legacy, as they are now: empty where that need not or
    /// must not be.
    func loggers(of namespace: Namespace, warnings: inout [String]) -> [String: String] {
        guard plan.rules != .none, hasLegacyRules(namespace),
            let file = try? NetworkNamespaceFile(path: namespace.path), isFree(namespace, file)
        else { return [:] }
        do {
            return try PacketLoggers.toChange(in: file, families: legacyFamilies(namespace))
        } catch {
            warnings.append("rules of iptables-legacy in \(namespace.name) are not traced: \(error)")
            return [:]
        }
    }

    /// Adds the trace to hooks that were laid through iptables; `hooks` takes its rules away with its own.
    func arm(
        _ site: IptablesHooks.Site, laid: IptablesSite, hooks: IptablesHooks, match: String, warnings: inout [String]
    ) -> [any DatagramReader] {
        let namespace = site.namespace
        guard plan.rules != .none, hasRules(namespace) else { return [] }
        var sources: [any DatagramReader] = []
        do {
            let source = try NftablesTraceSource(
                namespace, file: site.file, join: join, onUnknownRule: onUnknownRule, onClose: { hooks.release() })
            let limit = RuleTracing.Match.iptablesLimit(plan.rules.perSecond)
            try laid.layTrace(
                match: [match, limit].filter { !$0.isEmpty }.joined(separator: " "), warnings: &warnings)
            hooks.retain()
            let file = site.file
            source.ownHandles = try OwnRules.handles(in: file)
            source.findOwn = { try? OwnRules.handles(in: file) }
            join.watch(namespace.name)
            sources.append(source)
            guard hasLegacyRules(namespace) else { return sources }
            hooks.retain()
            do {
                sources.append(
                    try armLegacy(
                        namespace, file: site.file, loggers: site.entry.loggers ?? [:], onClose: { hooks.release() }))
            } catch {
                hooks.release()
                throw error
            }
        } catch {
            warnings.append("rules of \(namespace.name) are not all traced: \(error)")
        }
        return sources
    }

    // MARK: What there is to trace

    func hasRules(_ namespace: Namespace) -> Bool {
        namespace.netfilter.chains.contains { $0.hook != nil && !isOwnTable($0.table) }
    }

    private func hasLegacyRules(_ namespace: Namespace) -> Bool { !legacyFamilies(namespace).isEmpty }

    private func legacyFamilies(_ namespace: Namespace) -> Set<TableFamily> {
        Set(
            namespace.netfilter.chains
                .filter { $0.isLegacy && (!$0.rules.isEmpty || $0.policy == .drop) }.map(\.family))
    }

    private static var inUse: ProbeError {
        ProbeError(
            "hear the kernel's TRACE",
            reason: "the log that would have to be turned to NFLOG is in use (nf_conntrack_log_invalid, or TRACE rules)"
        )
    }

    /// Whether nobody else waits for what the namespace's logger writes.
    private func isFree(_ namespace: Namespace, _ file: NetworkNamespaceFile) -> Bool {
        let traces = namespace.netfilter.chains.contains { chain in
            chain.isLegacy && chain.rules.contains { $0.target.name == "TRACE" }
        }
        return !traces && (try? PacketLoggers.isInUse(in: file)) == false
    }
}
