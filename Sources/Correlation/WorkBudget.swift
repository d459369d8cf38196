/// How many comparisons the engine may spend on telling apart what looks alike.
///
/// Each event that it takes earns so many, and those that were not needed are saved up to a limit. So its work grows with
/// the number of events, whatever they are: where the square of a number would be needed and is not there, what can't be
/// compared stays apart, and says so (`weak`). Ordinary traffic spends a small part of what it earns.
///
/// Counts comparisons, not time: the same events give the same walks.
struct WorkBudget {
    /// Comparisons that an event earns: some microseconds.
    static let perEvent = 512
    /// As many are saved up at most, and there at the beginning.
    private let reserve: Int
    /// Comparisons spent so far.
    private(set) var spent = 0
    private var available: Int
    private var events = 0

    init(reserve: Int) {
        self.reserve = reserve
        available = reserve
    }

    /// - Parameter total: how many events were taken so far.
    mutating func earn(events total: Int) {
        available = min(reserve, available + (total - events) * Self.perEvent)
        events = total
    }

    /// Spends some comparisons.
    /// - Returns: false where they are not there: then none is spent.
    mutating func spend(_ comparisons: Int) -> Bool {
        guard comparisons <= available else { return false }
        available -= comparisons
        spent += comparisons
        return true
    }
}
