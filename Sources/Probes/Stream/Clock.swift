internal import Glibc

/// CLOCK_REALTIME in nanoseconds since 1970: the clock of every event, as the kernel stamps packets with it.
func realTimeNanoseconds() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
}
