internal import LinuxSystem

/// Has the thread that makes walks leave the processors to the traffic while there is much of it: what it takes of them is taken
/// from the packets that it watches, and walks can wait.
///
/// Not where it could not come forward again (`ThreadPriority.canReturn`), and never once the run is to end.
struct StepBack {
    /// Steps further back; as much as the kernel's own background threads have.
    private static let distance: Int32 = 10
    /// Events a second, above which the thread steps back, and below which it comes forward.
    private static let busy: Int64 = 20_000
    private static let calm: Int64 = 5_000
    private static let spanMilliseconds: Int64 = 100

    /// What the thread's nice(2) value was; nil while it is that.
    private(set) var before: Int32?
    private var count: Int64 = 0
    private var since: Int64 = 0

    /// Counts events that the calling thread has taken over.
    mutating func note(events: Int, atMilliseconds now: Int64) {
        count += Int64(events)
        guard now - since >= Self.spanMilliseconds else { return }
        let perSecond = since == 0 ? 0 : count * 1000 / (now - since)
        count = 0
        since = now
        if perSecond > Self.busy, before == nil, ThreadPriority.canReturn {
            let nice = ThreadPriority.nice
            before = nice
            ThreadPriority.nice = min(19, nice + Self.distance)
        } else if perSecond < Self.calm {
            end()
        }
    }

    /// Comes forward.
    mutating func end() {
        guard let nice = before else { return }
        ThreadPriority.nice = nice
        before = nil
    }
}
