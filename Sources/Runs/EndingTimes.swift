/// How long after the end of its time, or an interruption, a run still does each kind of work, in milliseconds. So it ends
/// within two seconds, however far behind it is and whatever comes in.
public struct EndingTimes: Sendable, Hashable {
    /// Packets that were seen before the end are still read.
    public var reading: Int64
    /// Walks are still made of them.
    public var walks: Int64
    /// Causes are still looked for.
    public var causes: Int64
    /// Walks are still written out.
    public var writing: Int64

    public init(reading: Int64 = 900, walks: Int64 = 1200, causes: Int64 = 1400, writing: Int64 = 1600) {
        self.reading = reading
        self.walks = walks
        self.causes = causes
        self.writing = writing
    }
}
