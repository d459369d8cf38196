internal import CLinux
internal import Glibc

/// CLOCK_REALTIME in nanoseconds since 1970: the clock of every event, as the kernel stamps packets with it.
func realTimeNanoseconds() -> Int64 { packetwalk_clock_nanoseconds(CLOCK_REALTIME) }

/// CLOCK_MONOTONIC in nanoseconds: for spans, which must not jump with the wall clock.
func monotonicNanoseconds() -> Int64 { packetwalk_clock_nanoseconds(CLOCK_MONOTONIC) }
