public import Network
public import Probes
public import Snapshot
internal import Runs
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
    /// What the packet can meet, where it is known already; nil to find it in the snapshot.
    public var slice: NetworkSlice?
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
        let trial = Trial(snapshot: part(for: request, from: from), program: program)
        var found = try trial.explain(request, from: from, changes: changes, options: options)
        let assumptions = try PredictionDoubts(
            predictor: self, trial: trial, request: request, from: from, options: options, found: found
        ).assumptions()
        found.exchanges = found.exchanges.map { $0.predicted(on: snapshot.host, assuming: assumptions) }
        return found
    }

    /// What is rebuilt: all of the network where it is changed first, since what the packet can meet may then be more; else
    /// what it can meet. Rules are kept whole: their positions stand in texts.
    func part(for request: PacketRequest, from: String) -> HostSnapshot {
        guard changes.isEmpty else { return snapshot }
        var question = request.question(from: from)
        // The one that commands are typed in is always there.
        if let home = snapshot.namespaces.first?.name { question.from.append(home) }
        let slice = slice ?? snapshot.slice(question)
        return snapshot.sliced(by: slice, wholeRules: .max).snapshot
    }
}
