internal import Observations
internal import Network
internal import Wire

/// The drop probe as one of the reader's sources.
final class DropSource: ProbeSource {
    let name = Loss.dropReasons
    private let probe: DropProbe
    private let join: TraceJoin
    private let namespaces: [UInt64: String]

    /// - Parameter join: finds the packet of a drop whose payload could not be read.
    init(probe: DropProbe, namespaces: [Namespace], join: TraceJoin) {
        self.probe = probe
        self.join = join
        for namespace in namespaces { join.watch(namespace.name) }
        self.namespaces = Dictionary(namespaces.map { ($0.inode, $0.name) }) { first, _ in first }
    }

    var descriptor: Int32 { probe.descriptor }

    func read(into intake: Intake, limit: Int) -> ReadOutcome {
        let loss = probe.read(namespaceName: { self.namespaces[$0] }) { drop, record in
            // What number a packet has of which no more than its headers could be read shows where it was seen.
            let isNumbered = record.keyOfUnread == nil || record.headers.ipProtocol == .tcp
            if isNumbered, !intake.sampler.takes(record.sampleNumber) { return }
            if let key = record.keyOfUnread, join.add(drop, key: key) { return }
            intake.event(.drop(drop), timeNanoseconds: drop.timeNanoseconds)
        }
        if let loss { intake.loss(loss) }
        return .drained
    }

    func reportLosses(into intake: Intake) {}
    func close() {}
}
