internal import LinuxSystem
internal import Glibc

/// The kernel's count of ticks now, and how many there are in a second (`jiffies`, `HZ` of linux/jiffies.h).
struct JiffyClock: Sendable, Hashable {
    var now: UInt64
    var ticksPerSecond: UInt64

    init(now: UInt64, ticksPerSecond: UInt64) {
        self.now = now
        self.ticksPerSecond = ticksPerSecond
    }

    /// From `/proc/timer_list`, which root may read; nil where it can't be read.
    init?() {
        guard let text = readText("/proc/timer_list"), let line = text.split(separator: "\n").first(where: Self.counts),
            let now = line.split(separator: " ").last.flatMap({ UInt64($0) })
        else { return nil }
        self.init(now: now, uptime: Double(packetwalkUptimeSeconds()))
    }

    private static func counts(_ line: Substring) -> Bool {
        line.split { $0 == " " || $0 == ":" }.first == "jiffies"
    }

    /// The count begins five minutes before it passes 32 bits (INITIAL_JIFFIES), so the time since the start tells the
    /// rate; nil where none of the kernel's rates fits.
    init?(now: UInt64, uptime: Double) {
        let passed = Double(Int64(bitPattern: now) - 1 << 32)
        let rates: [Double] = [100, 250, 300, 1000]
        let best = rates.min { abs(passed / $0 - (uptime - 300)) < abs(passed / $1 - (uptime - 300)) }
        guard let best, abs(passed / best - (uptime - 300)) < 60 else { return nil }
        self.init(now: now, ticksPerSecond: UInt64(best))
    }

    func secondsSince(_ stamp: UInt64) -> Double {
        now > stamp ? Double(now - stamp) / Double(ticksPerSecond) : 0
    }
}

/// Seconds since the machine started, without those asleep: as jiffies count.
private func packetwalkUptimeSeconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec
}
