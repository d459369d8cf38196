/// How fast events are worked off, while they are.
///
/// Pauses do not count: the consumer may wait for the network to be read again, which takes as long for few packets as for
/// many.
struct WorkSpeed {
    /// Nil before enough has been seen.
    private(set) var eventsPerSecond: Double?
    private var began: Int64?
    private var events = 0
    private var sumEvents = 0
    private var sumMilliseconds: Int64 = 0

    /// So much makes a measurement.
    private static let measured: Int64 = 100
    /// One batch that takes longer has waited for something, unless it is large.
    private static let pause: Int64 = 300
    private static let large = 1000

    /// A batch is taken.
    mutating func begins(_ count: Int, atMilliseconds now: Int64) {
        began = now
        events = count
    }

    /// The consumer asks for more: what it took is done.
    mutating func hasDone(atMilliseconds now: Int64) {
        guard let began else { return }
        self.began = nil
        let elapsed = now - began
        if elapsed > Self.pause, events < Self.large { return }
        sumEvents += events
        sumMilliseconds += elapsed
        guard sumMilliseconds >= Self.measured else { return }
        let speed = Double(sumEvents) * 1000 / Double(sumMilliseconds)
        eventsPerSecond = eventsPerSecond.map { $0 * 0.7 + speed * 0.3 } ?? speed
        sumEvents = 0
        sumMilliseconds = 0
    }
}
