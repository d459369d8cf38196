public import Observations

/// Joins observations to walks. Takes the events of a run or a recording in order, gives each walk once it is over.
public struct WalkEngine {
    public init() {}

    /// Takes one event.
    public mutating func take(_ event: Event) {}

    /// The walks that have ended by what was taken so far, in the order of their start.
    public mutating func finishedWalks() -> [Walk] { [] }

    /// No more events: every open walk ends.
    public mutating func finish() -> [Walk] { [] }
}
