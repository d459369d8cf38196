import Glibc
import Observations
import Network
import WalkModel
import Wire

/// Packets and their routes in words.
enum PacketWords {
    /// `ping`, `TCP`, `UDP`, …: what the sender would call it.
    static func kind(_ walk: Walk) -> String {
        if walk.kind.isEcho { return "ping" }
        // Of a packet that was never made no more is known than its protocol; who sends ICMP by hand pings.
        if walk.outcome == .unsent, walk.kind.ipProtocol?.isICMP == true { return "ping" }
        return walk.protocol.uppercased()
    }

    /// What tells the packet from others of its kind: `seq 1`, `SYN`.
    static func detail(_ walk: Walk) -> String? {
        switch walk.kind {
        case .icmp(let message): message.sequence.map { "seq \($0)" } ?? message.name
        case .tcp(let flags, _): flags.description
        case .arp(1, _): "who-has"
        case .fragment(_, let offset): "fragment at \(offset)"
        case .udp, .sctp, .arp, .other, .unseen: nil
        }
    }

    static func flow(_ packet: Hop.Packet) -> String {
        packet.source.text(port: packet.sourcePort) + " → " + packet.destination.text(port: packet.destinationPort)
    }

    static func flow(_ walk: Walk) -> String {
        walk.source.text(port: walk.sourcePort) + " → " + walk.destination.text(port: walk.destinationPort)
    }

    /// The table of a local route that takes what need not be the namespace's own address; nil for the table `local`
    /// (255). Where the kernel was not asked for the table it says 254.
    static func otherLocalTable(_ decision: RouteDecision) -> RoutingTable? {
        guard decision.kind == .local, let table = decision.table, ![.unspecified, .main, .local].contains(table)
        else { return nil }
        return table
    }

    /// A routing decision: next hop, device, and which route where that says something.
    static func route(_ decision: RouteDecision, namespace: String) -> String {
        if let number = decision.errorNumber, number != 0 {
            return "no route to \(decision.tuple.destination): \(String(cString: strerror(number)))"
        }
        switch decision.kind {
        case .local:
            guard let table = otherLocalTable(decision) else {
                return "\(decision.tuple.destination) is local to \(namespace)"
            }
            let mark = decision.mark != 0 ? ", mark 0x\(String(decision.mark, radix: 16))" : ""
            let route = decision.matchedRoute.map { ": \($0)" } ?? ""
            return "taken by \(namespace) itself, local route of table \(table)\(route)\(mark)"
        case let kind? where kind.isRefusal:
            return ["\(kind) route", decision.matchedRoute].compactMap(\.self)
                .joined(separator: ": ")
        default: break
        }
        var parts: [String] = []
        switch (decision.gateway, decision.outDevice) {
        case (let gateway?, let device?): parts.append("via \(gateway) on \(device)")
        case (let gateway?, nil): parts.append("via \(gateway)")
        case (nil, let device?): parts.append("\(decision.tuple.destination) is on \(device)'s network")
        case (nil, nil): parts.append("routed")
        }
        if decision.matchedRoute?.hasPrefix("default") ?? false { parts.append("default route") }
        // 254 is main, where everyone looks first.
        if let table = decision.table, table != 254, table != 0 { parts.append("table \(table)") }
        if decision.mark != 0 { parts.append("mark 0x\(String(decision.mark, radix: 16))") }
        return parts.joined(separator: ", ")
    }
}
