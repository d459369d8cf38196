internal import Wire

/// When no rules are traced though the run traces some: most of the time, where there are many packets.
///
/// A rule that can mark packets for the trace has the kernel work out a number for each packet at each chain of nftables, also for those
/// that are not in a sample. So many packets fill what may be traced in a second in a tenth of it.
struct RuleTracePauses {
    private(set) var isPaused = false
    private var isBusy = false
    private var countBefore: UInt64 = 0
    private var lookedAt: Int64 = 0
    /// When tracing began, or ended.
    private var changedAt: Int64 = 0

    /// Sightings a second, of all packets. It is calm again below half of that.
    private static let busy = 20_000.0
    private static let interval: Int64 = 100_000_000
    /// How long rules are traced.
    private static let span: Int64 = 100_000_000
    /// How long they are not; for each eight namespaces, since each change takes a transaction there.
    private static let pause: Int64 = 900_000_000

    /// Gives whether rules are to be traced from now on; nil where that does not change.
    ///
    /// - Parameters:
    ///   - count: sightings taken so far.
    ///   - share: of the packets, that are taken.
    ///   - sources: namespaces whose rules are traced.
    ///   - now: in nanoseconds, of a clock that rises.
    mutating func look(count: UInt64, share: SampleShare, sources: @autoclosure () -> Int, now: Int64) -> Bool? {
        let elapsed = now - lookedAt
        guard elapsed >= Self.interval else { return nil }
        if lookedAt != 0 {
            let perSecond = Double(count &- countBefore) / Double(elapsed) * 1e9 * Double(share.oneOf)
            isBusy = perSecond > (isBusy ? Self.busy / 2 : Self.busy)
        }
        lookedAt = now
        countBefore = count
        if !isBusy { return isPaused ? change(to: false, now) : nil }
        let length = isPaused ? Self.pause * Int64((sources() + 7) / 8) : Self.span
        return now - changedAt >= length ? change(to: !isPaused, now) : nil
    }

    private mutating func change(to isPaused: Bool, _ now: Int64) -> Bool {
        self.isPaused = isPaused
        changedAt = now
        return !isPaused
    }
}
