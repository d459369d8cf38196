internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import Observations
internal import Wire

/// The drop probe as one of the reader's sources, read by the clock as `SightingSource`.
final class DropSource: ProbeSource {
    let name = Loss.dropReasons
    private let probe: DropProbe
    private let filter: KernelFilter
    private let drops: DropReader
    private var lostBefore: UInt64 = 0
    /// Set while the ring is read.
    private var intake: Intake?
    /// A timer.
    let descriptor: Int32

    /// How often the ring is read, in milliseconds.
    private static let period: Int32 = 10

    init(probe: DropProbe, filter: KernelFilter, share: SampleShare, drops: DropReader) throws {
        try probe.set(filter.sampling(share))
        let ticker = packetwalk_ticker(Self.period)
        if ticker < 0 { throw SystemError("make a timer", errorNumber: -ticker) }
        descriptor = highDescriptor(ticker)
        self.probe = probe
        self.filter = filter
        self.drops = drops
    }

    func read(into intake: Intake, limit: Int) -> ReadOutcome {
        self.intake = intake
        defer { self.intake = nil }
        probe.consume(
            { context, bytes, count in
                guard let context, let bytes else { return }
                let source = Unmanaged<DropSource>.fromOpaque(context).takeUnretainedValue()
                guard let intake = source.intake else { return }
                source.drops.take(UnsafeRawBufferPointer(start: bytes, count: count), into: intake)
            }, Unmanaged.passUnretained(self).toOpaque())
        reportLosses(into: intake)
        var ticks: UInt64 = 0
        _ = Glibc.read(descriptor, &ticks, MemoryLayout<UInt64>.size)
        return .drained
    }

    func sample(_ share: SampleShare) throws { try probe.set(filter.sampling(share)) }

    func reportLosses(into intake: Intake) {
        let lost = probe.lost
        intake.loss(
            Loss(timeNanoseconds: realTimeNanoseconds(), vantage: nil, source: name, lost: lost - lostBefore))
        lostBefore = lost
    }

    func close() { Glibc.close(descriptor) }
}
