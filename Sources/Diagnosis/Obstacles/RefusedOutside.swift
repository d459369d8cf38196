internal import Network
internal import WalkModel
internal import Wire

/// The packet left for where nothing can be seen, and a RST or an ICMP error came back from there (RFC 792, RFC 4443,
/// RFC 9293 3.5.2).
struct RefusedOutside: Obstacle {
    let code: FindingCode = "refused-outside"
    let traits: ObstacleTraits = [.isSymptom, .rejects]

    /// Nil where the reply refuses nothing. Who refuses is known, and not why: it is never certain.
    ///
    /// - Parameter last: where the packet was last seen.
    func candidate(_ packet: Walk, _ reply: Walk, last: Hop) -> Candidate? {
        guard let words = words(packet, reply, last) else { return nil }
        let device = last.device.map { " by \($0)" } ?? ""
        let tunnel = last.packet.encapsulation.map { " inside \($0)" } ?? ""
        return candidate(
            at: Finding.Place(namespace: last.namespace, device: last.device),
            "the packet left \(last.namespace)\(device)\(tunnel), and \(words); the network beyond is not visible from here",
            evidence: [.seen("the reply is \(reply.summary), from \(reply.source)")], isCertain: false)
    }

    private func words(_ packet: Walk, _ reply: Walk, _ last: Hop) -> String? {
        if let flags = reply.kind.tcpFlags {
            guard packet.awaitsAnswer, flags.contains(.rst) else { return nil }
            // Where a rule sent it.
            let (destination, port) = (last.packet.destination, last.packet.destinationPort ?? packet.destinationPort)
            return "\(destination) refused the connection (RST): nothing listens on TCP port "
                + "\(port.map(String.init) ?? "0") there, or a firewall rejects it"
        }
        guard let error = reply.kind.icmp, error.isError else { return nil }
        return "\(reply.source) sent an ICMP error: \(error.name)\(meaning(of: error, packet, from: reply.source))"
    }

    private func meaning(of error: ICMPMessage, _ packet: Walk, from source: IPAddress) -> String {
        let destination = packet.destination
        switch (error.isIPv6, error.type, error.code) {
        case (false, 3, 0), (true, 1, 0): return "; it has no route to \(destination)"
        case (false, 3, 1), (true, 1, 3): return "; it cannot reach \(destination)"
        case (false, 3, 3), (true, 1, 4):
            let port = packet.destinationPort.map { " port \($0)" } ?? ""
            return source == destination
                ? "; nothing listens on \(packet.kind.protocolName.uppercased())\(port) there, or a firewall rejects it"
                : "; a firewall there rejects it"
        case (false, 3, 4), (true, 2, _): return "; its next link takes at most \(error.mtu ?? 0) bytes"
        case (false, 3, 9), (false, 3, 10), (false, 3, 13), (true, 1, 1): return "; a firewall there rejects it"
        case (false, 11, 0), (true, 3, 0): return "; the TTL ran out there: too low, or a routing loop"
        default: return ""
        }
    }
}
