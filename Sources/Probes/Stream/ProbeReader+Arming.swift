internal import Glibc
internal import LinuxSystem
internal import Observations
internal import Network
internal import Wire

extension ProbeReader {
    /// Arms every probe of the plan. Throws where the plan can't be followed at all.
    func arm(_ topology: Topology) throws {
        raiseDescriptorLimit()
        for name in plan.namespaces where topology[namespace: name] == nil {
            throw ProbeError(
                "watch namespace \(name)", reason: "there is none of that name",
                remedy: "`packetwalk map` lists them")
        }
        intake.fact(.topology(topology, timeNanoseconds: realTimeNanoseconds()))
        if !plan.share.isAll {
            intake.fact(
                .sampling(
                    SamplingChange(timeNanoseconds: realTimeNanoseconds(), share: plan.share, reason: .asked)))
        }
        if let filter = plan.filter { intake.filter = try PacketFilter(filter, resolvesNames: plan.resolvesNames) }
        let watched = topology.namespaces.filter { isWatched($0.name) }
        captureWeights = topology.captureWeights
        let shares = watched.reduce(0) { sum, namespace in
            sum + 2 * namespace.links.reduce(0) { $0 + (captureWeights[namespace.name]?[$1.name] ?? 1) }
        }
        let tunnelPorts = topology.namespaces.flatMap(\.links).compactMap { $0.vxlan?.port }
        let coarse = CoarseFilter(plan.filter, tunnelPorts: tunnelPorts)
        captureSettings = CaptureHandle.Settings(
            snapLength: Int32(clamping: plan.snapLength),
            bufferBytes: Int32(clamping: min(max(plan.bufferBudget / max(1, shares), 256 << 10), 8 << 20)),
            filter: coarse.linkExpression, share: plan.share,
            tunnelPorts: Set(tunnelPorts + PacketHeaders.tunnelPorts).sorted())
        sightings = try loadSightings(for: plan, namespaces: watched, filter: coarse, join: join)
        if let sightings { try add(sightings) }
        drops = sightings?.drops
        if drops == nil { try armDrops(coarse) }
        try arm(watched)
        // Without it newcomers show by the links that lead to them.
        if let names = try? NamespaceWatch(report: { [weak self] in self?.discovery.request() }) { try add(names) }
        // The questions that packets raise depend on whether there are hooks, which is known only now.
        // The intake is the reader's own, and takes no packet without it: a reference that counts would count at each packet.
        intake.onPacket = { [unowned(unsafe) self] observation, registry, bytes in
            routes?.see(observation, at: registry)
            if join.isArmed { join.see(observation, at: registry, bytes: bytes) }
        }
        intake.onFlow = { [weak self] flow in self?.routes?.see(flow) }
    }

    private func armDrops(_ coarse: CoarseFilter) throws {
        var warnings: [String] = []
        let (source, reader) = try Probes.armDrops(plan: plan, filter: coarse, join: join, warnings: &warnings)
        if let source { try add(source) }
        drops = reader
        for warning in warnings { queue.warn(warning) }
    }

    func isWatched(_ namespace: String) -> Bool {
        plan.namespaces.isEmpty || plan.namespaces.contains(namespace)
    }

    /// Arms the probes of namespaces that are not yet watched. One that has gone meanwhile is left out.
    func arm(_ found: [Namespace]) throws {
        var requests: [CaptureRequest] = []
        var entered: [(Namespace, NetworkNamespaceFile)] = []
        for namespace in found where namespaces[namespace.name] == nil {
            do {
                let file = try NetworkNamespaceFile(path: namespace.path)
                namespaces[namespace.name] = file
                entered.append((namespace, file))
                requests += namespace.links.map { link in
                    var request = CaptureRequest(link, in: namespace, file: file)
                    request.weight = captureWeights[namespace.name]?[link.name] ?? 1
                    return request
                }
            } catch let error as SystemError where error.errorNumber == ENOENT {
                continue  // Gone meanwhile.
            } catch let error as SystemError {
                queue.warn("namespace \(namespace.name) is not watched: \(error.reason)")
            }
        }
        // First of all hear of changes, so that no link comes up unseen.
        for (namespace, file) in entered {
            try drops?.watch(namespace.name, inode: file.inode)
            try add(
                LinkWatch(namespace: namespace.name, file: file) { [weak self] namespace, change in
                    self?.discovery.note(change, in: namespace)
                })
        }
        try capture(requests)
        try armConntrack(entered)
        for (namespace, file) in entered {
            // A kernel without nf_tables has no such rules.
            let watch = try? RulesWatch(namespace, file: file) { [weak self] in self?.rulesChanged(in: $0, $1) }
            if let watch { try add(watch) }
        }
        var warnings: [String] = []
        let hooks = try hookArming(for: entered.map(\.0)).arm(entered.map(\.0), warnings: &warnings)
        for hook in hooks.datagrams { try add(ReceivedSource(hook, receiver: receiver)) }
        for source in hooks.sources { try add(source) }
        traceable.formUnion(hooks.traceable)
        if routes == nil {
            let usesHooks = !hooks.datagrams.isEmpty || sightings?.seesHooks == true
            routes = RouteProbe(usesHooks: usesHooks, user: plan.user)
        }
        for (namespace, file) in entered { try routes?.add(namespace, file: file) }
        for warning in warnings { queue.warn(warning) }
    }

    private func hookArming(for namespaces: [Namespace]) throws -> HookArming {
        let run = try RunIdentity.current()
        let coarse = CoarseFilter(
            plan.filter, tunnelPorts: namespaces.flatMap(\.links).compactMap { $0.vxlan?.port })
        let choice = OwnedTable.Choice(coarse)
        return HookArming(
            run: run, plan: plan, coarse: coarse, sightings: sightings, thread: arming, intake: intake,
            onLegacyChange: { [weak self] in self?.legacyRulesChanged(in: $0) },
            tracing: RuleTraceArming(
                run: run, plan: plan, matches: choice.matches, omissions: choice.omissions(from: plan.share),
                join: join,
                onUnknownRule: { [weak self] in self?.discovery.request() }))
    }

    /// Has hooks on both sides of the chains that a namespace has by now, and its rules traced if it had none before.
    func enclose(_ namespace: Namespace) throws {
        var failure: (any Error)?
        func attempt(_ work: () throws -> Void) { do { try work() } catch { failure = failure ?? error } }
        for source in sources.values where source.namespaceName == namespace.name {
            source.learn(namespace)
            attempt { try source.enclose(namespace, into: intake) }
        }
        guard traceable.contains(namespace.name) else { return try failure.map { throw $0 } ?? () }
        let hooks = try hookArming(for: [namespace])
        if let sightings, sightings.seesHooks {
            attempt {
                guard try hooks.see(namespace, by: sightings) else { return }
                // Packets that are under way lack sightings at points that came meanwhile.
                intake.loss(
                    Loss(timeNanoseconds: realTimeNanoseconds(), vantage: nil, source: sightings.name, lost: 1))
            }
        }
        let traces = Loss.ruleTracePrefix + namespace.name
        if hooks.tracing.hasRules(namespace), !sources.values.contains(where: { $0.name.hasPrefix(traces) }) {
            var warnings: [String] = []
            for trace in hooks.tracing.arm([namespace], warnings: &warnings) {
                try add(ReceivedSource(trace, receiver: receiver))
            }
            for warning in warnings { queue.warn(warning) }
        }
        if let failure { throw failure }
    }

    private func armConntrack(_ entered: [(Namespace, NetworkNamespaceFile)]) throws {
        var warnings: [String] = []
        for (namespace, file) in entered {
            do {
                let entries = try ConntrackSource(
                    namespace: namespace.name, file: file, intake: intake, warnings: &warnings)
                try add(ReceivedSource(entries, receiver: receiver))
            } catch let error as SystemError {
                warnings.append("conntrack of namespace \(namespace.name) is not watched: \(error.reason)")
            }
        }
        for warning in warnings { queue.warn(warning) }
    }

    func capture(_ requests: [CaptureRequest]) throws {
        let new = requests.filter { request in
            let key = LinkKey(namespace: request.namespace, index: request.index)
            guard let name = captured[key], name != request.device else { return captured[key] == nil }
            // Renamed: what it sees from now on bears the new name.
            removeCaptures([key])
            return true
        }
        if new.isEmpty { return }
        try arming.perform {
            if let sightings, sightings.seesDevices { try watch(new, by: sightings) } else { try open(new) }
        }
    }

    private func open(_ new: [CaptureRequest]) throws {
        var refusal: ProbeError?
        var settings = captureSettings
        // Newcomers have a share of what is left, and leave as much to those that come after them.
        let count = new.reduce(0) { $0 + $1.directions.count }
        let rest = max(0, plan.bufferBudget - bufferUse) / (bufferUse == 0 ? 1 : 2)
        settings.bufferBytes = Int32(clamping: min(Int(settings.bufferBytes), max(rest / max(1, count), 256 << 10)))
        for opened in try LowDescriptors.spared({ try openCaptures(new, settings: settings) }) {
            switch opened.handle {
            case .success(let handle):
                let key = LinkKey(namespace: opened.request.namespace, index: opened.request.index)
                captured[key] = opened.request.device
                bufferUse += opened.bufferBytes
                try add(
                    LinkCapture(
                        handle, of: opened.request, direction: opened.direction, bufferBytes: opened.bufferBytes,
                        intake: intake))
            case .failure(let error as CaptureError):
                let described = error.probeError(namespace: opened.request.namespace)
                if error.isPermission {
                    refusal = described
                } else if !error.isAbsence {
                    queue.warn(described.description)
                }
            case .failure(let error as SystemError) where error.isPermission:
                refusal = ProbeError(error, remedy: "run it as root, or with CAP_SYS_ADMIN")
            case .failure(let error):
                queue.warn("\(error)")
            }
        }
        if let refusal { throw refusal }
    }

    private func watch(_ requests: [CaptureRequest], by sightings: SightingSource) throws {
        for (namespace, requests) in Dictionary(grouping: requests, by: \.namespace) {
            let file = requests[0].file
            for (request, result) in zip(requests, try sightings.watch(requests, in: file, intake: intake)) {
                switch result {
                case .success: captured[LinkKey(namespace: namespace, index: request.index)] = request.device
                // The device went away.
                case .failure(let error as SystemError) where error.errorNumber == ENODEV || error.errorNumber == ENXIO:
                    break
                case .failure(let error):
                    queue.warn("cannot watch \(request.device) in namespace \(namespace): \(error)")
                }
            }
        }
    }

    /// A capture costs a descriptor in each direction: hundreds of links are above the usual soft limit.
    private func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
