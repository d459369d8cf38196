internal import Network
public import Probes
public import Snapshot
internal import Twin
internal import WalkModel
internal import Wire

/// Sends a packet in the twin of a snapshot and says what would become of it on the host: nothing is sent there.
///
/// Where the twin takes something for granted that decides the outcome, the twin is built the other way too, and both
/// outcomes are told.
public struct Predictor: Sendable {
    public var snapshot: HostSnapshot
    /// Made in the twin before the packet is sent.
    public var changes: [TrialChange] = []
    /// The program that is run in the sandbox; this one where nil.
    public var program: String?

    public init(_ snapshot: HostSnapshot, changes: [TrialChange] = [], program: String? = nil) {
        self.snapshot = snapshot
        self.changes = changes
        self.program = program
    }

    /// - Parameter from: a namespace's name in the snapshot.
    /// - Returns: walks that are marked as predicted. Throws `TrialError`.
    public func predict(
        _ request: PacketRequest, from: String, options: TrialOptions
    ) throws(TrialError) -> TrialExplanation {
        let trial = Trial(snapshot: snapshot, program: program)
        var found = try trial.explain(request, from: from, changes: changes, options: options)
        let assumptions = try PredictionDoubts(
            predictor: self, trial: trial, request: request, from: from, options: options, found: found
        ).assumptions()
        found.exchanges = found.exchanges.map { $0.predicted(on: snapshot.host, assuming: assumptions) }
        return found
    }
}
