internal import Network
internal import Observations
public import Recording

/// A recording or a capture, replayed: the walks and findings that the live run gave. Files of several runs are read
/// together, each with a pipeline of its own.
///
/// Exchanges are pushed, not pulled as in `LiveRun`. Files are read and dissected by a thread of its own, ahead of the
/// pipelines, which changes nothing but the time that it takes.
public struct RecordedRun {
    public let reader: RecordingReader
    /// Packets read so far.
    public private(set) var packetCount = 0
    /// Whether the file holds the state of the network.
    public private(set) var hasTopology = false

    /// Opens the files of one recording, or captures of single devices. Throws `RunError`.
    public init(_ points: [CapturePoint]) throws {
        do {
            reader = try RecordingReader(points: points)
        } catch let error as RecordingError {
            throw RunError(.badInput, "cannot replay \(error)")
        }
    }

    /// What was wrong with the files; what was good is replayed nevertheless.
    public var damage: [RecordingError] { reader.damage }

    /// Reads everything, once. Throws what `take` throws.
    public mutating func replay(_ take: ([ExchangeGroup]) throws -> Void) throws {
        let reader = reader
        var pipelines = RunPipelines { reader.host(of: $0)?.label(among: reader.hosts) }
        var (packetCount, hasTopology) = (packetCount, hasTopology)
        try reader.readAhead(
            events: { run, event in
                if case .topology = event { hasTopology = true }
                if case .watermark = event {
                    try pipelines.take(watermark: event, of: run, take)
                } else {
                    pipelines.take(event, of: run)
                }
            },
            packets: { run, observation in
                packetCount += 1
                pipelines.take(observation, of: run)
            })
        (self.packetCount, self.hasTopology) = (packetCount, hasTopology)
        for run in reader.damagedRuns { pipelines.noteDamage(of: run) }
        try pipelines.finish(take)
    }
}
