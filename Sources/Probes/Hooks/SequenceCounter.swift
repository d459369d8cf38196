/// Counts what a numbered source lost, from the gaps in its numbers and from the kernel's word that it dropped some.
struct SequenceCounter {
    private var next: UInt32?
    private var lost: UInt64 = 0
    /// The kernel said that something was dropped, and no gap has shown yet how much.
    private var hasOverrun = false
    /// Losses that were reported as "at least one", before their gap was seen.
    private var anticipated: UInt64 = 0

    mutating func see(_ sequence: UInt32) {
        if let next, sequence != next {
            let gap = UInt64(sequence &- next)
            // A number from behind is no gap but a group that was bound anew.
            if gap < 1 << 31 {
                lost += gap > anticipated ? gap - anticipated : 0
                anticipated = 0
                hasOverrun = false
            }
        }
        next = sequence &+ 1
    }

    /// ENOBUFS.
    mutating func overrun() { hasOverrun = true }

    /// What was lost since the last call. An overrun whose extent is not known yet counts as one.
    mutating func take() -> UInt64 {
        if hasOverrun, lost == 0 {
            hasOverrun = false
            anticipated += 1
            return 1
        }
        defer { lost = 0 }
        return lost
    }
}
