internal import LinuxSystem
internal import Wire
public import Network
internal import Observations
internal import WalkModel
public import Probes
public import Recording

/// One live run: probes armed, an activity watched, exchanges handed out as they end.
///
/// ```swift
/// let run = try LiveRun(topology: topology, plan: plan, activity: Watching())
/// defer { run.close() }
/// while let groups = try run.next() {
///     for group in groups { show(group) }
///     if isEnough { run.stop() }
/// }
/// ```
///
/// The run works only while `next` runs, so its caller sets the pace: what it does not take waits in the queue of the
/// source, then in the kernel's buffers, and what those lose is part of the walks.
public final class LiveRun<Work: Activity> {
    /// What makes the traffic. It begins with the first `next`.
    public private(set) var activity: Work
    /// Whether walks were left out, or packets not read, because an interruption gave no time for them.
    public var isCutShort: Bool { pipeline.isCutShort }

    /// How far the stream has come, in nanoseconds since 1970: nothing older follows.
    public var watermark: Int64 { pipeline.watermark }

    /// How far it has come for who takes its exchanges: see `WalkPipeline.exchangeTime`.
    public var exchangeTime: Int64 { pipeline.exchangeTime }

    private let topology: Topology
    private let source: any EventSource
    private let network: any NetworkState
    private let recorder: RecordingWriter?
    private let options: LiveRunOptions
    private let ending: RunEnding
    private let clock: any RunClock
    private var pipeline: WalkPipeline
    private var newest = EventBatch()
    /// How many events of the newest batch the pipeline has taken.
    private var takenCount = 0
    private var begin: Int64?
    private var nextSnapshot: Int64 = 0
    private var stopAt: Int64?
    private var hasStopped = false
    private var isOver = false
    private var isClosed = false
    private var warningCount = 0
    private var stepBack = StepBack()

    /// The network is read again for its failures at most so often.
    private static var snapshotInterval: Int64 { 1000 }

    /// Arms the probes of `plan`: a packet sent after this call is seen.
    ///
    /// - Parameter recorder: gets every event as the pipeline takes it, so that a replay gives the same walks.
    /// - Throws: `RunError`; `SystemError` where the system refuses.
    public convenience init(
        topology: Topology, plan: ProbePlan, activity: Work, recorder: RecordingWriter? = nil,
        options: LiveRunOptions = LiveRunOptions(), interruption: any Interruption = Uninterrupted(),
        clock: any RunClock = MonotonicClock()
    ) throws {
        let source: LiveSource
        do {
            source = try LiveSource(topology: topology, plan: plan)
        } catch let error as ProbeError {
            throw RunError(error)
        }
        self.init(
            topology: topology, source: source, network: LiveNetworkState(topology: topology, plan: plan),
            activity: activity,
            recorder: recorder, options: options, interruption: interruption, clock: clock)
    }

    /// A run over any source and any state of the network.
    public init(
        topology: Topology, source: any EventSource, network: any NetworkState, activity: Work,
        recorder: RecordingWriter? = nil, options: LiveRunOptions = LiveRunOptions(),
        interruption: any Interruption = Uninterrupted(), clock: any RunClock = MonotonicClock()
    ) {
        self.topology = topology
        self.source = source
        self.network = network
        self.activity = activity
        self.recorder = recorder
        self.options = options
        let ending = RunEnding(interruption, clock)
        self.ending = ending
        self.clock = clock
        pipeline = WalkPipeline(explains: options.explains)
        let times = options.endingTimes
        pipeline.hasTime = { work in
            !ending.isOlder(thanMilliseconds: work == .walks ? times.walks : times.causes)
        }
        interruption.listen()
    }

    deinit {
        close()
    }

    /// The exchanges that ended since the last call; nil once the run is over.
    ///
    /// It is over when its activity has ended and the network has settled, after `stop`, after the time that the options
    /// give it, or after an interruption; of the latter two within two seconds (`EndingTimes`). The last exchanges are those
    /// that were still open then.
    ///
    /// - Parameter timeoutMilliseconds: how long to wait for events; empty after a wait without any.
    /// - Throws: `RunError` where the recording can't be written; what the activity throws.
    public func next(timeoutMilliseconds: Int = 20) throws -> [ExchangeGroup]? {
        if isOver { return nil }
        if begin == nil {
            begin = clock.milliseconds
            ending.begin(durationSeconds: options.durationSeconds)
            nextSnapshot = clock.milliseconds
            try activity.begin(in: topology)
        }
        if takenCount == newest.events.count, !pipeline.isBehind {
            guard let batch = source.next(timeoutMilliseconds: timeoutMilliseconds) else { return try end() }
            if hasStopped || ending.isDue {
                stepBack.end()
            } else {
                stepBack.note(events: batch.events.count, atMilliseconds: clock.milliseconds)
            }
            try record { try $0.write(batch) }
            newest = batch
            takenCount = 0
        }
        while true {
            while pipeline.isBehind {
                pipeline.advance()
                // Many walks end at once: what there is of them is handed out before the rest is made.
                if pipeline.isBehind, pipeline.hasFinished { return pipeline.finishedExchanges() }
            }
            // To ask costs as much as to take a packet.
            guard takenCount < newest.events.count, takenCount & 63 != 0 || !isReadingOver else { break }
            takenCount += 1
            take(newest.events[takenCount - 1])
        }
        try betweenBatches()
        if isReadingOver {
            try cutShort()
            return try end()
        }
        return pipeline.finishedExchanges()
    }

    private func take(_ event: borrowing Event) {
        switch event {
        case .packet(let observation):
            if observation.headers.ipProtocol == .udp, let name = newest.nameEvent(of: observation) {
                pipeline.begin(.name(name))
            }
            pipeline.take(observation)
        default: pipeline.begin(copy event)
        }
    }

    /// Ends the run in order: `next` still gives what has been seen so far.
    public func stop() {
        guard !hasStopped else { return }
        hasStopped = true
        source.stop()
    }

    /// Ends the activity and the capture, whatever is left. A run that `next` ended needs no call.
    public func close() {
        guard !isClosed else { return }
        isClosed = true
        stepBack.end()
        activity.cancel()
        stop()
    }

    /// What conntrack told of connections of a walk's addresses, whatever their ports.
    func flows(concerning walk: Walk) -> [FlowEvent] { pipeline.flows(concerning: walk) }

    /// What could not be watched, a sentence each; those of earlier calls are left out.
    public func newWarnings() -> [String] {
        let all = source.warnings
        defer { warningCount = all.count }
        return Array(all.dropFirst(warningCount))
    }

    private var isReadingOver: Bool { ending.isOlder(thanMilliseconds: options.endingTimes.reading) }

    /// Whether the run was to end so long ago that what it still gives is not to be written out.
    public var isWritingOver: Bool { ending.isOlder(thanMilliseconds: options.endingTimes.writing) }

    private func betweenBatches() throws {
        let state = try activity.poll()
        try feed(state.events)
        let now = clock.milliseconds
        if pipeline.wantsSnapshot, now >= nextSnapshot {
            try feed(try network.snapshot())
            nextSnapshot = clock.milliseconds + Self.snapshotInterval
        }
        if state.ended, stopAt == nil { stopAt = now + options.settleMilliseconds }
        if ending.isDue { stopAt = now }
        if let stopAt, now >= stopAt { stop() }
    }

    /// What is open ends now, explained from the network as it is now.
    private func end() throws -> [ExchangeGroup] {
        isOver = true
        stepBack.end()
        try feed(activity.poll().events)
        // Before the open walks end, not after: a replay meets the snapshot at the same place. Where there is no time
        // left for causes there is none to read the network.
        if !ending.isOlder(thanMilliseconds: options.endingTimes.walks) { try feed(try network.snapshot()) }
        pipeline.endOfStream()
        let rest = pipeline.finish()
        try record { try $0.close() }
        close()
        return rest
    }

    /// Leaves what was not read yet unread. Walks that are open then must not be called lost for want of it.
    private func cutShort() throws {
        let unread = source.abandon()
        let loss = Loss(
            timeNanoseconds: realTimeNanoseconds(), vantage: nil, source: Loss.interrupted, lost: UInt64(max(1, unread))
        )
        try record { try $0.write(.loss(loss)) }
        pipeline.cutShort(loss)
    }

    private func feed(_ events: [Event]) throws {
        for event in events {
            try record { try $0.write(event) }
            pipeline.take(event)
        }
    }

    private func record(_ body: (RecordingWriter) throws -> Void) throws {
        guard let recorder else { return }
        do {
            try body(recorder)
        } catch let error as RecordingError {
            throw RunError(.cannotWrite, "cannot write the recording \(error)")
        }
    }
}
