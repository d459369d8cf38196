internal import Glibc
internal import LinuxSystem
internal import Observations
internal import Topology

/// The one thread that reads every source: arms the probes, waits on epoll(7), merges, hands on.
final class ProbeReader {
    private let plan: ProbePlan
    private let queue: EventQueue
    private let intake = Intake()
    private var sources: [Int32: any ProbeSource] = [:]
    private let ready: ReadySet
    private var nextLossReport: Int64 = 0
    private var namespaces: [String: NetworkNamespaceFile] = [:]
    private var captureSettings = CaptureHandle.Settings(snapLength: 256, bufferBytes: 2 << 20, filter: "")

    /// Events that one source may hand over before the next has its turn.
    private static let readLimit = 4096
    /// How often losses are asked for.
    private static let lossInterval: Int64 = 500_000_000

    static func run(topology: Topology, plan: ProbePlan, queue: EventQueue, armed: ArmingResult) {
        defer { queue.finish() }
        do {
            let reader = try ProbeReader(plan: plan, queue: queue)
            defer { reader.closeAll() }
            try reader.arm(topology)
            armed.report(.success(()))
            reader.read()
            // Hooks are undone before the consumer hears of the end and may exit; sockets close by themselves.
            reader.closeAllButCaptures()
            queue.finish()
        } catch {
            armed.report(.failure(error))
        }
    }

    private init(plan: ProbePlan, queue: EventQueue) throws {
        self.plan = plan
        self.queue = queue
        ready = try ReadySet()
        try ready.add(queue.control)
    }

    // MARK: Arming

    private func arm(_ topology: Topology) throws {
        raiseDescriptorLimit()
        intake.fact(.topology(topology, timeNanoseconds: realTimeNanoseconds()))
        if let filter = plan.filter { intake.filter = try PacketFilter(filter, resolvesNames: plan.resolvesNames) }
        let namespaces = topology.namespaces.filter { isWatched($0.name) }
        for name in plan.namespaces where topology[namespace: name] == nil {
            throw ProbeError("watch namespace \(name)", reason: "there is none of that name", remedy: "see `map`")
        }
        let handles = namespaces.reduce(0) { $0 + 2 * $1.links.count }
        captureSettings = CaptureHandle.Settings(
            snapLength: Int32(clamping: plan.snapLength),
            bufferBytes: Int32(clamping: min(max(plan.bufferBudget / max(1, handles), 256 << 10), 8 << 20)),
            filter: "")
        try arm(namespaces)
    }

    private func isWatched(_ namespace: String) -> Bool {
        plan.namespaces.isEmpty || plan.namespaces.contains(namespace)
    }

    /// Arms every probe of `found`. A namespace that has gone meanwhile is left out.
    private func arm(_ found: [Namespace]) throws {
        var requests: [CaptureRequest] = []
        var entered: [Namespace] = []
        for namespace in found where namespaces[namespace.name] == nil {
            do {
                let file = try NetworkNamespaceFile(path: namespace.path)
                namespaces[namespace.name] = file
                entered.append(namespace)
                requests += namespace.links.map { CaptureRequest($0, in: namespace, file: file) }
            } catch let error as SystemError {
                queue.warn("namespace \(namespace.name) is not watched: \(error.reason)")
            }
        }
        try capture(requests)
        try armHooks(of: entered)
    }

    private func capture(_ requests: [CaptureRequest]) throws {
        var refusal: ProbeError?
        for opened in try openCaptures(requests, settings: captureSettings) {
            switch opened.handle {
            case .success(let handle):
                try add(
                    LinkCapture(handle, of: opened.request, direction: opened.direction, intake: intake))
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

    private func armHooks(of namespaces: [Namespace]) throws {
        var warnings: [String] = []
        for source in try Probes.armHooks(namespaces: namespaces, plan: plan, intake: intake, warnings: &warnings) {
            try add(source)
        }
        for warning in warnings { queue.warn(warning) }
    }

    /// A capture costs a descriptor in each direction: hundreds of links are above the usual soft limit.
    private func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    private func add(_ source: any ProbeSource) throws {
        sources[source.descriptor] = source
        try ready.add(source.descriptor)
    }

    private func remove(_ source: any ProbeSource) {
        let descriptor = source.descriptor
        ready.remove(descriptor)
        sources[descriptor] = nil
        source.reportLosses(into: intake)
        source.close()
    }

    private func closeAllButCaptures() {
        for source in sources.values where !(source is LinkCapture) {
            sources[source.descriptor] = nil
            source.close()
        }
    }

    /// Closes the captures together: each close waits for the kernel.
    private func closeAll() {
        closeAllButCaptures()
        let captures = sources.values.compactMap { ($0 as? LinkCapture)?.handle }
        sources = [:]
        _ = try? concurrentMap(captures) { $0.close() }
    }

    // MARK: Reading

    private func read() {
        var lastRelease: Int64 = 0
        while !queue.isStopping {
            // Events that wait go out within a quarter of the hold; an idle stream still tells the time.
            let timeout: Int32 = intake.count > 0 ? 25 : 100
            let descriptors = ready.wait(timeoutMilliseconds: timeout)
            let began = realTimeNanoseconds()
            var readUpTo = began
            for descriptor in descriptors {
                if descriptor == queue.control {
                    queue.clearControl()
                } else if let source = sources[descriptor] {
                    readUpTo = min(readUpTo, readOnce(source, began: began))
                }
            }
            if began >= nextLossReport {
                nextLossReport = began + Self.lossInterval
                for source in sources.values { source.reportLosses(into: intake) }
            }
            let isCrowded = intake.count > 200_000
            if began - lastRelease >= 20_000_000 || isCrowded {
                lastRelease = began
                queue.push(intake.release(readUpTo: readUpTo, hold: isCrowded ? 0 : nil))
            }
            while queue.isFull, !queue.isStopping { waitForControl() }
        }
        drain()
    }

    private func readOnce(_ source: any ProbeSource, began: Int64) -> Int64 {
        switch source.read(into: intake, limit: Self.readLimit) {
        case .drained: return began
        case .more(let readUpTo): return min(began, readUpTo)
        case .ended:
            remove(source)
            return began
        }
    }

    private func waitForControl() {
        var polled = pollfd(fd: queue.control, events: Int16(POLLIN), revents: 0)
        _ = poll(&polled, 1, 1000)
        queue.clearControl()
    }

    /// After `stop`: reads until every source is silent, half a second at most.
    private func drain() {
        for source in sources.values { source.flush() }
        let deadline = realTimeNanoseconds() + 500_000_000
        var silentRounds = 0
        while silentRounds < 2, realTimeNanoseconds() < deadline {
            var hasRead = false
            for descriptor in ready.wait(timeoutMilliseconds: 20) {
                if descriptor == queue.control {
                    queue.clearControl()
                } else if let source = sources[descriptor] {
                    let before = intake.count
                    _ = readOnce(source, began: 0)
                    if intake.count != before { hasRead = true }
                }
            }
            silentRounds = hasRead ? 0 : silentRounds + 1
        }
        for source in sources.values { source.reportLosses(into: intake) }
        queue.push(intake.release(readUpTo: realTimeNanoseconds(), hold: 0))
    }
}
