internal import Runs
internal import Discovery
internal import Glibc
internal import LinuxSystem
internal import Observations
internal import Probes
internal import Recording
internal import Network
internal import WalkModel

/// One live run: probes armed, an activity watched, exchanges given to a sink as they end.
struct Session {
    var plan: ProbePlan
    /// Ends after this many walks.
    var count: Int?
    /// Ends after this many seconds.
    var duration: Double?
    /// How long the network may still work on what the activity sent, after it has ended.
    var settleMilliseconds: Int64 = 150
    /// Keeps every event as the pipeline takes it.
    var recorder: RecordingWriter?
    /// Whether exchanges that failed are given their findings.
    var explains = true

    /// Looks at the network again for its failures at most so often.
    private static let snapshotInterval: Int64 = 1000

    /// Runs until the activity ends, a limit is reached or somebody interrupts it.
    func run(_ activity: inout some Activity, topology: Topology, into sink: inout some WalkSink) throws {
        let source = try LiveSource(topology: topology, plan: plan)
        let warnings = source.warnings
        for warning in warnings { complain(warning) }
        defer { source.stop() }
        Interruption.listen()
        var pipeline = WalkPipeline(explains: explains)
        pipeline.hasTime = { work in
            let limit = work == .walks ? Interruption.walksMilliseconds : Interruption.explainingMilliseconds
            return !Interruption.happened(before: limit)
        }
        let counters = CounterWatch(topology: topology)
        let begin = monotonicMilliseconds()
        var nextSnapshot = begin
        try activity.begin(in: topology)
        defer { activity.cancel() }

        var stopAt: Int64?
        var hasStopped = false
        var unshown = 0
        while let batch = source.next(timeoutMilliseconds: 20) {
            try recorder?.write(batch)
            for event in batch.events {
                if Interruption.happened(before: Interruption.readingMilliseconds) { break }
                try pipeline.take(event) { unshown += try give($0.finishedExchanges(), to: &sink) }
            }
            let state = try activity.poll()
            try feed(state.events, to: &pipeline)
            let now = monotonicMilliseconds()
            if pipeline.wantsSnapshot, now >= nextSnapshot {
                try takeSnapshot(counters, into: &pipeline)
                nextSnapshot = monotonicMilliseconds() + Self.snapshotInterval
            }
            unshown += try give(pipeline.finishedExchanges(), to: &sink)
            if state.ended, stopAt == nil { stopAt = now + settleMilliseconds }
            if let duration, now - begin >= Int64(duration * 1000) { stopAt = now }
            if let count, sink.walkCount >= count { stopAt = now }
            if Interruption.happened { stopAt = now }
            if let stopAt, now >= stopAt, !hasStopped {
                source.stop()
                hasStopped = true
            }
            if outputIsUnread { throw BrokenPipe() }
            if Interruption.happened(before: Interruption.readingMilliseconds) {
                try cutShort(source, &pipeline)
                break
            }
        }
        for warning in source.warnings where !warnings.contains(warning) { complain(warning) }
        try feed(activity.poll().events, to: &pipeline)
        // Before the open walks end, not after: a replay meets the snapshot at the same place.
        try takeSnapshot(counters, into: &pipeline)
        pipeline.endOfStream()
        unshown += try give(pipeline.finish(), to: &sink)
        if let signal = Interruption.name, pipeline.isCutShort || unshown > 0 {
            complain(
                "\(signal) came before the last packets were looked at: "
                    + (unshown > 0 ? "\(unshown) walks are not shown, others" : "their walks")
                    + " are missing or break off")
        }
        try recorder?.close()
    }

    /// Gives exchanges to `sink` as long as there is time; gives how many there was none for.
    private func give(_ groups: [ExchangeGroup], to sink: inout some WalkSink) throws -> Int {
        var unshown = 0
        for group in groups {
            for exchange in group.exchanges {
                if Interruption.happened(before: Interruption.writingMilliseconds) {
                    unshown += 1
                } else {
                    try sink.take([ExchangeGroup(topology: group.topology, exchanges: [exchange])])
                }
            }
        }
        return unshown
    }

    /// Lets what was not read yet go unread. Walks that are open then must not be called lost for want of it.
    private func cutShort(_ source: LiveSource, _ pipeline: inout WalkPipeline) throws {
        let unread = source.abandon()
        let loss = Loss(
            timeNanoseconds: realTimeNanoseconds(), vantage: nil, source: "interrupted", lost: UInt64(max(1, unread)))
        try recorder?.write(.loss(loss))
        pipeline.cutShort(loss)
    }

    private func feed(_ events: [Event], to pipeline: inout WalkPipeline) throws {
        for event in events {
            try recorder?.write(event)
            pipeline.take(event)
        }
    }

    /// The state that a failure is explained from: what the counters rose by, and the network as it is now.
    private func takeSnapshot(_ counters: CounterWatch, into pipeline: inout WalkPipeline) throws {
        var events = counters.changes().map { Event.counters($0) }
        events.append(.topology(try Topology.discover(), timeNanoseconds: realTimeNanoseconds()))
        try feed(events, to: &pipeline)
    }
}

/// The protocol counters of every namespace since the run began.
private struct CounterWatch {
    private let baseline: [(name: String, file: NetworkNamespaceFile, counters: ProtocolCounters)]

    init(topology: Topology) {
        baseline = topology.namespaces.compactMap { namespace in
            // A namespace that has gone or is closed to us has no counters to tell.
            guard let file = try? NetworkNamespaceFile(path: namespace.path),
                let counters = try? ProtocolCounters(in: file)
            else { return nil }
            return (namespace.name, file, counters)
        }
    }

    func changes() -> [CounterChange] {
        baseline.compactMap { entry in
            (try? ProtocolCounters(in: entry.file))?.change(since: entry.counters, namespace: entry.name)
        }
    }
}
