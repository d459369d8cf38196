internal import Network
internal import Observations
internal import Wire

extension Exchange {
    /// Whether the request arrived, and its answer where one is owed. An answer shows the arrival of a request whose
    /// last steps can't be seen. Not where the finding is certain: the asker has no use for a reply that came from
    /// somebody else, or that the router kept.
    public var arrived: Bool {
        if isReplyAstray || request.findings.contains(where: { $0.severity == .error }) { return false }
        return switch request.outcome {
        case .delivered:
            reply.map { ($0.cameToReceiver || $0.outcome == .left && isFromOutside) && !$0.isICMPError }
                ?? !request.owesReply
        case .left: reply.map { $0.cameToReceiver && !$0.isICMPError } ?? !request.owesReply
        case .dropped, .rejected, .lost, .unsent: false
        }
    }

    /// Whether a packet of it was dropped, rejected, lost or not sent at all, or a cause for its failure is certain.
    public var wasStopped: Bool {
        request.hasStopped || reply?.hasStopped == true || request.findings.contains { $0.severity == .error }
    }

    /// Whether the request came from where nothing is seen: there its reply goes, too.
    private var isFromOutside: Bool {
        request.hops.first.map { $0.vantage == .link && $0.direction == .in } ?? false
    }

    /// Whether the reply was delivered in another namespace than the one that sent the request: a router that translated
    /// the request may take it for its own.
    public var isReplyAstray: Bool {
        // What a proxy made in the name of a client is answered to either of them.
        guard let reply, !request.witness.isOfProxy, reply.cameToReceiver,
            let first = request.hops.first(where: \.isSighting),
            let end = reply.hops.last(where: \.isSighting)
        else { return false }
        return first.isOnWayOut && first.namespace != end.namespace
    }

    /// Takes a request that came to its receiver's device for delivered where a reply shows that it was. A refusal shows
    /// nothing: a rule can refuse as well as the receiver.
    public mutating func confirmArrival() {
        guard let reply, !reply.isICMPError, reply.kind.tcpFlags?.contains(.rst) != true else { return }
        request.confirmDelivery()
    }
}

extension Hop {
    /// Whether the packet was on its way out of the namespace: the first sighting of one that was sent there.
    public var isOnWayOut: Bool { direction == .out || hook == .output || hook == .postrouting }
}

extension Walk {
    /// Whether it goes to all on a link, or to a group.
    public var isForMany: Bool {
        if witness.isForMany || destination.isMulticast || destination == IPAddress(ipv4: .max) { return true }
        let first = hops.first { $0.vantage == .link && $0.packet.macDestination != nil }
        return first?.packet.macDestination?.isGroup == true
    }

    /// Whether its receiver must reply. Nobody must to what is for many: hosts ignore such echo requests by default
    /// (RFC 1122, 3.2.2.6; `icmp_echo_ignore_broadcasts`).
    public var owesReply: Bool { awaitsAnswer && (kind.opensConnection || !isForMany) }

    /// Whether it ended on its path, and not past an edge of what can be seen.
    public var hasStopped: Bool {
        switch outcome {
        // NAT keeps back redirects that concern connections which it translates.
        case .dropped: !(isRedirect && stoppedAt?.rule == nil)
        case .rejected, .lost, .unsent: true
        case .delivered, .left: false
        }
    }
}
