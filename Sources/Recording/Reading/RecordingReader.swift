internal import Glibc
public import Network
public import Observations
public import Wire

/// Reads recordings, and captures made by others, as the events of runs.
///
/// ```swift
/// let reader = try RecordingReader(path: "trace.pcapng")
/// var engine = WalkEngine()
/// try reader.read(
///     events: { run, event in engine.take(event) }, packets: { run, observation, _ in engine.take(observation) })
/// for error in reader.damage { print(error) }
/// ```
///
/// A recording of ours gives exactly the events that were written, in their order, watermarks included, whatever is read
/// beside it; a ring's files are read one behind the other. Each event comes with its run, whose names and numbers hold
/// nowhere else. Captures that others made are one run together: vantage points by their interfaces, packets merged by
/// time, losses, and watermarks one second behind the latest packet. Where a single recording is read with them they
/// belong to its run. pcapng, pcap, and either of them in gzip or zstd.
///
/// Cost: constant memory, one pass; a packet is dissected where it stands and nothing is allocated for it.
public final class RecordingReader {
    /// What was wrong with the files, the first sixteen of each; what was good is read nevertheless.
    public var damage: [RecordingError] { streams.flatMap(\.damage) }
    /// Interfaces of link types that are not read, the first sixteen of each file.
    public var unreadInterfaces: [UnreadInterface] { streams.flatMap(\.unread) }
    /// Whether nothing of one of the files is of a link type that is read.
    public var hasUnreadFile: Bool { streams.contains(where: \.hasUnreadFile) }
    /// The link type of all packets; nil of several files, or several link types.
    public var onlyLinkType: LinkType? {
        let linkTypes = streams.flatMap(\.linkTypes)
        return linkTypes.count == 1 ? linkTypes.first?.linkType : nil
    }
    /// The one file that is read, none of whose packets could be read as their link type.
    public func misnamed(packetCount: Int) -> UnreadInterface? {
        guard let linkType = onlyLinkType, let path = streams.flatMap(\.linkTypes).first?.path else { return nil }
        return UnreadInterface(path: path, name: nil, linkType: linkType, packetCount: packetCount)
    }
    /// The runs whose files are damaged.
    public var damagedRuns: Set<RunID> { Set(streams.filter { !$0.damage.isEmpty }.map(\.source.run)) }
    /// Whether all that was read are recordings of ours: otherwise walks rest on labels, times and addresses alone.
    public let isRecording: Bool
    /// Whether all are recordings of runs that were asked for certain packets only.
    public var isFiltered: Bool { isRecording && streams.allSatisfy(\.isFiltered) }

    private let streams: [RecordingStream]
    private let runs: RunRegistry
    /// The one that captures of others belong to; nil where there are none.
    private let mergedRun: RunID?
    private var isRead = false
    /// Whether all that is read lies in files or in memory.
    let neverWaits: Bool

    /// Captures that others made are sorted at most this far.
    private static let reorderNanoseconds: Int64 = 1_000_000_000
    private static let watermarkStepNanoseconds: Int64 = 50_000_000

    /// Opens one file; `-` is standard input.
    public convenience init(path: String) throws {
        try self.init(points: [CapturePoint(path: path)])
    }

    /// Opens files to be read together. Throws `RecordingError` where one can't be opened or is no capture.
    ///
    /// - Parameter following: for files of one recording that is still written, or one capture: waits for more at the end of
    ///   the newest one.
    public convenience init(points: [CapturePoint], following: Following? = nil) throws {
        let newest = points.indices.max { RingName.number(points[$0].path) < RingName.number(points[$1].path) }
        let sources = try points.enumerated().map { index, point in
            guard let following, index == newest, point.path != "-" else {
                return (point, try ByteSource(path: point.path))
            }
            // Its first bytes may be still to come.
            if access(point.path, R_OK) == 0 { _ = following.waitForBeginning(of: point.path) }
            return (point, try ByteSource(path: point.path, following: following))
        }
        try self.init(sources, following: following)
    }

    /// Reads a recording that is in memory; errors call it `name`.
    public convenience init(bytes: [UInt8], name: String) throws {
        try self.init([(CapturePoint(path: name), try ByteSource(bytes: bytes, name: name))])
    }

    private init(_ points: [(CapturePoint, ByteSource)], following: Following? = nil) throws {
        let registry = VantageRegistry()
        let runs = RunRegistry()
        var groups: [[RecordingSource]] = []
        var groupOfRun: [RunID: Int] = [:]
        var foreign: [RecordingSource] = []
        for (point, bytes) in points {
            let source = try RecordingSource(point, source: bytes, registry: registry, runs: runs)
            // Far enough to learn whose it is.
            _ = source.advance()
            if source.header == nil {
                foreign.append(source)
            } else if let group = groupOfRun[source.run] {
                groups[group].append(source)
                continue
            } else {
                groupOfRun[source.run] = groups.count
            }
            groups.append([source])
        }
        isRecording = !points.isEmpty && foreign.isEmpty
        mergedRun = foreign.isEmpty ? nil : groupOfRun.count == 1 ? groupOfRun.keys.first : runs.addUnknown()
        if let mergedRun { for source in foreign { source.run = mergedRun } }
        if following != nil, groups.count > 1 {
            throw RecordingError(
                path: points[points.count - 1].0.path,
                reason: "cannot follow several recordings at once: give the files of one")
        }
        streams = groups.map { group in
            RecordingStream(group) {
                following.flatMap { Self.open(next: $0, registry: registry, runs: runs) }
            }
        }
        neverWaits = points.allSatisfy { $0.1.neverWaits }
        self.runs = runs
    }

    /// The file that comes after one that was followed to its end; nil where none does, or it can't be read.
    private static func open(next following: Following, registry: VantageRegistry, runs: RunRegistry)
        -> RecordingSource?
    {
        guard let path = following.takeNext(), following.waitForBeginning(of: path),
            let bytes = try? ByteSource(path: path, following: following),
            let source = try? RecordingSource(
                CapturePoint(path: path), source: bytes, registry: registry, runs: runs)
        else { return nil }
        _ = source.advance()
        return source
    }

    /// The host of a run; nil for captures that others made. A recording that names none gets an identity of its own.
    public func host(of run: RunID) -> HostID? {
        runs.hosts.indices.contains(Int(run.rawValue)) ? runs.hosts[Int(run.rawValue)] : nil
    }

    /// The hosts of all runs that were found so far: those that the files begin with, once they are open.
    public var hosts: [HostID] { runs.hosts.compactMap(\.self) }

    /// Reads everything, once: packets with their bytes, valid during the call, and all other events. Of several runs
    /// the one whose next packet is the oldest goes first.
    ///
    /// Throws what the closures throw. Damage of the files ends their reading and stands in `damage` afterwards.
    public func read(
        events: (RunID, Event) throws -> Void, packets: (RunID, borrowing Observation, RawSpan) throws -> Void
    ) throws {
        guard !isRead else { return }
        isRead = true
        if streams.count == 1, isRecording {
            try read(streams[0], events: events, packets: packets)
        } else {
            try merge(events: events, packets: packets)
        }
    }

    private func read(
        _ stream: RecordingStream, events: (RunID, Event) throws -> Void,
        packets: (RunID, borrowing Observation, RawSpan) throws -> Void
    ) throws {
        var observation = Self.emptyObservation
        while stream.step != .end {
            if stream.step == .packet {
                try stream.readPackets(into: &observation, packets)
            } else {
                try events(stream.source.run, stream.source.event)
                stream.advance()
            }
        }
    }

    private static var emptyObservation: Observation {
        Observation(
            timeNanoseconds: 0, vantage: VantageID(rawValue: .max), clock: .passage, headers: PacketHeaders())
    }

    private func merge(
        events: (RunID, Event) throws -> Void, packets: (RunID, borrowing Observation, RawSpan) throws -> Void
    ) throws {
        var observation = Self.emptyObservation
        // Of `mergedRun`. Every other run has one stream alone, whose own watermarks hold.
        var latest = Int64.min
        var watermark = Int64.min
        while let stream = oldestStream() {
            let source = stream.source
            let isMerged = source.run == mergedRun
            if stream.step == .packet {
                try source.givePacket(&observation, packets)
                if isMerged {
                    latest = max(latest, source.timeNanoseconds)
                    let (safe, overflows) = latest.subtractingReportingOverflow(Self.reorderNanoseconds)
                    if !overflows, watermark == .min || safe &- watermark >= Self.watermarkStepNanoseconds {
                        watermark = safe
                        try events(source.run, .watermark(timeNanoseconds: safe))
                    }
                }
            } else if isMerged, case .watermark = source.event {
                // It says nothing of the other files of this run.
            } else {
                try events(source.run, source.event)
            }
            stream.advance()
        }
        if let mergedRun, latest != .min { try events(mergedRun, .watermark(timeNanoseconds: latest)) }
    }

    private func oldestStream() -> RecordingStream? {
        var chosen: RecordingStream?
        var oldest = Int64.max
        for stream in streams where stream.step != .end {
            // What isn't a packet goes with the one before it.
            let time = stream.step == .event ? Int64.min : stream.source.timeNanoseconds
            if chosen == nil || time < oldest {
                chosen = stream
                oldest = time
            }
        }
        return chosen
    }
}
