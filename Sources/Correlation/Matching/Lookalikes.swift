/// How packets that look alike passed, in one class of flows.
struct Lookalikes {
    /// How many passed one place, at most.
    private(set) var count = 1
    /// Whether their fragments can be of one datagram.
    let isOneDatagram: Bool
    /// Nanoseconds between two of them at one place, at least, by the period in which the later one passed.
    private var spacings: [Int64: Int64] = [:]
    private var spacing = Int64.max

    /// Nanoseconds.
    private static let period: Int64 = 250_000_000

    init(isOneDatagram: Bool) { self.isOneDatagram = isOneDatagram }

    mutating func add(count: Int) { self.count = max(self.count, count) }

    /// Two that followed each other at one place.
    mutating func add(_ early: Int64, _ late: Int64) {
        let distance = abs(late - early)
        spacing = min(spacing, distance)
        spacings[late / Self.period, default: .max] = min(spacings[late / Self.period] ?? .max, distance)
    }

    /// Whether times so far apart can be one packet's, of `among` packets. Where some sightings of packets that look
    /// alike are missing, a packet could otherwise go on as another one that was sent later.
    func isNear(_ early: Int64, _ late: Int64, among: Int) -> Bool {
        among == count || late - early <= spacing(between: early, late) / 2
    }

    /// The least distance of two that passed about then, or of all where none did. Once, two flows with one translation
    /// may be a microsecond apart: that says nothing of what they send a second later.
    private func spacing(between early: Int64, _ late: Int64) -> Int64 {
        let reach = 1 + min(abs(late - early), .max / 8) * 8 / Self.period
        let periods = min(early, late) / Self.period - reach...max(early, late) / Self.period + reach
        guard periods.count < spacings.count else {
            return spacings.filter { periods.contains($0.key) }.values.min() ?? spacing
        }
        return periods.compactMap { spacings[$0] }.min() ?? spacing
    }
}
