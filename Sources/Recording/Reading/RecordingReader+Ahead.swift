internal import LinuxSystem
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

    /// As `read(events:packets:)`, without the packets' bytes, and with what they say of names as events: a thread of its own reads and dissects, at most some
    /// thousand packets ahead of the closures. They are called on the caller's thread, in the same order with the same
    /// arguments. The reader may not be used by the closures.
    ///
    /// Where there is one processor only, or something other than files is read, which may have to be waited for, all is
    /// done on the caller's thread.
    ///
    /// - Parameter here: all is done on the caller's thread in any case.
    public func readAhead(
        here: Bool = false, events: (RunID, Event) throws -> Void,
        packets: (RunID, borrowing Observation) throws -> Void
    ) throws {
        guard !here, neverWaits, ReadAhead.isWorthwhile else {
            return try readHere(events: events, packets: packets)
        }
        let queue = ReadAhead()
        let work = Work(self, queue)
        guard let thread = try? WorkerThread({ work.queue.read(work.reader) }) else {
            return try readHere(events: events, packets: packets)
        }
        defer { thread.join() }
        try queue.give(events: events, packets: packets)
    }

    private func readHere(
        events: (RunID, Event) throws -> Void, packets: (RunID, borrowing Observation) throws -> Void
    ) throws {
        try read(events: events) { run, observation, bytes in
            if let name = observation.nameEvent(bytes) { try events(run, .name(name)) }
            try packets(run, observation)
        }
    }
}
