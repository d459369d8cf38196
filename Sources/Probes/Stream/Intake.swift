internal import Observations
internal import Wire

/// The merger: takes events from all sources as they are read, and hands them on in the order of their times.
///
/// Sources differ in latency: a capture is read within microseconds, NFLOG waits to fill a message, a conntrack event
/// is known only when it is read. So events wait for `holdNanoseconds`, are sorted, and go out with a watermark that
/// promises that nothing older follows. Among equal times the rank decides, then the order of reading.
///
/// Two kinds of events need no waiting and stand at the head of the next batch: declarations (vantage points,
/// topology) and facts about the run (losses, route decisions). Flow events go out ahead by the hold, since a packet
/// can be seen after its translation before the conntrack event of it is read; their end (`destroy`) does not, and
/// a flow that follows on the end of one with the same tuple stays behind it.
///
/// An event that comes later than a watermark that was already given out gets that watermark's time, and an
/// observation the clock `.reading`: the promise holds, and the time does not pretend to be the passage's.
final class Intake {
    /// What one round of reading brought: kept together so that nothing is copied while it waits.
    private struct Chunk {
        var observations: [Observation] = []
        var events: [Event] = []
        var bytes: [UInt8] = []
        var waiting = 0
    }

    private struct Entry {
        var key: Int64
        /// Serial number of the chunk.
        var chunk: Int
        var index: UInt32
        var sequence: UInt32
        var rank: UInt8
        var isPacket: Bool

        func precedes(_ other: Entry) -> Bool {
            if key != other.key { return key < other.key }
            if rank != other.rank { return rank < other.rank }
            return sequence < other.sequence
        }
    }

    let holdNanoseconds: Int64
    let registry = VantageRegistry()
    private(set) var watermarkNanoseconds = Int64.min
    private(set) var lateCount: UInt64 = 0
    /// The last watermark that was handed on.
    private var toldNanoseconds = Int64.min

    private var head: [Event] = []
    private var entries: [Entry] = []
    /// So many of the entries are in order.
    private var sortedCount = 0
    private var chunks: [Chunk] = [Chunk()]
    private var firstChunk = 0
    private var sequence: UInt32 = 0
    private var endedFlows: [EndedFlow: Int64] = [:]

    private struct EndedFlow: Hashable {
        var namespace: String
        var tuple: FlowTuple
    }

    /// Packets that passed before are not taken: while the probes were armed one after the other some saw what others
    /// missed, and a packet would seem to have got lost between them.
    var beginNanoseconds = Int64.min
    /// Nor are packets that passed later: once a run is stopped some sources are read further than others.
    var endNanoseconds = Int64.max
    /// Decides which packets are taken at all.
    var sampler = PacketSampler(.all)
    /// Packets that were shown to it since the run began, each counted wherever it was seen.
    private(set) var seenCount: UInt64 = 0
    /// Those of them that were taken.
    private(set) var takenCount: UInt64 = 0
    /// Of the newest packet, in nanoseconds since 1970; 0 before the first.
    private(set) var newestNanoseconds: Int64 = 0
    /// Decides `Observation.matchesFilter`; set before the first packet.
    var filter: PacketFilter?
    /// Sees each packet, with its bytes, as it is taken in: asks for its route, for one.
    var onPacket: ((borrowing Observation, VantageRegistry, RawSpan) -> Void)?

    /// Sees each flow event as it is taken in.
    var onFlow: ((FlowEvent) -> Void)?

    init(holdNanoseconds: Int64 = 100_000_000) {
        self.holdNanoseconds = holdNanoseconds
    }

    /// Events that wait.
    var count: Int { entries.count + head.count }

    // MARK: Taking in

    /// The number of a vantage point; declares it where it is new.
    func vantage(_ point: VantagePoint) -> VantageID {
        let (number, isNew) = registry.number(of: point)
        if isNew { head.append(.vantage(number, point)) }
        return number
    }

    /// Takes a packet and copies its bytes. `matchesFilter` is decided here.
    ///
    /// - Parameter rank: order among packets of one time: the lower goes first.
    func packet(_ observation: Observation, bytes: UnsafeRawBufferPointer, rank: UInt8 = 0) {
        seenCount &+= 1
        guard (beginNanoseconds...endNanoseconds).contains(observation.timeNanoseconds) else { return }
        newestNanoseconds = max(newestNanoseconds, observation.timeNanoseconds)
        guard sampler.takes(observation.headers, in: bytes.bytes) else { return }
        takenCount += 1
        var taken = observation
        if let filter {
            let linkType = registry.linkType(of: observation.vantage)
            taken.matchesFilter =
                filter.matches(bytes, linkType: linkType, originalLength: Int(observation.originalLength))
                || filter.matchesQuotation(bytes, observation.headers)
        }
        if taken.timeNanoseconds < watermarkNanoseconds {
            taken.timeNanoseconds = watermarkNanoseconds
            taken.clock = .reading
            lateCount += 1
        }
        let last = chunks.count - 1
        taken.bytesOffset = UInt32(truncatingIfNeeded: chunks[last].bytes.count)
        taken.bytesCount = UInt32(truncatingIfNeeded: bytes.count)
        chunks[last].bytes.append(contentsOf: bytes)
        add(
            key: taken.timeNanoseconds, rank: rank, isPacket: true, index: chunks[last].observations.count)
        chunks[last].observations.append(taken)
        onPacket?(taken, registry, bytes.bytes)
    }

    /// Takes an event that has a place among the packets: a rule met, a drop.
    func event(_ event: Event, timeNanoseconds: Int64, rank: UInt8 = 128) {
        if !(beginNanoseconds...endNanoseconds).contains(timeNanoseconds), case .drop = event { return }
        let last = chunks.count - 1
        add(
            key: max(timeNanoseconds, watermarkNanoseconds), rank: rank, isPacket: false,
            index: chunks[last].events.count)
        chunks[last].events.append(event)
    }

    /// Takes a fact that waits for nothing: it stands at the head of the next batch.
    func fact(_ event: Event) {
        head.append(event)
    }

    /// Takes a conntrack event, stamped with the time of its reading.
    func flow(_ event: FlowEvent) {
        onFlow?(event)
        let ended = EndedFlow(namespace: event.namespace, tuple: event.original)
        if event.change == .destroy {
            endedFlows[ended] = event.timeNanoseconds
            self.event(.flow(event), timeNanoseconds: event.timeNanoseconds, rank: 255)
            return
        }
        var key = event.timeNanoseconds - holdNanoseconds
        if let end = endedFlows[ended] { key = max(key, end + 1) }
        self.event(.flow(event), timeNanoseconds: key, rank: 0)
    }

    func loss(_ loss: Loss) {
        if loss.lost > 0 { head.append(.loss(loss)) }
    }

    private func add(key: Int64, rank: UInt8, isPacket: Bool, index: Int) {
        let last = chunks.count - 1
        chunks[last].waiting += 1
        entries.append(
            Entry(
                key: key, chunk: firstChunk + last, index: UInt32(truncatingIfNeeded: index), sequence: sequence,
                rank: rank, isPacket: isPacket))
        sequence &+= 1
    }

    /// What waited since the last time is in order already: what came since is merged into its end.
    private func sortEntries() {
        let start = sortedCount
        sortedCount = entries.count
        guard start < entries.count else { return }
        entries[start...].sort { $0.precedes($1) }
        let first = entries[start]
        guard start > 0, first.precedes(entries[start - 1]) else { return }
        var (low, high) = (0, start)
        while low < high {
            let middle = (low + high) / 2
            if first.precedes(entries[middle]) { high = middle } else { low = middle + 1 }
        }
        var merged: [Entry] = []
        merged.reserveCapacity(entries.count - low)
        var (left, right) = (low, start)
        while left < start, right < entries.count {
            if entries[right].precedes(entries[left]) {
                merged.append(entries[right])
                right += 1
            } else {
                merged.append(entries[left])
                left += 1
            }
        }
        merged += entries[left..<start]
        merged += entries[right...]
        entries.replaceSubrange(low..., with: merged)
    }

    /// Leaves out what passed before, of what waits and of what is still to be read: it would be shown too late.
    func skip(before time: Int64) {
        for lost in [watermarkNanoseconds, time] where lost != .min {
            loss(Loss(timeNanoseconds: lost, vantage: nil, source: Loss.changedSampling, lost: 1))
        }
        beginNanoseconds = max(beginNanoseconds, time)
        sortEntries()
        entries.removeAll { entry in
            guard entry.isPacket, entry.key < time else { return false }
            chunks[entry.chunk - firstChunk].waiting -= 1
            return true
        }
        sortedCount = entries.count
    }

    /// Whether a packet is not taken whatever it is.
    func isTooOld(_ time: Int64) -> Bool {
        guard time < beginNanoseconds else { return false }
        seenCount &+= 1
        return true
    }

    /// Leaves packets out of what waits.
    func thin(keeping takes: (borrowing Observation, RawSpan) -> Bool) {
        sortEntries()
        entries.removeAll { entry in
            guard entry.isPacket else { return false }
            let chunk = entry.chunk - firstChunk
            let observation = chunks[chunk].observations[Int(entry.index)]
            let start = Int(observation.bytesOffset)
            let isTaken = chunks[chunk].bytes.withUnsafeBytes { bytes in
                takes(
                    observation,
                    UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(observation.bytesCount)]).bytes)
            }
            if !isTaken { chunks[chunk].waiting -= 1 }
            return !isTaken
        }
        sortedCount = entries.count
    }

    // MARK: Handing on

    /// What has no more to wait for, given that all sources were read up to `readUpTo`; ends in a watermark.
    ///
    /// - Parameter lag: how late an event may be read. What bears the time of its reading (hooks on the way out) then
    ///   comes so much after the packet's other sightings, which must not be taken for a whole walk before: the
    ///   watermark stays behind by it.
    func release(readUpTo: Int64, hold: Int64? = nil, lag: Int64 = 0) -> EventBatch {
        let until = max(watermarkNanoseconds, readUpTo - (hold ?? holdNanoseconds))
        var batch = EventBatch()
        for event in head { batch.append(event) }
        head.removeAll(keepingCapacity: true)

        sortEntries()
        let end = entries.firstIndex { $0.key > until } ?? entries.count
        for entry in entries[..<end] {
            let chunk = entry.chunk - firstChunk
            if entry.isPacket {
                let observation = chunks[chunk].observations[Int(entry.index)]
                let start = Int(observation.bytesOffset)
                let end = start + Int(observation.bytesCount)
                chunks[chunk].bytes.withUnsafeBytes { bytes in
                    batch.append(observation, bytes: UnsafeRawBufferPointer(rebasing: bytes[start..<end]).bytes)
                }
            } else {
                batch.append(chunks[chunk].events[Int(entry.index)])
            }
            chunks[chunk].waiting -= 1
        }
        entries.removeSubrange(..<end)
        sortedCount = entries.count
        while let first = chunks.first, first.waiting == 0, chunks.count > 1 {
            chunks.removeFirst()
            firstChunk += 1
        }
        if let last = chunks.last, !last.observations.isEmpty || !last.events.isEmpty { chunks.append(Chunk()) }
        if entries.isEmpty { sequence = 0 }
        if !endedFlows.isEmpty { endedFlows = endedFlows.filter { $0.value >= until } }

        watermarkNanoseconds = until
        toldNanoseconds = max(toldNanoseconds, until - lag)
        batch.append(.watermark(timeNanoseconds: toldNanoseconds))
        return batch
    }
}
