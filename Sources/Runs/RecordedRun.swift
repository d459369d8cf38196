internal import Network
internal import Observations
public import Recording
internal import Wire

/// A recording or a capture, replayed: the walks and findings that the live run gave. Files of several runs are read
/// together, each with a pipeline of its own.
///
/// Exchanges are pushed, not pulled as in `LiveRun`. Files are read and dissected by a thread of its own, ahead of the
/// pipelines, which changes nothing but the time that it takes.
public struct RecordedRun {
    public let reader: RecordingReader
    /// Packets read so far.
    public private(set) var packetCount = 0
    /// Those of them that contradict their link type from the first header on.
    private var misnamedCount = 0
    /// Whether the file holds the state of the network.
    public private(set) var hasTopology = false

    private let isFollowed: Bool

    /// Opens the files of one recording, or captures of single devices. Throws `RunError`.
    ///
    /// - Parameter following: for one that is still written: exchanges are then given as soon as they are over.
    public init(_ points: [CapturePoint], following: Following? = nil) throws {
        isFollowed = following != nil
        do {
            reader = try RecordingReader(points: points, following: following)
        } catch let error as RecordingError {
            throw RunError(.badInput, "cannot replay \(error)")
        }
    }

    /// What was wrong with the files; what was good is replayed nevertheless.
    public var damage: [RecordingError] { reader.damage }

    /// Interfaces whose packets were left out, since their link type is not read, or is not theirs.
    public var unreadInterfaces: [UnreadInterface] {
        let unread = reader.unreadInterfaces
        guard unread.isEmpty, packetCount > 0, misnamedCount == packetCount else { return unread }
        return [reader.misnamed(packetCount: packetCount)].compactMap(\.self)
    }

    /// Whether nothing could be read of one of the files.
    public var hasUnreadFile: Bool { reader.hasUnreadFile || unreadInterfaces.contains(where: \.isMisnamed) }

    /// Reads everything, once. Throws what the closures throw.
    ///
    /// - Parameter pass: told how far the stream has come, in nanoseconds since 1970, and how far for who takes its exchanges.
    public mutating func replay(
        pass: (Int64, Int64) throws -> Void = { _, _ in }, _ take: ([ExchangeGroup]) throws -> Void
    ) throws {
        let reader = reader
        var pipelines = RunPipelines(isOrdered: !isFollowed) { reader.host(of: $0)?.label(among: reader.hosts) }
        var (packetCount, hasTopology, misnamedCount) = (packetCount, hasTopology, misnamedCount)
        try reader.readAhead(
            here: isFollowed,
            events: { run, event in
                if case .topology = event { hasTopology = true }
                if case .watermark(let time) = event {
                    try pipelines.take(watermark: time, of: run, take)
                    try pass(time, pipelines.exchangeTime(of: run))
                } else {
                    pipelines.take(event, of: run)
                }
            },
            packets: { run, observation in
                packetCount += 1
                if observation.headers.network == .other, observation.headers.flags.contains(.malformed) {
                    misnamedCount += 1
                }
                pipelines.take(observation, of: run)
            })
        (self.packetCount, self.hasTopology, self.misnamedCount) = (packetCount, hasTopology, misnamedCount)
        for run in reader.damagedRuns { pipelines.noteDamage(of: run) }
        try pipelines.finish(take)
    }
}
