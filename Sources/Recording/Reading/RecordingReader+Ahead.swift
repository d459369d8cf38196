internal import Glibc
public import Observations

extension RecordingReader {
    /// What the reading thread is given: the reader is nobody else's while it runs.
    private final class Work: @unchecked Sendable {
        let reader: RecordingReader
        let queue: ReadAhead

        init(_ reader: RecordingReader, _ queue: ReadAhead) {
            self.reader = reader
            self.queue = queue
        }
    }

    /// As `read(events:packets:)`, without the packets' bytes: a thread of its own reads and dissects, at most some
    /// thousand packets ahead of the closures. They are called on the caller's thread, in the same order with the same
    /// arguments. The reader may not be used by the closures.
    ///
    /// Where there is one processor only, or something other than files is read, which may have to be waited for, all is
    /// done on the caller's thread.
    public func readAhead(
        events: (RunID, Event) throws -> Void, packets: (RunID, borrowing Observation) throws -> Void
    ) throws {
        guard neverWaits, ReadAhead.isWorthwhile else {
            return try read(events: events) { run, observation, _ in try packets(run, observation) }
        }
        let queue = ReadAhead()
        guard let thread = Self.start(Work(self, queue)) else {
            return try read(events: events) { run, observation, _ in try packets(run, observation) }
        }
        defer { pthread_join(thread, nil) }
        try queue.give(events: events, packets: packets)
    }

    /// Starts the reading thread, with every signal blocked; nil where the system has none to give.
    private static func start(_ work: Work) -> pthread_t? {
        let argument = Unmanaged.passRetained(work)
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let work = Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
                work.queue.read(work.reader)
                return nil
            }, argument.toOpaque())
        guard code == 0 else {
            argument.release()
            return nil
        }
        return thread
    }
}
