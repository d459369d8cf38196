internal import CLinux
internal import Synchronization

/// How much of the processors a thread is given beside others: nice(2), of one thread.
public enum ThreadPriority {
    /// Of the calling thread: -20 to 19, the lower the more.
    public static var nice: Int32 {
        get { packetwalk_nice() }
        // Where the caller may not it stays as it was.
        set { packetwalk_set_nice(newValue) }
    }

    /// Whether a thread that has stepped back may come forward again: it takes CAP_SYS_NICE in the machine's first user
    /// namespace, or RLIMIT_NICE.
    public static let canReturn: Bool = {
        let hasReturned = Atomic(false)
        // Tried by a thread that ends with it.
        let thread = try? WorkerThread {
            let before = nice
            nice = before + 1
            nice = before
            hasReturned.store(nice == before, ordering: .relaxed)
        }
        thread?.join()
        return hasReturned.load(ordering: .relaxed)
    }()
}
