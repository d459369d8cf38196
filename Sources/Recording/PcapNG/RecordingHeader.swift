internal import Observations
internal import Network

/// Says that a section is a recording of ours.
struct RecordingHeader: Codable, Equatable {
    static let schema = "packetwalk.recording/2"
    /// What is read. Of 1 no record is packed.
    static let knownSchemas: Set<String> = [schema, "packetwalk.recording/1"]

    var schema = Self.schema
    /// The same in all files of a ring.
    var run: String
    /// Counted from 1 within the run.
    var file: Int
    var anonymized: Bool
    /// Whether the run was asked for certain packets only; nil in recordings from before this was kept.
    var filtered: Bool?
    /// Whose events these are; nil in recordings from before this was kept, and in anonymised ones.
    var host: HostID?
}

struct TopologyRecord: Codable {
    var time: Int64
    var topology: Topology
}

struct VantageRecord: Codable {
    var id: UInt32
    /// The interface block that its packets refer to, counted from 0 in the section.
    var interface: UInt32
    var point: VantagePoint
}
