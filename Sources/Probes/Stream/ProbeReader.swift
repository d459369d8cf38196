internal import Glibc
internal import LinuxSystem
internal import Observations
internal import Network
internal import Wire

/// The one thread that reads every source: waits on epoll(7), merges, hands on.
///
/// It gives its privileges away before the first packet (`confine`). What takes some, it has the arming thread do, and waits: to
/// arm probes and to take them away, to follow what comes and goes, and to ask what the kernel tells the privileged alone.
final class ProbeReader {
    struct LinkKey: Hashable {
        var namespace: String
        var index: UInt32
    }

    let plan: ProbePlan
    let queue: EventQueue
    let intake = Intake()
    let receiver: StampedReceiver
    let arming: ArmingThread
    private let ready: ReadySet
    private(set) var sources: [Int32: any ProbeSource] = [:]
    private var nextLossReport: Int64 = 0
    /// How late an event may be read, in nanoseconds; 0 while the reader keeps up.
    private var lag: Int64 = 0
    var namespaces: [String: NetworkNamespaceFile] = [:]
    /// The names that captured devices had when their captures began.
    var captured: [LinkKey: String] = [:]
    var captureSettings = CaptureHandle.Settings(snapLength: 256, bufferBytes: 2 << 20, filter: "")
    /// Bytes of kernel memory that the captures have.
    var bufferUse = 0
    /// As `Topology.captureWeights`.
    var captureWeights: [String: [String: Int]] = [:]
    /// The BPF programs, where they are used.
    var sightings: SightingSource?
    /// Makes sense of drops, where the BPF program reports them.
    var drops: DropReader?
    /// Namespaces whose rules can be traced as soon as there are any.
    var traceable: Set<String> = []
    /// Namespaces from which rules were taken away, so that hooks may be missing.
    var suspects: Set<String> = []
    var nextLaying: Int64 = 0
    var routes: RouteProbe?
    let join = TraceJoin()
    var discovery: Rediscovery
    private var load: LoadLimit
    private var pauses = RuleTracePauses()
    private var pace = ReadingPace()
    private var hasToldOfLimit = false

    /// Events that one source may hand over before the next has its turn.
    private static let readLimit = 1024
    /// How often losses are asked for: more often than a walk can end after its last sighting.
    private static let lossInterval: Int64 = 200_000_000
    /// Until a change of the sample shows at every place.
    private static let settling: Int64 = 500_000_000
    /// What is so old is still read where the reader is too far behind.
    private static let freshness: Int64 = 200_000_000
    /// Events that wait in the merger, at most; beyond them they go out without the hold.
    private static let crowd = 200_000

    static func run(topology: Topology, plan: ProbePlan, queue: EventQueue, armed: ArmingResult) {
        defer { queue.finish() }
        do {
            let arming = try ArmingThread()
            defer { arming.stop() }
            let reader = try ProbeReader(plan: plan, queue: queue, arming: arming)
            let thread = try arming.perform { try reader.receiver.start() }
            defer {
                try? arming.perform { reader.closeAll() }
                reader.receiver.stop()
                thread.join()
            }
            nameThread(LiveSource.ReadingThread.readerName)
            confine()
            try arming.perform { try reader.arm(topology) }
            reader.begin()
            armed.report(.success(()))
            reader.read()
            // Hooks are undone before the consumer hears of the end and may exit; sockets close by themselves.
            try arming.perform { reader.closeAllButCaptures() }
            queue.finish()
        } catch {
            armed.report(.failure(error))
        }
    }

    private init(plan: ProbePlan, queue: EventQueue, arming: ArmingThread) throws {
        self.plan = plan
        self.queue = queue
        self.arming = arming
        discovery = Rediscovery(plan)
        load = LoadLimit(asked: plan.share, rate: plan.rateLimit, backlogLimit: plan.backlogLimit)
        intake.sampler = PacketSampler(plan.share)
        receiver = try StampedReceiver()
        ready = try ReadySet()
        try ready.add(queue.control)
    }

    // MARK: Sources

    func add(_ source: any ProbeSource) throws {
        sources[source.descriptor] = source
        try ready.add(source.descriptor)
    }

    func remove(_ source: any ProbeSource) {
        let descriptor = source.descriptor
        guard sources[descriptor] === source else { return }
        ready.remove(descriptor)
        sources[descriptor] = nil
        source.reportLosses(into: intake)
        try? arming.perform { source.close() }
    }

    /// Closes captures together: each close waits for the kernel.
    func remove(_ captures: [LinkCapture]) {
        var handles: [CaptureHandle] = []
        for capture in captures where sources[capture.descriptor] === capture {
            ready.remove(capture.descriptor)
            sources[capture.descriptor] = nil
            capture.reportLosses(into: intake)
            captured[LinkKey(namespace: capture.namespace, index: capture.index)] = nil
            bufferUse -= capture.bufferBytes
            handles.append(capture.handle)
        }
        if handles.isEmpty { return }
        try? arming.perform { _ = try concurrentMap(handles) { $0.close() } }
    }

    private func closeAllButCaptures() {
        for source in sources.values where !(source is LinkCapture) {
            sources[source.descriptor] = nil
            source.close()
        }
    }

    private func closeAll() {
        closeAllButCaptures()
        let captures = sources.values.compactMap { ($0 as? LinkCapture)?.handle }
        sources = [:]
        _ = try? concurrentMap(captures) { $0.close() }
    }

    // MARK: Reading

    /// Throws away what was seen while the probes were armed one after the other. Some of it bears no time but that of
    /// its reading, so it is read.
    private func begin() {
        intake.beginNanoseconds = .max
        receiver.sweep()
        for source in sources.values { _ = readOnce(source, began: 0) }
        intake.beginNanoseconds = realTimeNanoseconds()
    }

    private func read() {
        var lastRelease: Int64 = 0
        while !queue.isStopping {
            // Events that wait go out within a quarter of the hold; an idle stream still tells the time.
            let timeout: Int32 = discovery.isHurried ? 10 : intake.count > 0 ? 25 : 100
            if pace.isBusy {
                queue.waitForControl(timeoutMilliseconds: ReadingPace.period)
            } else {
                _ = ready.wait(timeoutMilliseconds: timeout)
            }
            let began = realTimeNanoseconds()
            // What has come by now is read in this round, whether or not the receiver had its turn.
            receiver.sweep()
            let descriptors = ready.wait(timeoutMilliseconds: 0)
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
                lookForVanishedNamespaces()
            }
            // What is older is not taken, wherever it is read.
            readUpTo = min(began, max(readUpTo, intake.beginNanoseconds))
            limitLoad(at: began, behind: began - readUpTo)
            pauseRuleTraces(at: began)
            follow(changesAt: began)
            let isCrowded = intake.count > Self.crowd
            if began - lastRelease >= 20_000_000 || isCrowded {
                lastRelease = began
                release(readUpTo: readUpTo, hold: isCrowded ? 0 : nil)
            }
            while queue.isFull, !queue.isStopping { queue.waitForControl() }
            noteRound(realTimeNanoseconds() - began)
            pace.note(seen: intake.seenCount, at: began)
        }
        drain()
    }

    /// Has rules traced for a tenth of the time where there are many packets.
    private func pauseRuleTraces(at now: Int64) {
        let tracing = sources.values.lazy.filter { $0.name.hasPrefix(Loss.ruleTracePrefix) }
        let isTracing = pauses.look(
            count: intake.takenCount, share: intake.sampler.share, sources: tracing.count, now: now)
        guard let isTracing else { return }
        try? arming.perform {
            for source in tracing where (try? source.pauseRuleTrace(!isTracing)) == nil {
                queue.warn("\(source.name): how many packets are traced through rules can't be changed")
            }
        }
    }

    /// Looks at fewer packets where there are more than the run may take.
    ///
    /// - Parameter behind: how old the oldest of what the kernel holds is, in nanoseconds.
    private func limitLoad(at now: Int64, behind: Int64) {
        var work = queue.work
        work.unreadSeconds = Double(behind) / 1e9

        let change = load.look(
            count: intake.takenCount, packetTime: intake.newestNanoseconds, fullness: queue.fullness,
            work: work, now: now)
        guard let change else { return }
        intake.sampler.share = change.share
        captureSettings.share = change.share
        try? arming.perform {
            for source in sources.values where (try? source.sample(change.share)) == nil {
                queue.warn("\(source.name): the kernel goes on handing over packets that are not looked at")
            }
        }
        announce(change, unreadSeconds: work.unreadSeconds)
        if hasToldOfLimit { return }
        hasToldOfLimit = true
        let cause =
            switch change.reason {
            case .memory: "packets wait in more than half of the memory that they may take (--max-memory)"
            case .backlog: "more packets than can be shown in time"
            case .rate, nil: "more than \(plan.rateLimit ?? 0) sightings a second (--max-rate)"
            }
        queue.warn("\(cause): \(change.share.sentence) from now on, fewer or more as need be")
    }

    /// Tells of a change in the stream. Where work waits for too long it holds for what waits already.
    private func announce(_ change: LoadLimit.Change, unreadSeconds: Double) {
        let time = realTimeNanoseconds()
        func events(at time: Int64, lost: Int) -> [Event] {
            [
                .sampling(SamplingChange(timeNanoseconds: time, share: change.share, reason: change.eventReason)),
                // Of what is under way then some sightings were taken, others will not be. It takes a while until what
                // waits in the kernel is of the new sample everywhere.
                .loss(
                    Loss(
                        timeNanoseconds: time + Self.settling, vantage: nil, source: Loss.changedSampling,
                        lost: UInt64(max(1, lost)))),
            ]
        }
        if change.reason == .backlog {
            var sampler = PacketSampler(change.share)
            if let limit = plan.backlogLimit, unreadSeconds > limit {
                intake.skip(before: time - Self.freshness)
                lag = 0
            }
            intake.thin { sampler.takes($0.headers, in: $1) }
            let isThinned = queue.thin(
                telling: { events(at: $0, lost: $1) }, keeping: { sampler.takes($0.headers, in: $1) })
            if isThinned { return }
        }
        for event in events(at: time, lost: intake.count) { intake.fact(event) }
    }

    /// What comes while a round is under way is read in the next one: at most two rounds late. The longest counts, and
    /// is forgotten slowly. Short ones are what the merger's hold is for.
    private func noteRound(_ duration: Int64) {
        lag = max(min(duration, 15_000_000_000) * 2, lag - lag / 32)
        if lag < 60_000_000 { lag = 0 }
    }

    private func release(readUpTo: Int64, hold: Int64?, lag: Int64? = nil) {
        routes?.ask(into: intake)
        join.release(readUpTo: readUpTo, into: intake)
        let late = hold == nil ? self.lag : 0
        queue.push(intake.release(readUpTo: readUpTo, hold: hold, lag: lag ?? late))
    }

    func readOnce(_ source: any ProbeSource, began: Int64) -> Int64 {
        switch source.read(into: intake, limit: Self.readLimit) {
        case .drained: return began
        case .more(let readUpTo): return min(began, readUpTo)
        case .ended:
            if let capture = source as? LinkCapture { remove([capture]) } else { remove(source) }
            return began
        }
    }

    /// After `stop`: reads on until every source was emptied once, 40 ms or more after the stop, or has come to what
    /// happened since. A minute at most; what is left then is lost, and counts so. Not at all where nobody wants it.
    private func drain() {
        try? arming.perform { for source in sources.values { source.flush() } }
        let stopped = realTimeNanoseconds()
        // What bears the time of its reading can have passed before.
        intake.endNanoseconds = max(intake.beginNanoseconds, stopped + 100_000_000)
        var isBehind = true
        var behind: Set<String> = []
        while isBehind || realTimeNanoseconds() < stopped + 40_000_000 {
            if queue.isAbandoned { return }
            guard realTimeNanoseconds() < stopped + 60_000_000_000 else {
                queue.warn("the last packets are missing: reading them would have taken more than a minute")
                for name in behind {
                    intake.loss(Loss(timeNanoseconds: realTimeNanoseconds(), vantage: nil, source: name, lost: 1))
                }
                break
            }
            behind.removeAll(keepingCapacity: true)
            var slowest = stopped
            isBehind = false
            receiver.sweep()
            for descriptor in ready.wait(timeoutMilliseconds: 20) {
                if descriptor == queue.control {
                    queue.clearControl()
                } else if let source = sources[descriptor] {
                    let readUpTo = readOnce(source, began: Int64.max)
                    if readUpTo <= stopped {
                        isBehind = true
                        behind.insert(source.name)
                    }
                    slowest = min(slowest, readUpTo)
                }
            }
            if intake.count > Self.crowd {
                release(readUpTo: slowest, hold: nil)
                while queue.isFull, !queue.isAbandoned { queue.waitForControl() }
            }
        }
        for source in sources.values { source.reportLosses(into: intake) }
        if let leftOut = routes?.leftOut, leftOut > 0 {
            queue.warn("\(leftOut) routing decisions were not asked for: more than 2000 new flows a second")
        }
        join.release(readUpTo: .max, into: intake)
        // All that came goes out; that nothing is missing holds up to the stop alone.
        let now = realTimeNanoseconds()
        release(readUpTo: now, hold: 0, lag: max(0, now - stopped))
    }
}
