internal import Observations
internal import Network
public import WalkModel
internal import Wire

/// What many walks have in common: how they ended, by flow, by finding and by place; how long neighbouring vantage
/// points lie apart; which rules dropped.
///
/// Memory is bounded: at most `rowLimit` flows and places are told apart, what comes later is counted as `other`.
public struct Summary: Sendable {
    public static let rowLimit = 4096

    private var walks: UInt64 = 0
    private var outcomes: [Walk.Outcome: UInt64] = [:]
    private var flows = Tally()
    private var findings = Tally()
    private var stops = Tally()
    private var rules = Tally()
    private var steps: [Pair: DurationHistogram] = [:]
    private var connections = ConnectionSums()

    private struct Pair: Hashable, Comparable {
        var from: String
        var to: String
        static func < (left: Pair, right: Pair) -> Bool { (left.from, left.to) < (right.from, right.to) }
    }

    /// Counts by name and outcome.
    private struct Tally: Sendable {
        var counts: [String: [Walk.Outcome: UInt64]] = [:]
        mutating func add(_ key: String, _ outcome: Walk.Outcome, other: String) {
            let known = counts[key] != nil || counts.count < Summary.rowLimit ? key : other
            counts[known, default: [:]][outcome, default: 0] += 1
        }
        /// The most frequent first.
        var rows: [Report.Row] {
            counts.map { name, outcomes in
                Report.Row(
                    name: name, walks: outcomes.values.reduce(0, +),
                    outcomes: Dictionary(uniqueKeysWithValues: outcomes.map { ($0.key.rawValue, $0.value) }))
            }.sorted { ($1.walks, $0.name) < ($0.walks, $1.name) }
        }
    }

    public init() {}

    public mutating func add(_ walk: Walk) {
        walks += 1
        outcomes[walk.outcome, default: 0] += 1
        flows.add(Self.flow(walk), walk.outcome, other: "other")
        for code in Set(walk.findings.map(\.code.rawValue)) { findings.add(code, walk.outcome, other: "other") }
        if walk.outcome != .delivered, walk.outcome != .left {
            let place: String
            if let stop = walk.stoppedAt, stop.namespace != nil {
                place = Self.place(stop.namespace, stop.device, stop.hook, stop.stage)
            } else if let hop = walk.lastSeen ?? walk.hops.last {
                place = Self.place(hop)
            } else {
                place = "unknown"
            }
            stops.add(place, walk.outcome, other: "other")
        }
        if walk.outcome == .dropped || walk.outcome == .rejected, let rule = walk.stoppedAt?.rule {
            var name = "\(rule.family) \(rule.table) \(rule.chain)"
            if let position = rule.position { name += " \(position)" }
            if let text = rule.text { name += ": \(text)" }
            rules.add(name, walk.outcome, other: "other")
        }
        for hop in walk.hops {
            // NFLOG's times are those of the packet's arrival: no distance.
            guard hop.vantage == .link, let start = Self.link(before: hop, in: walk) else { continue }
            let pair = Pair(from: Self.place(start), to: Self.place(hop))
            guard steps[pair] != nil || steps.count < Self.rowLimit else { continue }
            steps[pair, default: DurationHistogram()].add(hop.offsetNanoseconds - start.offsetNanoseconds)
        }
    }

    /// Takes a connection that has ended; its walks are taken apart from it.
    public mutating func add(_ connection: Connection) { connections.add(connection) }

    /// The nearest link before a hop.
    private static func link(before hop: Hop, in walk: Walk) -> Hop? {
        var parent = hop.parent
        var steps = 0
        while let index = parent, walk.hops.indices.contains(index), steps <= walk.hops.count {
            let candidate = walk.hops[index]
            if candidate.vantage == .link { return candidate }
            parent = candidate.parent
            steps += 1
        }
        return nil
    }

    /// Without the sender's port: requests of one client to one server belong together.
    private static func flow(_ walk: Walk) -> String {
        let isReply = walk.answers != nil
        let client = isReply ? walk.destination : walk.source
        let server = isReply ? walk.source : walk.destination
        let port = isReply ? walk.sourcePort : walk.destinationPort
        return "\(walk.protocol) \(client) → \(server.text(port: port))" + (isReply ? " (answers)" : "")
    }

    private static func place(_ hop: Hop) -> String {
        place(hop.namespace, hop.device, hop.hook, hop.stage) + (hop.direction.map { " \($0.rawValue)" } ?? "")
    }

    private static func place(
        _ namespace: String?, _ device: String?, _ hook: NetfilterHook?, _ stage: NetfilterStage?
    ) -> String {
        var text = namespace ?? "?"
        if let hook {
            text += ":" + hook.rawValue + (stage.map { "/\($0.rawValue)" } ?? "")
        } else if let device {
            text += ":" + device
        }
        return text
    }

    /// The figures so far; each list the most frequent first, at most `limit` rows.
    public func report(limit: Int = 20) -> Report {
        Report(
            walks: walks, outcomes: Dictionary(uniqueKeysWithValues: outcomes.map { ($0.key.rawValue, $0.value) }),
            flows: Array(flows.rows.prefix(limit)), findings: Array(findings.rows.prefix(limit)),
            places: Array(stops.rows.prefix(limit)),
            latencies: Array(
                steps.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }.prefix(limit).map { pair, times in
                    Report.Latency(
                        from: pair.from, to: pair.to, walks: times.count, medianNanoseconds: times.quantile(0.5),
                        percentile99Nanoseconds: times.quantile(0.99), maximumNanoseconds: times.maximum)
                }),
            droppingRules: Array(rules.rows.prefix(limit)), connections: connections.count,
            failedConnections: connections.failedCount, faults: connections.faults,
            connectionFlows: connections.rows(limit: limit), connectionFlowCount: connections.flowCount)
    }
}

extension Summary {
    /// A summary's figures, schema `packetwalk.summary/1`.
    public struct Report: Sendable, Codable, Hashable {
        public struct Row: Sendable, Codable, Hashable {
            public var name: String
            public var walks: UInt64
            /// By outcome; those that happened.
            public var outcomes: [String: UInt64]
        }

        /// Between neighbouring links of a walk.
        public struct Latency: Sendable, Codable, Hashable {
            public var from: String
            public var to: String
            public var walks: UInt64
            public var medianNanoseconds: Int64
            public var percentile99Nanoseconds: Int64
            public var maximumNanoseconds: Int64
            enum CodingKeys: String, CodingKey {
                case from, to, walks
                case medianNanoseconds = "median_ns"
                case percentile99Nanoseconds = "p99_ns"
                case maximumNanoseconds = "max_ns"
            }
        }

        public var schema = "packetwalk.summary/1"
        public var walks: UInt64
        public var outcomes: [String: UInt64]
        public var flows: [Row]
        public var findings: [Row]
        /// Where walks ended that did not arrive.
        public var places: [Row]
        public var latencies: [Latency]
        public var droppingRules: [Row]
        public var connections: UInt64
        public var failedConnections: UInt64
        /// What is broken: all that was found, the most serious and most frequent first.
        public var faults: [ConnectionSums.Fault]
        /// Connections by the names of their ends: those with failures first, then the busiest.
        public var connectionFlows: [ConnectionSums.Flow]
        /// How many there are.
        public var connectionFlowCount: Int
        /// One packet of so many was looked at; nil where every one was.
        public var sampledOneOf: UInt32?
        enum CodingKeys: String, CodingKey {
            case schema, walks, outcomes, flows, findings, places, latencies, connections, faults
            case droppingRules = "dropping_rules"
            case failedConnections = "failed_connections"
            case connectionFlows = "connection_flows"
            case connectionFlowCount = "connection_flows_total"
            case sampledOneOf = "sampled_one_of"
        }

        /// The figures of walks as titled tables, for whoever draws them: what may be long stands last.
        public var tables: [(title: String, heading: [String], rows: [[String]])] {
            var tables: [(title: String, heading: [String], rows: [[String]])] = []
            for (title, name, rows) in [
                ("where packets stopped", "place", places), ("rules that dropped packets", "rule", droppingRules),
            ] where !rows.isEmpty {
                tables.append(
                    (
                        title, ["packets", "outcomes", name],
                        rows.map { [String($0.walks), Self.words($0.outcomes), $0.name] }
                    ))
            }
            if !latencies.isEmpty {
                tables.append(
                    (
                        "latency between adjacent links", ["packets", "median", "p99", "max", "from → to"],
                        latencies.map { row in
                            let times = [row.medianNanoseconds, row.percentile99Nanoseconds, row.maximumNanoseconds]
                            return [String(row.walks)] + times.map { Durations.text(nanoseconds: $0, isFine: true) }
                                + ["\(row.from) → \(row.to)"]
                        }
                    ))
            }
            return tables
        }

        /// `12 delivered, 3 dropped`
        public var outcomeWords: String { Self.words(outcomes) }

        private static func words(_ outcomes: [String: UInt64]) -> String {
            if outcomes.isEmpty { return "none" }
            return outcomes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
                .joined(separator: ", ")
        }
    }
}
