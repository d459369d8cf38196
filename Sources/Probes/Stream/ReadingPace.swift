/// When the reader waits for packets, and when it comes by the clock.
///
/// A packet that wakes a sleeping reader pays for it: on a virtual machine with an idle processor more than its own path through
/// the network takes. So where they come by the thousand the reader sleeps for a fixed time, and nothing wakes it. What
/// it reads is that much older, well within the merger's hold.
struct ReadingPace {
    /// Milliseconds between two rounds of a busy reader.
    static let period = 5
    private(set) var isBusy = false
    private var rate = RateGauge()
    private var seenBefore: UInt64 = 0

    /// Ends a round.
    ///
    /// - Parameters:
    ///   - seen: packets that were read so far, each counted wherever it was seen, whether or not it was taken.
    ///   - nanoseconds: of whatever clock.
    mutating func note(seen: UInt64, at nanoseconds: Int64) {
        let new = Int(clamping: seen - seenBefore)
        seenBefore = seen
        guard let perSecond = rate.add(new, at: nanoseconds) else { return }
        isBusy = perSecond > (isBusy ? 2_000 : 10_000)
    }
}
