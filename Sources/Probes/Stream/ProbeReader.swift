internal import CLinux
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
    private let epoll: Int32
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
        } catch {
            armed.report(.failure(error))
        }
    }

    private init(plan: ProbePlan, queue: EventQueue) throws {
        self.plan = plan
        self.queue = queue
        epoll = try retryingInterrupts("make an epoll descriptor") { epoll_create1(Int32(EPOLL_CLOEXEC)) }
        try watch(queue.control)
    }

    deinit { close(epoll) }

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
        for namespace in namespaces { try arm(namespace) }
        try armHooks(of: namespaces)
    }

    private func isWatched(_ namespace: String) -> Bool {
        plan.namespaces.isEmpty || plan.namespaces.contains(namespace)
    }

    /// Arms all but the hooks of one namespace. One that has gone meanwhile is left out.
    private func arm(_ namespace: Namespace) throws {
        guard namespaces[namespace.name] == nil else { return }
        let file: NetworkNamespaceFile
        do {
            file = try NetworkNamespaceFile(path: namespace.path)
        } catch let error as SystemError {
            queue.warn("namespace \(namespace.name) is not watched: \(error.reason)")
            return
        }
        namespaces[namespace.name] = file
        try capture(namespace.links.map { CaptureRequest($0, in: namespace) }, in: namespace.name)
    }

    private func capture(_ requests: [CaptureRequest], in namespace: String) throws {
        guard let file = namespaces[namespace] else { return }
        for opened in try openCaptures(requests, in: file, settings: captureSettings) {
            switch opened.handle {
            case .success(let handle):
                try add(
                    LinkCapture(
                        handle, namespace: namespace, device: opened.request.device, index: opened.request.index,
                        direction: opened.direction, isMaster: opened.request.isMaster, intake: intake))
            case .failure(let error as CaptureError):
                if error.isPermission { throw error.probeError(namespace: namespace) }
                if !error.isAbsence { queue.warn(error.probeError(namespace: namespace).description) }
            case .failure(let error):
                queue.warn("\(error)")
            }
        }
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
        try watch(source.descriptor)
    }

    private func watch(_ descriptor: Int32) throws {
        var event = epoll_event()
        event.events = EPOLLIN.rawValue
        event.data.fd = descriptor
        try retryingInterrupts("watch a descriptor") { epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) }
    }

    private func remove(_ source: any ProbeSource) {
        let descriptor = source.descriptor
        epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil)
        sources[descriptor] = nil
        source.reportLosses(into: intake)
        source.close()
    }

    private func closeAll() {
        for source in sources.values { source.close() }
        sources = [:]
    }

    // MARK: Reading

    private func read() {
        var lastRelease: Int64 = 0
        var ready = [epoll_event](repeating: epoll_event(), count: 256)
        while !queue.isStopping {
            // Events that wait go out within a quarter of the hold; an idle stream still tells the time.
            let timeout: Int32 = intake.count > 0 ? 25 : 100
            let count = Int(epoll_wait(epoll, &ready, Int32(ready.count), timeout))
            let began = realTimeNanoseconds()
            var readUpTo = began
            for event in ready.prefix(max(0, count)) {
                if event.data.fd == queue.control {
                    queue.clearControl()
                } else if let source = sources[event.data.fd] {
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
        var ready = [epoll_event](repeating: epoll_event(), count: 256)
        while silentRounds < 2, realTimeNanoseconds() < deadline {
            let count = Int(epoll_wait(epoll, &ready, Int32(ready.count), 20))
            var hasRead = false
            for event in ready.prefix(max(0, count)) {
                if event.data.fd == queue.control {
                    queue.clearControl()
                } else if let source = sources[event.data.fd] {
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
