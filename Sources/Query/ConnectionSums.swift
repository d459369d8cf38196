internal import Network
internal import WalkModel
internal import Wire

/// What many connections have in common: what is broken and for whom, and how much went between which two.
///
/// Memory is bounded: at most `Summary.rowLimit` faults and flows are told apart, what comes later is left out of the
/// lists and stays in the counts.
public struct ConnectionSums: Sendable {
    /// A cause over all connections, as `packetwalk.summary/1` has it.
    public struct Fault: Sendable, Codable, Hashable {
        /// How many of those concerned are named.
        public static let nameLimit = 16

        /// Nil where no cause was found.
        public var code: String?
        public var severity: String
        /// Of the first packet.
        public var message: String
        public var rule: String?
        public var fix: [String]
        /// How often: packets with this finding.
        public var count: UInt64
        public var connections: UInt64
        /// RFC 3339, UTC: when the first and the last packet with it was sent.
        public var first: String
        public var last: String
        /// Whose connections, `web → 198.51.100.1:80 (wan)`: the first `nameLimit`.
        public var concerned: [String]
        /// Nanoseconds since 1970. Not part of the JSON.
        public var firstNanoseconds: Int64 = 0
        public var lastNanoseconds: Int64 = 0

        enum CodingKeys: CodingKey {
            case code, severity, message, rule, fix, count, connections, first, last, concerned
        }
    }

    /// Connections between two ends, by name where they have one.
    public struct Flow: Sendable, Codable, Hashable {
        public var `protocol`: String
        public var client: String
        public var server: String
        public var connections: UInt64 = 0
        public var failed: UInt64 = 0
        public var packets: UInt64 = 0
        public var sentBytes: UInt64 = 0
        public var receivedBytes: UInt64 = 0
        public var retransmitted: UInt64 = 0
        /// Nil where nothing was answered.
        public var averageRoundTrip: Int64?
        public var maximumRoundTrip: Int64?

        public var name: String { "\(self.protocol) \(client) → \(server)" }

        enum CodingKeys: String, CodingKey {
            case `protocol`, client, server, connections, failed, packets, retransmitted
            case sentBytes = "sent_bytes"
            case receivedBytes = "received_bytes"
            case averageRoundTrip = "average_round_trip_ns"
            case maximumRoundTrip = "maximum_round_trip_ns"
        }
    }

    private struct Name: Hashable {
        var `protocol`: String
        var client: String
        var server: String
    }

    private struct FaultSum {
        var fault: Fault
        var rank: Int
    }

    private struct FlowSum {
        var flow: Flow
        var roundTrip: Connection.RoundTrip?
    }

    private(set) var count: UInt64 = 0
    private(set) var failedCount: UInt64 = 0
    private var sums: [Connection.Fault.Key: FaultSum] = [:]
    private var flows: [Name: FlowSum] = [:]

    mutating func add(_ connection: Connection) {
        count += 1
        if connection.hasFailed { failedCount += 1 }
        addFlow(connection)
        for fault in connection.faults { add(fault, of: connection) }
    }

    private mutating func add(_ fault: Connection.Fault, of connection: Connection) {
        let finding = fault.finding
        let new = Fault(
            code: finding?.code.rawValue, severity: fault.severity.rawValue, message: fault.message,
            rule: finding?.rule.map {
                [$0.name(withHandle: false), $0.text].compactMap(\.self).joined(separator: ": ")
            },
            fix: finding?.remedy?.lastingCommands ?? [], count: 0, connections: 0, first: "", last: "", concerned: [],
            firstNanoseconds: .max, lastNanoseconds: .min)
        // What has no cause comes last.
        let rank = (finding?.severity ?? .info).rank
        var sum = sums[fault.key] ?? FaultSum(fault: new, rank: rank)
        guard sums[fault.key] != nil || sums.count < Summary.rowLimit else { return }
        sum.fault.count += fault.count
        sum.fault.connections += 1
        sum.fault.firstNanoseconds = min(sum.fault.firstNanoseconds, fault.firstNanoseconds)
        sum.fault.lastNanoseconds = max(sum.fault.lastNanoseconds, fault.lastNanoseconds)
        let who = "\(connection.clientName) → \(connection.serverName)"
        if sum.fault.concerned.count < Fault.nameLimit, !sum.fault.concerned.contains(who) {
            sum.fault.concerned.append(who)
        }
        sums[fault.key] = sum
    }

    private mutating func addFlow(_ connection: Connection) {
        let name = Name(
            protocol: connection.protocol, client: connection.clientName, server: connection.serverName)
        guard flows[name] != nil || flows.count < Summary.rowLimit else { return }
        var sum =
            flows[name] ?? FlowSum(flow: Flow(protocol: name.protocol, client: name.client, server: name.server))
        sum.flow.connections += 1
        if connection.hasFailed { sum.flow.failed += 1 }
        sum.flow.packets += connection.sent.packets + connection.received.packets
        sum.flow.sentBytes += connection.sent.bytes
        sum.flow.receivedBytes += connection.received.bytes
        sum.flow.retransmitted += connection.sent.retransmitted + connection.received.retransmitted
        if let times = connection.roundTrip {
            if sum.roundTrip?.add(times) == nil { sum.roundTrip = times }
        }
        flows[name] = sum
    }

    var flowCount: Int { flows.count }

    /// The most serious and most frequent first.
    var faults: [Fault] {
        sums.values.sorted {
            ($0.rank, $1.fault.count, $0.fault.message) < ($1.rank, $0.fault.count, $1.fault.message)
        }.map { sum in
            var fault = sum.fault
            fault.first = timestamp(fault.firstNanoseconds)
            fault.last = timestamp(fault.lastNanoseconds)
            return fault
        }
    }

    /// Those with failures first, then the busiest.
    func rows(limit: Int) -> [Flow] {
        let rows = flows.values.map { sum in
            var flow = sum.flow
            flow.averageRoundTrip = sum.roundTrip?.averageNanoseconds
            flow.maximumRoundTrip = sum.roundTrip?.maximumNanoseconds
            return flow
        }.sorted {
            ($1.failed, $1.sentBytes + $1.receivedBytes, $0.name) < (
                $0.failed, $0.sentBytes + $0.receivedBytes, $1.name
            )
        }
        // None that failed is left out.
        return Array(rows.prefix(max(limit, rows.count { $0.failed > 0 })))
    }
}

extension Connection {
    /// `web`, or its address where it can't be seen.
    fileprivate var clientName: String { client.namespace ?? client.address.description }

    /// `198.51.100.1:80 (wan)`
    fileprivate var serverName: String {
        server.address.text(port: server.port) + (server.namespace.map { " (\($0))" } ?? "")
    }
}

extension Connection.RoundTrip {
    fileprivate mutating func add(_ other: Self) {
        count += other.count
        minimumNanoseconds = min(minimumNanoseconds, other.minimumNanoseconds)
        maximumNanoseconds = max(maximumNanoseconds, other.maximumNanoseconds)
        totalNanoseconds &+= other.totalNanoseconds
    }
}
