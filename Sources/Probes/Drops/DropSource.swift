internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import Observations
internal import Network
internal import Wire

/// The drop probe as one of the reader's sources, read by the clock as `SightingSource`.
final class DropSource: ProbeSource {
    let name = Loss.dropReasons
    private let probe: DropProbe
    private let join: TraceJoin
    private let namespaces: [UInt64: String]
    /// A timer.
    let descriptor: Int32

    /// How often the ring is read, in milliseconds.
    private static let period: Int32 = 10

    /// - Parameter join: finds the packet of a drop whose payload could not be read.
    init(probe: DropProbe, namespaces: [Namespace], join: TraceJoin) throws {
        let ticker = packetwalk_ticker(Self.period)
        if ticker < 0 { throw SystemError("make a timer", errorNumber: -ticker) }
        descriptor = highDescriptor(ticker)
        self.probe = probe
        self.join = join
        for namespace in namespaces { join.watch(namespace.name) }
        self.namespaces = Dictionary(namespaces.map { ($0.inode, $0.name) }) { first, _ in first }
    }

    func read(into intake: Intake, limit: Int) -> ReadOutcome {
        let loss = probe.read(namespaceName: { self.namespaces[$0] }) { drop, record in
            // What number a packet has of which no more than its headers could be read shows where it was seen.
            let isNumbered = record.keyOfUnread == nil || record.headers.ipProtocol == .tcp
            if isNumbered, !intake.sampler.takes(record.sampleNumber) { return }
            if let key = record.keyOfUnread, join.add(drop, key: key) { return }
            intake.event(.drop(drop), timeNanoseconds: drop.timeNanoseconds)
        }
        if let loss { intake.loss(loss) }
        var ticks: UInt64 = 0
        _ = Glibc.read(descriptor, &ticks, MemoryLayout<UInt64>.size)
        return .drained
    }

    func reportLosses(into intake: Intake) {}
    func close() { Glibc.close(descriptor) }
}
