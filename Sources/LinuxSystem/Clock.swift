internal import CLinux
internal import Glibc

/// CLOCK_REALTIME in nanoseconds since 1970: the clock of every event, as the kernel stamps packets with it.
public func realTimeNanoseconds() -> Int64 { packetwalk_clock_nanoseconds(CLOCK_REALTIME) }

/// CLOCK_MONOTONIC in nanoseconds since some moment before: for spans of time, which must not jump with the wall clock.
public func monotonicNanoseconds() -> Int64 { packetwalk_clock_nanoseconds(CLOCK_MONOTONIC) }

/// `monotonicNanoseconds` in whole milliseconds.
public func monotonicMilliseconds() -> Int64 { monotonicNanoseconds() / 1_000_000 }
