internal import CLinux
internal import Glibc
internal import Observations

/// What a thread of its own reads, in the order of reading, handed over in batches to the thread that takes it.
///
/// Bounded: the reader waits while `depth` batches are full. A batch is handed over when it is full and at each
/// watermark, so that nothing that has ended waits for more to be read.
final class ReadAhead: @unchecked Sendable {
    /// Belongs to one thread at a time: to the reader until it is handed over, then to the taker until it is given back.
    final class Batch {
        static let capacity = 1024
        fileprivate(set) var count = 0
        fileprivate let observations = UnsafeMutablePointer<Observation>.allocate(capacity: capacity)
        fileprivate let runs = UnsafeMutablePointer<RunID>.allocate(capacity: capacity)
        /// Each with the number of observations before it.
        fileprivate var events: [(position: Int, run: RunID, event: Event)] = []

        deinit {
            // Observations and runs are plain data.
            observations.deallocate()
            runs.deallocate()
        }

        fileprivate func give(
            events take: (RunID, Event) throws -> Void, packets: (RunID, borrowing Observation) throws -> Void
        ) rethrows {
            var position = 0
            for entry in events {
                while position < entry.position {
                    try packets(runs[position], observations[position])
                    position += 1
                }
                try take(entry.run, entry.event)
            }
            while position < count {
                try packets(runs[position], observations[position])
                position += 1
            }
        }
    }

    /// Thrown through the reading where nobody takes any more.
    private struct Abandoned: Error {}

    private static let depth = 4

    private let batches: [Batch]
    // What both threads look at, under `lock`. Numbers of batches only rise: the one numbered n stands at n % depth.
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var filled = 0
    private var taken = 0
    private var isEnded = false
    private var isAbandoned = false

    init() {
        batches = (0..<Self.depth).map { _ in Batch() }
        pthread_mutex_init(lock, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(lock)
        changed.deallocate()
        lock.deallocate()
    }

    /// Whether there is a processor for each of two threads.
    static var isWorthwhile: Bool { packetwalk_usable_processors() > 1 }

    private func locked<Value>(_ body: () -> Value) -> Value {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }

    // MARK: The reader's side

    /// Reads everything. Nothing else may use the reader until `give` has returned.
    func read(_ reader: RecordingReader) {
        var batch = batches[0]
        // Of the batch: a variable of this function costs no check of exclusive access for each packet.
        var count = 0
        func handOver() throws {
            batch.count = count
            let next: Int? = locked {
                filled += 1
                pthread_cond_signal(changed)
                while filled - taken == Self.depth, !isAbandoned { pthread_cond_wait(changed, lock) }
                return isAbandoned ? nil : filled
            }
            guard let next else { throw Abandoned() }
            batch = batches[next % Self.depth]
            count = 0
            batch.events.removeAll(keepingCapacity: true)
        }
        // Nothing is thrown but `Abandoned`: damage stands in the reader.
        try? reader.read(
            events: { run, event in
                batch.events.append((count, run, event))
                if case .watermark = event { try handOver() }
            },
            packets: { run, observation, bytes in
                if let name = observation.nameEvent(bytes) { batch.events.append((count, run, .name(name))) }
                (batch.observations + count).initialize(to: copy observation)
                (batch.runs + count).initialize(to: run)
                count += 1
                if count == Batch.capacity { try handOver() }
            })
        batch.count = count
        locked {
            filled += 1
            isEnded = true
            pthread_cond_signal(changed)
        }
    }

    // MARK: The taker's side

    /// Gives everything in the order in which it was read, then returns; throws what the closures throw, and has the
    /// reading end.
    func give(
        events: (RunID, Event) throws -> Void, packets: (RunID, borrowing Observation) throws -> Void
    ) throws {
        do {
            while let batch = next() {
                try batch.give(events: events, packets: packets)
                locked {
                    taken += 1
                    pthread_cond_signal(changed)
                }
            }
        } catch {
            locked {
                isAbandoned = true
                pthread_cond_signal(changed)
            }
            throw error
        }
    }

    /// The next batch; nil where all has been given.
    private func next() -> Batch? {
        let number: Int? = locked {
            while taken == filled, !isEnded { pthread_cond_wait(changed, lock) }
            return taken < filled ? taken : nil
        }
        return number.map { batches[$0 % Self.depth] }
    }
}
