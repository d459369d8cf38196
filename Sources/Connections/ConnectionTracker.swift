public import Network
internal import Observations
public import WalkModel
internal import Wire

/// Gathers exchanges, as they end, to connections, and gives each connection when it ends.
///
/// ```swift
/// var tracker = ConnectionTracker()
/// for event in tracker.take(exchange, topology: topology) + tracker.advance(toNanoseconds: now) { show(event) }
/// for event in tracker.finish() { show(event) }
/// ```
///
/// Which packets belong together: of TCP and UDP the flow as first sent, both directions, through translation; of echo
/// requests and replies the addresses and the identifier; of others the addresses and the kind. A connection ends with FIN
/// or RST, when nothing more of it came for as long as conntrack would remember it, or with the run.
///
/// Memory is bounded: at most `limit` connections are open. One more ends the one that was to end first, as `crowded`.
public struct ConnectionTracker: Sendable {
    public enum Event: Sendable {
        /// It goes on, and is worth telling now: it lasts long, or has begun to fail. At most once for each, and only where
        /// `reportsEarly`. `number` is the same at its end.
        case underWay(Connection, number: UInt64)
        case ended(Connection, number: UInt64)
    }

    public static let standardLimit = 4096
    /// How long a connection goes on before it is told that it does.
    public static let earlyNanoseconds: Int64 = 3_000_000_000
    /// How long after the first failure.
    public static let failureNanoseconds: Int64 = 1_000_000_000

    public let limit: Int
    public let reportsEarly: Bool
    private let keepsWalks: Bool
    private let notesChanges: Bool
    /// Open connections that took an exchange since `changes` was asked.
    private var changed: Set<UInt64> = []

    private struct Entry {
        var open: OpenConnection
        /// When it is told that it goes on; `.max` where there is nothing to tell.
        var tellAt: Int64
        /// When it is looked at next, as it stands in `queue`.
        var dueAt: Int64
        var hasFailed = false
    }

    private struct Due: Comparable {
        var time: Int64
        var number: UInt64
        static func < (left: Self, right: Self) -> Bool { (left.time, left.number) < (right.time, right.number) }
    }

    private var entries: [UInt64: Entry] = [:]
    private var numbers: [FlowName: (number: UInt64, fromA: Bool)] = [:]
    /// A heap. Each open connection stands in it at least once, with a time that is not after its own.
    private var queue = Heap<Due>()
    private var nextNumber: UInt64 = 0
    private var now: Int64 = .min
    /// Of the newest network that was given.
    private var graph: NetworkGraph?

    /// - Parameters:
    ///   - reportsEarly: whether connections are told while they go on.
    ///   - keepsWalks: whether the ids of walks are wanted.
    ///   - notesChanges: whether `changes` will be asked.
    public init(
        limit: Int = standardLimit, reportsEarly: Bool = false, keepsWalks: Bool = true, notesChanges: Bool = false
    ) {
        self.limit = max(1, limit)
        self.reportsEarly = reportsEarly
        self.keepsWalks = keepsWalks
        self.notesChanges = notesChanges
    }

    /// Open connections of which something came since the last call, as they stand now, in the order in which they were
    /// first seen. Nothing where the tracker does not note changes.
    public mutating func changes() -> [(number: UInt64, connection: Connection)] {
        defer { changed.removeAll() }
        return changed.sorted().compactMap { number in
            entries[number].map { (number, $0.open.finished(.open)) }
        }
    }

    /// `Connection.trace` of the one that took the last exchange.
    public private(set) var newestTrace: String?

    /// How many are open.
    public var count: Int { entries.count }

    /// Takes an exchange that is over.
    ///
    /// - Parameters:
    ///   - topology: the network as it was last read before it ended.
    ///   - reached: how far the stream has come, where that is further than `advance` was told: what is worth telling of a connection
    ///     that goes on is told some time after one has heard of it.
    /// - Returns: what had to end to make room for it.
    public mutating func take(_ exchange: Exchange, topology: Topology?, reached: Int64 = .min) -> [Event] {
        var events: [Event] = []
        let heard = max(now, reached, exchange.request.startNanoseconds)
        // When it was read tells one reading from another.
        if let topology, graph?.topology.time != topology.time || graph?.topology.host != topology.host {
            graph = NetworkGraph(topology)
        }
        var (number, fromA) = find(exchange) ?? (0, true)
        if entries[number]?.open.isOver(before: exchange.request, fromA: fromA) == true {
            events.append(end(number, .idle))
            number = 0
        }
        if number == 0 {
            while entries.count >= limit, let first = queue.popFirst() {
                guard entries[first.number] != nil else { continue }
                events.append(end(first.number, .crowded))
            }
            nextNumber += 1
            number = nextNumber
            fromA = true
            let tellAt = reportsEarly ? heard.saturatingAdding(Self.earlyNanoseconds) : .max
            entries[number] = Entry(
                open: OpenConnection(exchange, graph: graph, keepsWalks: keepsWalks), tellAt: tellAt, dueAt: .max)
        }
        guard var entry = entries.removeValue(forKey: number) else { return events }
        entry.open.take(exchange, fromA: fromA)
        newestTrace = entry.open.connection.trace
        name(FlowName(sent: exchange.request), number, fromA: fromA, &entry)
        if exchange.request.outcome == .delivered || exchange.request.outcome == .left {
            name(FlowName(answering: exchange.request), number, fromA: !fromA, &entry)
        }
        if let reply = exchange.reply, !reply.isICMPError {
            name(FlowName(sent: reply), number, fromA: !fromA, &entry)
            if reply.outcome == .delivered || reply.outcome == .left {
                name(FlowName(answering: reply), number, fromA: fromA, &entry)
            }
        }
        if exchange.hasFailed, !entry.hasFailed {
            entry.hasFailed = true
            if reportsEarly {
                entry.tellAt = min(entry.tellAt, heard.saturatingAdding(Self.failureNanoseconds))
            }
        }
        let due = min(entry.tellAt, entry.open.endNanoseconds)
        if due < entry.dueAt {
            entry.dueAt = due
            queue.insert(Due(time: due, number: number))
        }
        entries[number] = entry
        if notesChanges { changed.insert(number) }
        return events
    }

    /// Lets time pass: the stream has come so far.
    public mutating func advance(toNanoseconds time: Int64) -> [Event] {
        now = max(now, time)
        var events: [Event] = []
        while let first = queue.first, first.time <= now {
            queue.popFirst()
            guard var entry = entries[first.number], first.time == entry.dueAt else { continue }
            let end = entry.open.endNanoseconds
            if end <= now {
                events.append(self.end(first.number, .idle))
                continue
            }
            if entry.tellAt <= now {
                events.append(.underWay(entry.open.finished(.open), number: first.number))
                entry.tellAt = .max
            }
            entry.dueAt = min(entry.tellAt, end)
            queue.insert(Due(time: entry.dueAt, number: first.number))
            entries[first.number] = entry
        }
        return events
    }

    /// The stream has ended: so does what is open, in the order in which it began.
    public mutating func finish() -> [Event] {
        let open = entries.map { (number: $0.key, connection: $0.value.open.finished(.open)) }.sorted {
            ($0.connection.startNanoseconds, $0.number) < ($1.connection.startNanoseconds, $1.number)
        }
        let events = open.map { Event.ended($0.connection, number: $0.number) }
        entries.removeAll()
        numbers.removeAll()
        queue.removeAll()
        changed.removeAll()
        return events
    }

    // MARK: Finding

    private func find(_ exchange: Exchange) -> (number: UInt64, fromA: Bool)? {
        let request = exchange.request
        if let quoted = request.kind.icmp?.quoted, request.isICMPError {
            // About a packet of a connection, as it looked to who sends the error.
            var name = FlowName(sent: request)
            name.kind = 0
            name.tuple = quoted
            let place = name.namespace
            for namespace in [place, request.hops.last?.namespace] {
                name.namespace = namespace
                if let found = numbers[name] { return (found.number, !found.fromA) }
                var reversed = name
                reversed.tuple = quoted.reversed
                if let found = numbers[reversed] { return found }
            }
        }
        if let found = numbers[FlowName(sent: request)] { return found }
        if let found = numbers[FlowName(answering: request)] { return (found.number, !found.fromA) }
        guard let reply = exchange.reply, !reply.isICMPError else { return nil }
        if let found = numbers[FlowName(sent: reply)] { return (found.number, !found.fromA) }
        if let found = numbers[FlowName(answering: reply)] { return found }
        return nil
    }

    private mutating func name(_ name: FlowName, _ number: UInt64, fromA: Bool, _ entry: inout Entry) {
        guard entry.open.add(name: name) else { return }
        // A later connection of the same name takes it over.
        numbers[name] = (number, fromA)
    }

    // MARK: Ending

    private mutating func end(_ number: UInt64, _ ending: Connection.Ending) -> Event {
        guard let entry = entries.removeValue(forKey: number) else { preconditionFailure("no such connection") }
        for name in entry.open.names where numbers[name]?.number == number { numbers[name] = nil }
        return .ended(entry.open.finished(ending), number: number)
    }
}

extension Int64 {
    fileprivate func saturatingAdding(_ other: Int64) -> Int64 {
        let (sum, overflows) = addingReportingOverflow(other)
        return overflows ? .max : sum
    }
}
