/// How long after an interruption a run still does each kind of work, in milliseconds. So it ends in bounded time,
/// however far behind it is.
public struct EndingTimes: Sendable, Hashable {
    /// Packets that were seen before the interruption are still read.
    public var reading: Int64
    /// Walks are still made of them.
    public var walks: Int64
    /// Causes are still looked for.
    public var causes: Int64

    public init(reading: Int64 = 2000, walks: Int64 = 3000, causes: Int64 = 4000) {
        self.reading = reading
        self.walks = walks
        self.causes = causes
    }
}
