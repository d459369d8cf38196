public import Network
public import WalkModel

/// All connections of a run that goes on, as a screen shows them: the open ones with how much passes, and the last ones
/// that ended.
///
/// ```swift
/// var table = ConnectionTable()
/// table.take(exchange, topology: topology)
/// table.advance(toNanoseconds: watermark)
/// show(table.rows, table.causes)
/// ```
///
/// Memory is bounded: by `ConnectionTracker.limit` for the open ones, `endedLimit` for the others. Where there are more,
/// those that ended well are forgotten first, the oldest of them first. What is forgotten still counts.
public struct ConnectionTable: Sendable {
    public static let endedLimit = 1000
    /// Causes that are told apart.
    public static let causeLimit = 256
    /// Over how long a rate is taken.
    public static let rateNanoseconds: Int64 = 3_000_000_000

    private struct Sample {
        var time: Int64
        var bytes: UInt64
        var packets: UInt64
    }

    private struct Entry {
        var row: ConnectionRow
        /// The oldest is the newest of those before the time over which the rate is taken.
        var samples: [Sample]
    }

    private var tracker: ConnectionTracker
    private var entries: [UInt64: Entry] = [:]
    /// In the order in which they ended.
    private var ended: [UInt64] = []
    private var forgotten: [Connection.Fault.Key: CauseSum] = [:]
    private let endedLimit: Int
    /// Of all that were seen.
    public private(set) var connectionCount: UInt64 = 0
    private var forgottenFailures: UInt64 = 0

    public init(limit: Int = ConnectionTracker.standardLimit, endedLimit: Int = endedLimit) {
        tracker = ConnectionTracker(limit: limit, keepsWalks: false, notesChanges: true)
        self.endedLimit = max(1, endedLimit)
    }

    /// Takes an exchange that is over.
    ///
    /// - Parameter topology: the network as it was last read before it ended.
    public mutating func take(_ exchange: Exchange, topology: Topology?) {
        end(tracker.take(exchange, topology: topology))
    }

    /// Brings every row up to the time that the stream has come to, in nanoseconds since 1970.
    public mutating func advance(toNanoseconds time: Int64) {
        end(tracker.advance(toNanoseconds: time))
        for (number, connection) in tracker.changes() { put(connection, number, isOpen: true) }
        for number in entries.keys { measure(number, at: time) }
    }

    /// The run is over: nothing is open any more.
    public mutating func finish() {
        end(tracker.finish())
        for number in entries.keys { entries[number]?.row.clearRate() }
    }

    /// In the order in which they were first seen.
    public var rows: [ConnectionRow] { entries.keys.sorted().compactMap { entries[$0]?.row } }

    public var failedCount: UInt64 { forgottenFailures + UInt64(entries.values.count { $0.row.connection.hasFailed }) }

    /// Proven causes first, then by how many packets each has.
    public var causes: [CauseSum] {
        var sums = forgotten
        // In one order, so that the same clients are named each time.
        for number in entries.keys.sorted() {
            if let entry = entries[number] { Self.add(entry.row.connection, to: &sums) }
        }
        return sums.values.sorted {
            ($0.severity.rank, $1.packets, $0.message) < ($1.severity.rank, $0.packets, $1.message)
        }
    }

    private static func add(_ connection: Connection, to sums: inout [Connection.Fault.Key: CauseSum]) {
        for fault in connection.faults {
            let sum = CauseSum(fault, of: connection)
            if sums[fault.key] == nil, sums.count < causeLimit {
                sums[fault.key] = sum
            } else {
                sums[fault.key]?.add(sum)
            }
        }
    }

    // MARK: Rows

    private mutating func end(_ events: [ConnectionTracker.Event]) {
        for case .ended(let connection, let number) in events {
            put(connection, number, isOpen: false)
            entries[number]?.samples = []
            entries[number]?.row.clearRate()
            ended.append(number)
        }
        guard ended.count > endedLimit else { return }
        let spare = ended.count - endedLimit
        let good = ended.filter { entries[$0]?.row.connection.hasFailed == false }.prefix(spare)
        // Where all of them failed the oldest go.
        let gone = Set(good + ended.filter { entries[$0]?.row.connection.hasFailed == true }.prefix(spare - good.count))
        for number in gone {
            guard let entry = entries.removeValue(forKey: number) else { continue }
            Self.add(entry.row.connection, to: &forgotten)
            if entry.row.connection.hasFailed { forgottenFailures += 1 }
        }
        ended.removeAll(where: gone.contains)
    }

    private mutating func put(_ connection: Connection, _ number: UInt64, isOpen: Bool) {
        if entries[number] == nil {
            connectionCount += 1
            let start = Sample(time: connection.startNanoseconds, bytes: 0, packets: 0)
            let row = ConnectionRow(number: number, connection: connection, isOpen: isOpen)
            entries[number] = Entry(row: row, samples: [start])
        } else {
            entries[number]?.row.connection = connection
            entries[number]?.row.isOpen = isOpen
        }
    }

    private mutating func measure(_ number: UInt64, at time: Int64) {
        guard var entry = entries[number], entry.row.isOpen else { return }
        let connection = entry.row.connection
        let now = Sample(
            time: time, bytes: connection.sent.bytes + connection.received.bytes,
            packets: connection.sent.packets + connection.received.packets)
        if let last = entry.samples.last, time <= last.time { return }
        entry.samples.append(now)
        while entry.samples.count > 2, entry.samples[1].time <= time - Self.rateNanoseconds {
            entry.samples.removeFirst()
        }
        let first = entry.samples[0]
        // What began a moment ago is not called fast for a single packet.
        let seconds = Double(max(time - first.time, 1_000_000_000)) / 1e9
        entry.row.bytesPerSecond = UInt64(Double(now.bytes &- min(now.bytes, first.bytes)) / seconds)
        entry.row.packetsPerSecond = UInt64(Double(now.packets &- min(now.packets, first.packets)) / seconds)
        entries[number] = entry
    }
}

extension ConnectionRow {
    fileprivate mutating func clearRate() {
        bytesPerSecond = 0
        packetsPerSecond = 0
    }
}
