internal import Observations
internal import Wire

/// Has a run look at fewer packets where there are more than it may take: whole walks of some, not parts of all.
struct LoadLimit {
    /// What the run was asked for: it is never finer.
    let asked: SampleShare
    /// Sightings a second; nil for any number.
    let rate: Int?
    /// Seconds of work that may wait; nil for any.
    let backlogLimit: Double?
    private(set) var share: SampleShare
    private var countBefore: UInt64 = 0
    private var packetTimeBefore: Int64 = 0
    /// Since when there was less than an eighth of what may be, in nanoseconds of the reader's clock; 0 for not now.
    private var calmSince: Int64 = 0
    /// The most sightings a second since then.
    private var calmRate = 0.0
    private var lastChange: Int64 = 0
    /// Since when too much waits; 0 for not now.
    private var backlogSince: Int64 = 0

    /// How long a rate is measured, by the packets' own times: what waited in the kernel is read faster than it came.
    private static let span: Int64 = 100_000_000
    /// Until a change shows in what waits.
    private static let pause: Int64 = 500_000_000
    /// What waits because the reader or the consumer paused is worked off sooner.
    private static let persistence: Int64 = 250_000_000
    /// How long it must be calm before more is looked at again.
    private static let calm: Int64 = 5_000_000_000
    /// How much finer a sample becomes at once, at most.
    private static let mostFiner: UInt32 = 8

    init(asked: SampleShare, rate: Int?, backlogLimit: Double? = nil) {
        self.asked = asked
        self.rate = rate
        self.backlogLimit = backlogLimit
        share = asked
    }

    enum Reason {
        case rate
        case memory
        case backlog
    }

    struct Change {
        var share: SampleShare
        /// Nil where more is looked at again.
        var reason: Reason?

        var eventReason: SamplingChange.Reason {
            switch reason {
            case .rate: .rate
            case .memory: .memory
            case .backlog: .backlog
            case nil: .calm
            }
        }
    }

    /// - Parameters:
    ///   - count: sightings taken so far.
    ///   - packetTime: of the newest of them.
    ///   - fullness: how much of the memory for what waits is used, 0 to 1.
    ///   - work: of who takes the events.
    mutating func look(
        count: UInt64, packetTime: Int64, fullness: Double, work: Workload = Workload(), now: Int64
    ) -> Change? {
        var perSecond: Double?
        let elapsed = packetTime - packetTimeBefore
        if elapsed >= Self.span || packetTimeBefore == 0 {
            if packetTimeBefore != 0 { perSecond = Double(count - countBefore) / Double(elapsed) * 1e9 }
            countBefore = count
            packetTimeBefore = packetTime
        }
        if let rate, let perSecond, perSecond > Double(rate) {
            return coarsen(by: perSecond / Double(rate), .rate, now)
        }
        if fullness > 0.5, now - lastChange >= Self.pause { return coarsen(by: 2, .memory, now) }
        if backlogLimit.map({ work.backlogSeconds <= $0 }) ?? true {
            backlogSince = 0
        } else if backlogSince == 0 {
            backlogSince = now
        }
        if let backlogLimit, backlogSince != 0, now - max(lastChange, backlogSince) >= Self.persistence {
            // What is left is to be done in half of the time.
            return coarsen(by: min(16, work.backlogSeconds / backlogLimit * 2), .backlog, now)
        }
        return refine(perSecond, fullness, work, now)
    }

    /// How fast events are taken, and how many wait.
    struct Workload: Sendable {
        var waitingEvents = 0
        /// While it works; nil before that is known.
        var eventsPerSecond: Double?

        /// How old the oldest of what the kernel holds is.
        var unreadSeconds = 0.0

        var backlogSeconds: Double {
            max(unreadSeconds, eventsPerSecond.map { Double(waitingEvents) / max(1, $0) } ?? 0)
        }
    }

    private mutating func coarsen(by factor: Double, _ reason: Reason, _ now: Int64) -> Change? {
        calmSince = 0
        let wanted = min(Double(SampleShare.limit), (Double(share.oneOf) * factor).rounded(.up))
        guard UInt32(wanted) > share.oneOf else { return nil }
        // Powers of two, so that a rate that goes up and down is not a change each time.
        var oneOf = share.oneOf
        while Double(oneOf) < wanted { oneOf = min(SampleShare.limit, oneOf * 2) }
        return change(to: SampleShare(oneOf: oneOf), reason, now)
    }

    private mutating func refine(
        _ perSecond: Double?, _ fullness: Double, _ work: Workload, _ now: Int64
    ) -> Change? {
        guard share != asked else { return nil }
        // A finer sample is twice as much work.
        let most = min(Double(rate ?? .max) / 8, backlogLimit == nil ? .infinity : (work.eventsPerSecond ?? 0) / 4)
        if fullness > 0.125 || perSecond.map({ $0 > most }) == true {
            calmSince = 0
            return nil
        }
        if calmSince == 0 {
            calmSince = now
            calmRate = 0
        }
        calmRate = max(calmRate, perSecond ?? 0)
        guard now - calmSince >= Self.calm else { return nil }
        // After a flood all is looked at again in few steps.
        var factor: UInt32 = 2
        while most.isFinite, factor < Self.mostFiner, calmRate * Double(factor) <= most { factor *= 2 }
        return change(to: SampleShare(oneOf: max(asked.oneOf, share.oneOf / factor)), nil, now)
    }

    private mutating func change(to share: SampleShare, _ reason: Reason?, _ now: Int64) -> Change {
        self.share = share
        lastChange = now
        calmSince = 0
        packetTimeBefore = 0
        return Change(share: share, reason: reason)
    }
}
