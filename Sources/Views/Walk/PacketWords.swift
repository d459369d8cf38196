import Observations
import Network
import WalkModel
import Wire

/// Packets and places in words.
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

    /// `198.51.100.1`, `198.51.100.1:443`, `[2001:db8::1]:443`.
    static func endpoint(_ address: IPAddress, _ port: UInt16?) -> String {
        guard let port else { return address.description }
        return address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }

    static func flow(_ packet: Hop.Packet) -> String {
        endpoint(packet.source, packet.sourcePort) + " → " + endpoint(packet.destination, packet.destinationPort)
    }

    static func flow(_ walk: Walk) -> String {
        endpoint(walk.source, walk.sourcePort) + " → " + endpoint(walk.destination, walk.destinationPort)
    }

    /// Where a hop was: `veth0 in`, `postrouting`, `route`, `sent`.
    static func place(_ hop: Hop) -> String {
        place(device: hop.device, vantage: hop.vantage, direction: hop.direction, hook: hop.hook)
    }

    static func place(
        device: String?, vantage: VantagePoint.Kind?, direction: VantagePoint.Direction?, hook: NetfilterHook?
    ) -> String {
        switch vantage {
        case .link: [device ?? "a device", direction?.rawValue].compactMap(\.self).joined(separator: " ")
        case .netfilter: hook?.rawValue ?? "netfilter"
        case .route: "route"
        case .socket: direction == .in ? "received" : "sent"
        case .drop: hook?.rawValue ?? device ?? "dropped"
        case nil: hook?.rawValue ?? device ?? ""
        }
    }

    /// `host forward`, as far as it is known.
    static func place(_ stop: Stop) -> String {
        let place = place(device: stop.device, vantage: stop.vantage, direction: nil, hook: stop.hook)
        return [stop.namespace, place.isEmpty || stop.vantage == .socket ? nil : place].compactMap(\.self)
            .joined(separator: " ")
    }

    static func place(_ place: Finding.Place) -> String {
        [place.namespace, place.hook?.rawValue, place.device].compactMap(\.self).joined(separator: " ")
    }

    /// A routing decision: next hop, device, and which route where that says something.
    static func route(_ decision: RouteDecision, namespace: String) -> String {
        if let number = decision.errorNumber, number != 0 {
            return "no route to \(decision.tuple.destination): \(message(errorNumber: number))"
        }
        switch decision.kind {
        case "local":
            // 255 is `local`, where the kernel keeps the namespace's own addresses; another table may take any address.
            guard let table = decision.table, table != 255, table != 0 else {
                return "\(decision.tuple.destination) is local to \(namespace)"
            }
            let mark = decision.mark != 0 ? ", mark 0x\(String(decision.mark, radix: 16))" : ""
            let route = decision.matchedRoute.map { ": \($0)" } ?? ""
            return "taken by \(namespace) itself, local route of table \(table)\(route)\(mark)"
        case "blackhole", "unreachable", "prohibit":
            return [decision.kind.map { "\($0) route" }, decision.matchedRoute].compactMap(\.self)
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

    /// What strerror(3) says in the C locale for the errors of a routing decision, the same on every machine.
    static func message(errorNumber: Int32) -> String {
        switch errorNumber {
        case 1: "Operation not permitted"
        case 13: "Permission denied"
        case 22: "Invalid argument"
        case 99: "Cannot assign requested address"
        case 100: "Network is down"
        case 101: "Network is unreachable"
        case 110: "Connection timed out"
        case 111: "Connection refused"
        case 113: "No route to host"
        default: "error \(errorNumber)"
        }
    }
}
