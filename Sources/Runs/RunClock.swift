internal import LinuxSystem

/// The clock that a run's time limits are measured by.
public protocol RunClock: Sendable {
    /// Milliseconds since any fixed instant; never goes back.
    var milliseconds: Int64 { get }
}

/// CLOCK_MONOTONIC.
public struct MonotonicClock: RunClock {
    public init() {}

    public var milliseconds: Int64 { monotonicMilliseconds() }
}
