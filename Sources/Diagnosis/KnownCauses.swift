internal import Observations
internal import WalkModel
internal import Wire

/// Why requests failed, for the replies to them that end later by themselves: a reply that waits for a neighbour for
/// seconds, a SYN-ACK that is sent again. What stops such a reply is what its request met, and no fault of the place where
/// it stops.
///
/// Bounded: the oldest half goes first.
struct KnownCauses: Sendable {
    private static let limit = 1024

    private var findings: [Finding] = []
    /// Positions in `findings`, by the request's identifier.
    private var byIdentifier: [String: Int] = [:]
    /// The same by what a reply to it bears where it is sent.
    private var byReply: [FlowTuple: Int] = [:]

    /// Keeps the certain cause of a request that arrived, or left, and got no reply.
    mutating func take(_ request: Walk) {
        guard request.answers == nil, !request.kind.isReplyOfConnection, let cause = request.findings.first,
            cause.severity == .error, request.outcome == .delivered || request.outcome == .left
        else { return }
        if findings.count >= Self.limit { self = KnownCauses() }
        byIdentifier[request.id] = findings.count
        if let reply = request.arrivedTuple?.reversed { byReply[reply] = findings.count }
        findings.append(cause)
    }

    /// The findings of a reply that was explained by itself, where the cause of its loss is known to lie with the request:
    /// nothing of it is an error of its own.
    func related(_ reply: Walk) -> [Finding] {
        guard let first = reply.findings.first, first.severity == .error else { return reply.findings }
        let position =
            reply.answers.flatMap { byIdentifier[$0] }
            ?? (reply.kind.isReplyOfConnection ? reply.sentTuple.flatMap { byReply[$0] } : nil)
        guard let cause = position.map({ findings[$0] }) else {
            // By which way the request came is not known then, nor whether the reply should go this way at all. A rule that
            // drops it does so on any way.
            guard reply.kind.isReplyOfConnection, reply.answers == nil, first.rule == nil,
                first.code == WrongGateway().code || first.where.namespace != reply.hops.first?.namespace
            else { return reply.findings }
            return Self.doubted(
                reply.findings, .seen("it replies to a packet that was not seen: its connection is older than the run"))
        }
        guard cause.code != first.code || cause.where != first.where else { return reply.findings }
        return Self.doubted(
            reply.findings,
            .seen("it replies to a packet of which the cause is known: \(cause.message) (\(cause.code))"))
    }

    private static func doubted(_ findings: [Finding], _ fact: Fact) -> [Finding] {
        var doubted = findings
        for index in doubted.indices {
            if doubted[index].severity == .error { doubted[index].severity = .warning }
            doubted[index].remedy = nil
        }
        doubted[0].evidence.append(fact)
        return doubted
    }
}

extension Walk {
    /// As its receiver saw it.
    fileprivate var arrivedTuple: FlowTuple? { hops.last.flatMap(tuple) }

    fileprivate var sentTuple: FlowTuple? { hops.first.flatMap(tuple) }

    private func tuple(_ hop: Hop) -> FlowTuple? {
        kind.ipProtocol.map {
            FlowTuple(
                source: hop.packet.source, destination: hop.packet.destination,
                sourcePort: hop.packet.sourcePort ?? 0, destinationPort: hop.packet.destinationPort ?? 0,
                ipProtocol: $0)
        }
    }
}

extension PacketKind {
    /// A SYN-ACK.
    fileprivate var isReplyOfConnection: Bool { tcpFlags.map { $0.contains(.syn) && $0.contains(.ack) } ?? false }
}
