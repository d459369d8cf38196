internal import Observations
internal import Topology

/// The drop probe as one of the reader's sources.
final class DropSource: ProbeSource {
    let name = "drop reasons"
    private let probe: DropProbe
    private let namespaces: [UInt64: String]

    init(probe: DropProbe, namespaces: [Namespace]) {
        self.probe = probe
        self.namespaces = Dictionary(namespaces.map { ($0.inode, $0.name) }) { first, _ in first }
    }

    var descriptor: Int32 { probe.descriptor }

    func read(into intake: Intake, limit: Int) -> ReadOutcome {
        for event in probe.read(namespaceName: { self.namespaces[$0] }) {
            switch event {
            case .drop(let drop): intake.event(event, timeNanoseconds: drop.timeNanoseconds)
            case .loss(let loss): intake.loss(loss)
            default: break
            }
        }
        return .drained
    }

    func reportLosses(into intake: Intake) {}
    func close() {}
}
