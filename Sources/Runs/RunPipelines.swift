public import Observations
internal import WalkModel

/// A pipeline for each run that is replayed.
///
/// Each has the network of its own host and its own clock, so runs that are read together give what each of them gives
/// alone: a packet of one is not joined to a packet of another because both look alike, and one network does not explain
/// what became of a packet in another.
public struct RunPipelines {
    /// An object, since what a pipeline holds is never copied.
    private final class Run {
        var pipeline = WalkPipeline(awaitsSnapshot: false)
        var order = ExchangeOrder()
        /// Of the last packet.
        var latestNanoseconds = Int64.min
        var watermark = Int64.min
    }

    private var runs: [Run] = []
    private let isOrdered: Bool
    private let hostLabel: (RunID) -> String?

    /// - Parameters:
    ///   - isOrdered: whether exchanges are given in the order in which they began; else as soon as they are over.
    ///   - hostLabel: what walks call the host of a run; nil for the name that the run's network gives.
    public init(isOrdered: Bool = true, hostLabel: @escaping (RunID) -> String? = { _ in nil }) {
        self.isOrdered = isOrdered
        self.hostLabel = hostLabel
    }

    public mutating func take(_ event: Event, of run: RunID) { runs[index(run)].pipeline.take(event) }

    /// Takes a watermark, and gives the exchanges that are over by then to `sink`, with their findings, in the order in which
    /// their packets were first seen: as soon as none that was seen before can follow, or too many wait. A part at a time: a
    /// busy second's would take half a gigabyte together.
    public mutating func take(
        watermark nanoseconds: Int64, of run: RunID, _ sink: ([ExchangeGroup]) throws -> Void
    ) rethrows {
        let index = index(run)
        runs[index].pipeline.begin(.watermark(timeNanoseconds: nanoseconds))
        try drain(index, sink)
        runs[index].watermark = max(runs[index].watermark, nanoseconds)
        order(index)
        try sink(released(index))
    }

    private mutating func released(_ index: Int) -> [ExchangeGroup] {
        isOrdered ? runs[index].order.released(watermark: runs[index].watermark) : runs[index].order.rest()
    }

    /// Makes the walks that have ended.
    private mutating func drain(_ index: Int, _ sink: ([ExchangeGroup]) throws -> Void) rethrows {
        while runs[index].pipeline.isBehind {
            runs[index].pipeline.advance()
            order(index)
            try sink(released(index))
        }
    }

    private mutating func order(_ index: Int) {
        runs[index].order.take(labelled(runs[index].pipeline.finishedExchanges(), RunID(rawValue: UInt32(index))))
    }

    /// How far a run has come for who takes its exchanges: see `WalkPipeline.exchangeTime`.
    public mutating func exchangeTime(of run: RunID) -> Int64 { runs[index(run)].pipeline.exchangeTime }

    public mutating func take(_ observation: borrowing Observation, of run: RunID) {
        let index = index(run)
        runs[index].latestNanoseconds = max(runs[index].latestNanoseconds, observation.timeNanoseconds)
        runs[index].pipeline.take(observation)
    }

    /// What is missing where a recording is damaged is no evidence that a packet was lost.
    public mutating func noteDamage(of run: RunID) {
        let index = index(run)
        guard runs[index].latestNanoseconds != .min else { return }
        runs[index].pipeline.take(
            .loss(
                Loss(
                    timeNanoseconds: runs[index].latestNanoseconds, vantage: nil, source: Loss.damage, lost: 1))
        )
    }

    /// The streams have ended: what is open ends now, and is given to `sink`, all runs together in order.
    public mutating func finish(_ sink: ([ExchangeGroup]) throws -> Void) rethrows {
        var last = ExchangeOrder()
        for index in runs.indices {
            runs[index].pipeline.beginEndOfStream()
            try drain(index, sink)
            runs[index].order.take(labelled(runs[index].pipeline.finish(), RunID(rawValue: UInt32(index))))
            last.take(runs[index].order.rest())
        }
        try sink(last.rest())
    }

    private func labelled(_ groups: [ExchangeGroup], _ run: RunID) -> [ExchangeGroup] {
        var groups = groups
        for group in groups.indices { groups[group].run = run }
        guard let label = hostLabel(run) else { return groups }
        for group in groups.indices {
            for index in groups[group].exchanges.indices {
                groups[group].exchanges[index].request.nameHost(label)
                groups[group].exchanges[index].reply?.nameHost(label)
            }
        }
        return groups
    }

    private mutating func index(_ run: RunID) -> Int {
        while runs.count <= Int(run.rawValue) { runs.append(Run()) }
        return Int(run.rawValue)
    }
}

extension Walk {
    /// Where it is not known nothing is made up.
    fileprivate mutating func nameHost(_ label: String) {
        guard host != nil, host != label else { return }
        host = label
        for index in hops.indices { hops[index].host = label }
        lastSeen?.host = label
        expectedNext?.host = label
    }
}
