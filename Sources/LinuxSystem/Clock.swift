internal import CLinux
internal import Glibc

/// CLOCK_REALTIME in nanoseconds since 1970: the clock of every event, as the kernel stamps packets with it.
public func realTimeNanoseconds() -> Int64 { packetwalk_clock_nanoseconds(CLOCK_REALTIME) }

/// CLOCK_MONOTONIC in nanoseconds since some moment before: for spans of time, which must not jump with the wall clock.
public func monotonicNanoseconds() -> Int64 { packetwalk_clock_nanoseconds(CLOCK_MONOTONIC) }

/// What has to be added to CLOCK_MONOTONIC to get CLOCK_REALTIME, in nanoseconds: by the reading of the two clocks that was
/// disturbed least.
public func realTimeOffsetNanoseconds() -> Int64 {
    var best: (span: Int64, offset: Int64) = (.max, 0)
    for _ in 0..<16 {
        let before = monotonicNanoseconds()
        let real = realTimeNanoseconds()
        let span = monotonicNanoseconds() - before
        if span < best.span { best = (span, real - before - span / 2) }
    }
    return best.offset
}

/// `monotonicNanoseconds` in whole milliseconds.
public func monotonicMilliseconds() -> Int64 { monotonicNanoseconds() / 1_000_000 }
