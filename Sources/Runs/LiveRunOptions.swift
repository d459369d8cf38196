/// When a live run ends, and what it does beside watching.
public struct LiveRunOptions: Sendable, Hashable {
    /// The run ends after this many seconds; nil for no limit.
    public var durationSeconds: Double?
    /// How long the network may still work on what the activity sent, after it has ended.
    public var settleMilliseconds: Int64
    /// Whether exchanges that failed are given their findings.
    public var explains: Bool
    public var endingTimes: EndingTimes

    public init(
        durationSeconds: Double? = nil, settleMilliseconds: Int64 = 150, explains: Bool = true,
        endingTimes: EndingTimes = EndingTimes()
    ) {
        self.durationSeconds = durationSeconds
        self.settleMilliseconds = settleMilliseconds
        self.explains = explains
        self.endingTimes = endingTimes
    }
}
