internal import Glibc

/// The clock that a run's time limits are measured by.
public protocol RunClock: Sendable {
    /// Milliseconds since any fixed instant; never goes back.
    var milliseconds: Int64 { get }
}

/// CLOCK_MONOTONIC.
public struct MonotonicClock: RunClock {
    public init() {}

    public var milliseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// Nanoseconds of CLOCK_REALTIME since 1970: the time of every event.
func realTimeNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
