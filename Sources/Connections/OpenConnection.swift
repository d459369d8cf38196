internal import Network
internal import Observations
internal import WalkModel
internal import Wire

/// A connection of which more may come.
///
/// Its two ends are A, who sent the first packet that was taken, and B: who of them is the client may show only later,
/// since packets are taken in the order in which they end.
struct OpenConnection {
    /// conntrack's times (nf_conntrack(7), the kernel's nf_conntrack-sysctl.rst) after which it forgets a flow.
    enum IdleLimit {
        static let tcpOpening: Int64 = 120_000_000_000
        static let tcp: Int64 = 432_000_000_000_000
        static let udp: Int64 = 30_000_000_000
        static let udpAnswered: Int64 = 120_000_000_000
        static let echo: Int64 = 30_000_000_000
        static let other: Int64 = 600_000_000_000
    }

    /// After its end: packets that were under way then, and the wait for their replies.
    static let lingerNanoseconds: Int64 = 2_000_000_000

    /// What one end sent.
    struct End {
        /// Of its packets as it sent them; nil before the first.
        var flow: FlowTuple?
        var traffic = Connection.Traffic()
        var stream = StreamRanges()
        /// Where it sends from, and where it takes what the other one sends; nil where that can't be seen.
        var namespace = EarliestPlace()
        var arrival = EarliestPlace()
        var first: Int64 = .max
        /// Of its first SYN.
        var syn: (start: Int64, sequence: UInt32?)?
        /// Arrival of its first segment with ACK that is no SYN.
        var acknowledgement: (start: Int64, arrival: Int64)?
        var fin: Int64?
        var rst: Int64?
    }

    let kind: Connection.Kind
    private(set) var a = End()
    private(set) var b = End()
    private(set) var names: Set<FlowName> = []
    /// Who the client is, where a packet said so.
    private var clientIsA: Bool?
    private(set) var connection: Connection
    private(set) var lastNanoseconds: Int64 = .min
    private var firstNanoseconds: Int64 = .max
    private var exampleRank = -1
    private var isRefused = false
    private var succeeded: UInt64 = 0
    private var leftAlone: UInt64 = 0
    private var lastStopped: (start: Int64, outcome: Walk.Outcome)?
    /// Questions to DNS without a reply yet.
    private var openQuestions = 0
    /// Their ids as numbers: there may be a thousand for each connection.
    private var walks: [(start: Int64, id: UInt128)] = []
    private let graph: NetworkGraph?
    private let keepsWalks: Bool

    static let nameLimit = 16
    static let causeLimit = 16

    init(_ exchange: Exchange, graph: NetworkGraph?, keepsWalks: Bool) {
        let walk = exchange.request
        kind =
            switch walk.kind.ipProtocol {
            case .tcp: .tcp
            case .udp: .udp
            case .icmp, .icmpv6: walk.kind.isEcho ? .echo : .other
            default: .other
            }
        connection = Connection(
            id: walk.id, kind: kind, protocol: walk.protocol, client: Connection.End(address: walk.source),
            server: Connection.End(address: walk.destination), example: exchange)
        connection.identifier = walk.kind.isEcho ? walk.kind.icmp?.identifier : nil
        self.graph = graph
        self.keepsWalks = keepsWalks
    }

    /// Whether `walk` is of another connection between the same ends and ports: it comes after this one's end, or its SYN
    /// has a number of its own.
    func isOver(before walk: Walk, fromA: Bool) -> Bool {
        if walk.startNanoseconds > endNanoseconds { return true }
        guard kind == .tcp, walk.kind.opensConnection, let new = walk.witness.tcpSequence,
            let old = (fromA ? a : b).syn?.sequence
        else { return false }
        return old != new && walk.startNanoseconds > lastNanoseconds
    }

    mutating func add(name: FlowName) -> Bool {
        names.count < Self.nameLimit && names.insert(name).inserted
    }

    // MARK: Packets

    /// - Parameter fromA: whether A sent the request.
    mutating func take(_ exchange: Exchange, fromA: Bool) {
        take(exchange.request, fromA: fromA)
        if let reply = exchange.reply { take(reply, fromA: !fromA) }
        connection.exchanges += 1
        judge(exchange)
        noteCauses(exchange)
        noteLookup(exchange)
        noteExample(exchange)
    }

    /// 32 digits.
    private static func text(_ id: UInt128) -> String {
        let digits = String(id, radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }

    private mutating func take(_ walk: Walk, fromA: Bool) {
        connection.walkCount += 1
        if let oneOf = walk.sampledOneOf { connection.sampledOneOf = max(connection.sampledOneOf ?? 1, oneOf) }
        if keepsWalks, walks.count < Connection.walkLimit, let id = UInt128(walk.id, radix: 16) {
            walks.append((walk.startNanoseconds, id))
        }
        if (walk.startNanoseconds, walk.id) < (firstNanoseconds, connection.id) { connection.id = walk.id }
        firstNanoseconds = min(firstNanoseconds, walk.startNanoseconds)
        lastNanoseconds = max(lastNanoseconds, walk.endNanoseconds)
        // Routers send errors, in nobody's name.
        if walk.isICMPError, kind != .other { return }
        if fromA { a.take(walk) } else { b.take(walk) }
        if walk.outcome == .delivered {
            let place = walk.hops.last?.namespace
            if fromA { b.arrival.take(place, of: walk) } else { a.arrival.take(place, of: walk) }
        }
        if walk.kind.opensConnection || walk.kind.isEchoRequest { clientIsA = fromA }
        // Of a connection that could not be opened no SYN was made, and its source was not chosen.
        if walk.outcome == .unsent, walk.source.isUnspecified { clientIsA = clientIsA ?? fromA }
        if let flags = walk.kind.tcpFlags, flags.isSuperset(of: [.syn, .ack]) { clientIsA = clientIsA ?? !fromA }
    }

    private mutating func judge(_ exchange: Exchange) {
        let request = exchange.request
        let wantsReply = request.awaitsAnswer
        if wantsReply { connection.requests += 1 }
        if let reply = exchange.reply, !reply.isICMPError {
            let isThere = exchange.hasReply
            if wantsReply, isThere { connection.replies += 1 }
            if isThere, wantsReply || request.kind.ipProtocol == .udp {
                let time = reply.endNanoseconds - request.startNanoseconds
                if connection.roundTrip?.add(nanoseconds: time) == nil {
                    connection.roundTrip = Connection.RoundTrip(nanoseconds: time)
                }
            }
        }
        if wantsReply, !exchange.hasReply, exchange.isInconclusive { connection.inconclusive += 1 }
        if exchange.isRefusal { isRefused = true }
        if exchange.hasFailed {
            connection.failures += 1
            let stopped = [request, exchange.reply].compactMap(\.self).first(where: \.hasStopped)
            let ended: Walk.Outcome? = stopped?.outcome ?? (exchange.isRefusal ? .rejected : nil)
            if let ended, request.startNanoseconds >= lastStopped?.start ?? .min {
                lastStopped = (request.startNanoseconds, ended)
            }
        } else if exchange.mayLackReply || request.outcome == .left && exchange.reply?.cameToReceiver != true {
            leftAlone += 1
        } else {
            succeeded += 1
        }
    }

    private mutating func noteCauses(_ exchange: Exchange) {
        for walk in [exchange.request, exchange.reply].compactMap(\.self) {
            for finding in walk.findings {
                let time = walk.startNanoseconds
                if let index = connection.causes.firstIndex(where: { $0.finding.isSameCause(as: finding) }) {
                    connection.causes[index].count += 1
                    if time < connection.causes[index].firstNanoseconds { connection.causes[index].finding = finding }
                    connection.causes[index].firstNanoseconds = min(connection.causes[index].firstNanoseconds, time)
                    connection.causes[index].lastNanoseconds = max(connection.causes[index].lastNanoseconds, time)
                } else if connection.causes.count < Self.causeLimit {
                    connection.causes.append(
                        Connection.Cause(finding: finding, firstNanoseconds: time, lastNanoseconds: time))
                }
            }
        }
    }

    private mutating func noteLookup(_ exchange: Exchange) {
        guard kind == .udp else { return }
        for walk in [exchange.request, exchange.reply].compactMap(\.self) {
            guard let message = walk.witness.nameMessage else { continue }
            if !message.isResponse {
                connection.lookupCount += 1
                openQuestions += 1
                guard connection.lookups.count < Connection.lookupLimit else { continue }
                connection.lookups.append(
                    Connection.Lookup(startNanoseconds: walk.startNanoseconds, question: message))
            } else {
                openQuestions = max(0, openQuestions - 1)
                let index = connection.lookups.firstIndex {
                    $0.answer == nil && $0.question.identifier == message.identifier && $0.question.type == message.type
                }
                guard let index else { continue }
                connection.lookups[index].answer = message
                if let reply = exchange.reply,
                    exchange.request.witness.nameMessage == connection.lookups[index].question
                {
                    connection.lookups[index].nanoseconds = reply.endNanoseconds - exchange.request.startNanoseconds
                }
            }
        }
    }

    /// What shows best what the connection is: a failure with its finding, else a request with its reply, the first of
    /// each.
    private mutating func noteExample(_ exchange: Exchange) {
        let request = exchange.request
        var rank = 0
        if exchange.reply != nil { rank = 1 }
        if exchange.reply != nil, request.awaitsAnswer || kind != .tcp { rank = 2 }
        if exchange.hasFailed { rank = exchange.firstFinding == nil ? 3 : 4 }
        if exchange.firstFinding?.severity == .error { rank = 5 }
        let before = connection.example.request
        let isEarlier = (request.startNanoseconds, request.id) < (before.startNanoseconds, before.id)
        guard rank > exampleRank || rank == exampleRank && isEarlier else { return }
        exampleRank = rank
        connection.example = exchange
    }

    // MARK: How it stands

    private var isAClient: Bool {
        if let clientIsA { return clientIsA }
        if kind == .tcp, let flow = a.flow ?? b.flow?.reversed, flow.sourcePort != flow.destinationPort {
            // Of a connection that was open before, the service is likely to be at the lower port.
            return flow.sourcePort > flow.destinationPort
        }
        return a.first <= b.first
    }

    /// When there will be no more of it, unless more comes before.
    var endNanoseconds: Int64 {
        let (time, overflows) = lastNanoseconds.addingReportingOverflow(quietNanoseconds)
        return overflows ? .max : time
    }

    private var quietNanoseconds: Int64 {
        switch kind {
        case .tcp:
            if isClosed { return Self.lingerNanoseconds }
            return a.traffic.packets > 0 && b.traffic.packets > 0 && !isRefused ? IdleLimit.tcp : IdleLimit.tcpOpening
        case .udp:
            // The end of a lookup is its last reply.
            if connection.lookupCount > 0, openQuestions == 0 { return Self.lingerNanoseconds }
            return a.traffic.packets > 0 && b.traffic.packets > 0 ? IdleLimit.udpAnswered : IdleLimit.udp
        case .echo: return IdleLimit.echo
        case .other: return IdleLimit.other
        }
    }

    private var isClosed: Bool { a.rst != nil || b.rst != nil || a.fin != nil && b.fin != nil || isRefused }

    /// How it stands now.
    func finished(_ ending: Connection.Ending) -> Connection {
        let isAClient = isAClient
        let client = isAClient ? a : b
        let server = isAClient ? b : a
        var result = connection
        result.startNanoseconds = firstNanoseconds
        result.durationNanoseconds = lastNanoseconds - firstNanoseconds
        result.sent = client.traffic
        result.received = server.traffic
        if let flow = client.flow ?? server.flow?.reversed {
            let hasPorts = flow.ipProtocol.hasPorts
            result.client = Connection.End(address: flow.source, port: hasPorts ? flow.sourcePort : nil)
            result.server = Connection.End(address: flow.destination, port: hasPorts ? flow.destinationPort : nil)
        }
        result.client.namespace =
            client.namespace.name ?? client.arrival.name ?? holder(of: result.client.address, client)
        result.server.namespace =
            server.arrival.name ?? server.namespace.name ?? holder(of: serverAddress ?? result.server.address, client)
        result.handshakeNanoseconds = handshake(client, server)
        result.translations = translations(isAClient: isAClient)
        result.walks = walks.sorted { $0 < $1 }.map { Self.text($0.id) }
        result.lookups.sort { $0.startNanoseconds < $1.startNanoseconds }
        result.causes.sort {
            ($0.finding.severity.rank, $1.count, $0.firstNanoseconds, $0.finding.code)
                < ($1.finding.severity.rank, $0.count, $1.firstNanoseconds, $1.finding.code)
        }
        result.outcome = outcome
        (result.ending, result.endedBy) = ended(client, server, otherwise: ending)
        return result
    }

    private var outcome: Connection.Outcome {
        if connection.failures == 0 { return succeeded == 0 && leftAlone > 0 ? .left : .delivered }
        if succeeded > 0 { return .impaired }
        guard let lastStopped else { return .unanswered }
        switch lastStopped.outcome {
        case .dropped: return .dropped
        case .rejected: return .rejected
        case .lost: return .lost
        case .unsent: return .unsent
        case .delivered, .left: return .unanswered
        }
    }

    private func ended(
        _ client: End, _ server: End, otherwise ending: Connection.Ending
    ) -> (Connection.Ending, Connection.Side?) {
        guard kind == .tcp else { return (isRefused && kind == .udp ? .refused : ending, nil) }
        let times: [(side: Connection.Side, fin: Int64?, rst: Int64?)] = [
            (.client, client.fin, client.rst), (.server, server.fin, server.rst),
        ]
        let firstFin = times.filter { $0.fin != nil }.min { $0.fin ?? 0 < $1.fin ?? 0 }
        let firstRst = times.filter { $0.rst != nil }.min { $0.rst ?? 0 < $1.rst ?? 0 }
        if isRefused { return (.refused, firstRst?.side) }
        // What a socket that is closed already answers ends nothing.
        if client.fin != nil, server.fin != nil { return (.closed, firstFin?.side) }
        if let firstRst { return (.reset, firstRst.side) }
        if let firstFin { return (ending == .open ? .open : .closed, firstFin.side) }
        return (ending, nil)
    }

    private func handshake(_ client: End, _ server: End) -> Int64? {
        guard let syn = client.syn, let reply = server.syn, let end = client.acknowledgement, end.start >= reply.start,
            end.arrival >= syn.start
        else { return nil }
        return end.arrival - syn.start
    }

    /// What the client's packets are translated to on their way.
    private func translations(isAClient: Bool) -> [Connection.Translation] {
        let example = connection.example
        let walk = [example.request, example.reply].compactMap(\.self).first { walk in
            let sent = FlowName(sent: walk).tuple
            return sent == (isAClient ? a : b).flow
        }
        guard let walk else { return [] }
        return walk.hops.flatMap { hop in
            hop.changes.filter(\.field.isTranslated).map { change in
                Connection.Translation(
                    namespace: hop.namespace, hook: hop.hook, change: change,
                    rule: hop.rules.last { $0.table == "nat" } ?? hop.rules.last)
            }
        }
    }

    /// The server's own address, where the example shows it.
    private var serverAddress: IPAddress? {
        let request = connection.example.request
        guard FlowName(sent: request).tuple == (isAClient ? a : b).flow else { return nil }
        return request.hops.last?.packet.destination
    }

    /// The only namespace that holds an address, among those that links join to where the packets were seen.
    private func holder(of address: IPAddress, _ client: End) -> String? {
        if address.isLoopback { return client.namespace.name }
        let walks = [connection.example.request, connection.example.reply].compactMap(\.self)
        let near = graph?.joined(to: Set(walks.flatMap { $0.hops.map(\.namespace) }))
        let holders = near?.namespaces(holding: address) ?? []
        return holders.count == 1 ? holders[0].name : nil
    }
}

/// What the earliest packet says that says something: whichever is taken first.
struct EarliestPlace {
    private(set) var name: String?
    private var time = Int64.max
    private var id = ""

    mutating func take(_ place: String?, of walk: Walk) {
        guard let place, name == nil || (walk.startNanoseconds, walk.id, place) < (time, id, name ?? "") else { return }
        (name, time, id) = (place, walk.startNanoseconds, walk.id)
    }
}

extension OpenConnection.End {
    fileprivate mutating func take(_ walk: Walk) {
        if flow == nil || walk.startNanoseconds < first { flow = FlowName(sent: walk).tuple }
        first = min(first, walk.startNanoseconds)
        if let hop = walk.hops.first {
            if !hop.isFromOutside { namespace.take(hop.namespace, of: walk) }
        } else {
            namespace.take(walk.stoppedAt?.namespace, of: walk)
        }
        if walk.hasStopped { traffic.stopped += 1 }
        guard walk.outcome != .unsent else { return }
        traffic.packets += 1
        switch walk.kind {
        case .tcp(let flags, let length): take(walk, flags, length)
        case .udp(let length), .sctp(let length): traffic.bytes += UInt64(length)
        default: traffic.bytes += UInt64(walk.hops.first?.packet.length ?? 0)
        }
    }

    private mutating func take(_ walk: Walk, _ flags: TCPFlags, _ length: UInt32) {
        let start = walk.startNanoseconds
        var repeated: Int64 = 0
        if let sequence = walk.witness.tcpSequence {
            // SYN and FIN take a number of the sequence space each (RFC 9293 section 3.4).
            let control: UInt32 = (flags.contains(.syn) ? 1 : 0) + (flags.contains(.fin) ? 1 : 0)
            repeated = stream.take(sequence: sequence, length: length &+ control)
            if repeated > 0 { traffic.retransmitted += 1 }
        }
        traffic.bytes += UInt64(max(0, Int64(length) - repeated))
        if flags.contains(.syn), start < syn?.start ?? .max { syn = (start, walk.witness.tcpSequence) }
        if flags.contains(.ack), !flags.contains(.syn), !flags.contains(.rst), start < acknowledgement?.start ?? .max {
            acknowledgement = (start, walk.endNanoseconds)
        }
        if flags.contains(.fin) { fin = min(fin ?? .max, start) }
        if flags.contains(.rst) { rst = min(rst ?? .max, start) }
    }
}

extension Hop {
    /// Whether a packet that was first seen here came from where nothing is seen.
    fileprivate var isFromOutside: Bool { vantage == .link && direction == .in && device != "lo" }
}

extension Exchange {
    /// Whether a SYN or a datagram was answered by RST, or by an error that is not about its size.
    fileprivate var isRefusal: Bool {
        guard let reply, request.kind.opensConnection || request.kind.ipProtocol == .udp else { return false }
        if reply.isICMPError { return reply.kind.icmp?.isTooBig != true }
        return reply.kind.tcpFlags?.contains(.rst) == true
    }

    fileprivate var firstFinding: Finding? { request.findings.first ?? reply?.findings.first }
}

extension Exchange {
    /// Whether a reply came to the asker, or left towards where nothing is seen.
    fileprivate var hasReply: Bool {
        guard let reply, !reply.isICMPError else { return false }
        return (reply.cameToReceiver || reply.hasLeft) && !isReplyAstray
    }

    /// Whether a reply may have come that was not seen, since sightings were lost.
    fileprivate var mayLackReply: Bool {
        reply == nil && request.owesReply && request.losses.contains(where: \.isOfSightings)
    }

    /// Whether what is past an edge of the run, or what was lost, may have been the rest of it.
    fileprivate var isInconclusive: Bool {
        guard !wasStopped else { return false }
        return [request, reply].compactMap(\.self).contains { walk in
            !walk.witness.edges.isEmpty || walk.cutOff != nil || walk.losses.contains(where: \.isOfSightings)
        }
    }
}
