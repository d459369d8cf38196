public import Observations
internal import Wire

/// Reads recordings, and captures made by others, as the events of a run.
///
/// ```swift
/// let reader = try RecordingReader(path: "trace.pcapng")
/// var engine = WalkEngine()
/// try reader.read(events: { engine.take($0) }, packets: { observation, _ in engine.take(observation) })
/// for error in reader.damage { print(error) }
/// ```
///
/// A recording of ours gives exactly the events that were written, in their order; a ring's files are read one behind
/// the other. Other captures give vantage points by their interfaces, packets merged by time, losses, and watermarks
/// one second behind the latest packet. pcapng, pcap, and either of them in gzip or zstd.
///
/// Cost: constant memory, one pass; a packet is dissected where it stands and nothing is allocated for it.
public final class RecordingReader {
    /// What was wrong with the files, the first sixteen of each; what was good is read nevertheless.
    public var damage: [RecordingError] { groups.flatMap { $0 }.flatMap(\.damage) }
    /// Whether all that was read are recordings of ours: otherwise walks rest on labels, times and addresses alone.
    public private(set) var isRecording: Bool
    /// Whether it is a recording of a run that was asked for certain packets only.
    public var isFiltered: Bool { isRecording && groups.allSatisfy { $0.first?.header?.filtered == true } }

    /// Files of one run stand in one group, to be read one behind the other.
    private var groups: [[RecordingSource]] = []
    private var isRead = false

    /// Captures that others made are sorted at most this far.
    private static let reorderNanoseconds: Int64 = 1_000_000_000
    private static let watermarkStepNanoseconds: Int64 = 50_000_000

    /// Opens one file; `-` is standard input.
    public convenience init(path: String) throws {
        try self.init(points: [CapturePoint(path: path)])
    }

    /// Opens files to be read together. Throws `RecordingError` where one can't be opened or is no capture.
    public convenience init(points: [CapturePoint]) throws {
        try self.init(points.map { ($0, try ByteSource(path: $0.path)) })
    }

    /// Reads a recording that is in memory; errors call it `name`.
    public convenience init(bytes: [UInt8], name: String) throws {
        try self.init([(CapturePoint(path: name), try ByteSource(bytes: bytes, name: name))])
    }

    private init(_ points: [(CapturePoint, ByteSource)]) throws {
        let registry = VantageRegistry()
        var isRecording = !points.isEmpty
        var byRun: [String: Int] = [:]
        for (point, bytes) in points {
            let source = try RecordingSource(point, source: bytes, registry: registry)
            // Far enough to learn whose it is.
            _ = source.advance()
            if let header = source.header {
                if let group = byRun[header.run] {
                    groups[group].append(source)
                    continue
                }
                byRun[header.run] = groups.count
            } else {
                isRecording = false
            }
            groups.append([source])
        }
        self.isRecording = isRecording
        for index in groups.indices {
            groups[index].sort { ($0.header?.file ?? 0) < ($1.header?.file ?? 0) }
            if groups.count > 1 { for source in groups[index] { source.renumber() } }
        }
    }

    /// Reads everything, once: packets with their bytes, valid during the call, and all other events.
    ///
    /// Throws what the closures throw. Damage of the files ends their reading and stands in `damage` afterwards.
    public func read(
        events: (Event) throws -> Void, packets: (borrowing Observation, RawSpan) throws -> Void
    ) throws {
        guard !isRead else { return }
        isRead = true
        if groups.count == 1, isRecording {
            try readRecording(groups[0], events: events, packets: packets)
        } else {
            try merge(events: events, packets: packets)
        }
    }

    /// Reads everything, once, each packet as an event without its bytes.
    public func read(_ body: (Event) throws -> Void) throws {
        try read(events: body) { observation, _ in try body(.packet(copy observation)) }
    }

    private func readRecording(
        _ sources: [RecordingSource], events: (Event) throws -> Void,
        packets: (borrowing Observation, RawSpan) throws -> Void
    ) throws {
        var previous: Int?
        var observation = Observation(
            timeNanoseconds: 0, vantage: VantageID(rawValue: .max), clock: .passage, headers: PacketHeaders())
        for source in sources {
            let file = source.header?.file
            let follows = previous != nil && file == previous.map { $0 + 1 }
            source.skipsRepeated = follows
            previous = file
            var step = source.step
            // The first was read before it was known that it repeats.
            if follows, step == .event, source.isRepeated { step = source.advance() }
            while step != .end {
                if step == .packet {
                    step = try source.readPackets(into: &observation, packets)
                } else {
                    try events(source.event)
                    step = source.advance()
                }
            }
        }
    }

    /// Several files by time: the one whose next event is the oldest goes first.
    private func merge(
        events: (Event) throws -> Void, packets: (borrowing Observation, RawSpan) throws -> Void
    ) throws {
        var observation = Observation(
            timeNanoseconds: 0, vantage: VantageID(rawValue: .max), clock: .passage, headers: PacketHeaders())
        var heads = groups.map { Array($0.reversed()) }
        var latest = Int64.min
        var watermark = Int64.min
        while true {
            var chosen = -1
            var oldest = Int64.max
            for index in heads.indices {
                while let source = heads[index].last, source.step == .end { heads[index].removeLast() }
                guard let source = heads[index].last else { continue }
                // What isn't a packet goes with the one before it.
                let time = source.step == .event ? Int64.min : source.timeNanoseconds
                if chosen < 0 || time < oldest {
                    chosen = index
                    oldest = time
                }
            }
            guard chosen >= 0, let source = heads[chosen].last else { break }
            if source.step == .packet {
                try source.givePacket(&observation, packets)
                latest = max(latest, source.timeNanoseconds)
                let (safe, overflows) = latest.subtractingReportingOverflow(Self.reorderNanoseconds)
                if !overflows, watermark == .min || safe &- watermark >= Self.watermarkStepNanoseconds {
                    watermark = safe
                    try events(.watermark(timeNanoseconds: safe))
                }
            } else if case .watermark = source.event {
                // The files' own hold for one of them only.
            } else {
                try events(source.event)
            }
            _ = source.advance()
        }
        if latest != .min { try events(.watermark(timeNanoseconds: latest)) }
    }
}
