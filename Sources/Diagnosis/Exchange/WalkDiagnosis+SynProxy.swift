internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

extension WalkDiagnosis {
    /// Whether a SYN proxy of the namespace where the packet was last seen took it, which opens the connection to either end by
    /// itself.
    func isTakenByProxy(_ reading: WalkReading) -> Bool {
        guard reading.walk.outcome == .lost, let last = reading.last, let packet = reading.packet(at: last),
            packet.ipProtocol == .tcp, let namespace = topology[namespace: last.namespace]
        else { return false }
        return hasProxy(for: packet, in: namespace, inDevice: reading.inDevice(at: last))
    }

    /// Whether a SYN proxy of the namespace where the packet was first seen sent it, in the name of a client.
    func isMadeByProxy(_ reading: WalkReading) -> Bool {
        guard let first = reading.sightings.first, let packet = reading.packet(at: first), packet.ipProtocol == .tcp,
            let namespace = topology[namespace: first.namespace], !namespace.holds(packet.source)
        else { return false }
        return hasProxy(for: packet, in: namespace, inDevice: nil)
    }

    private func hasProxy(for packet: PacketState, in namespace: Namespace, inDevice: String?) -> Bool {
        let site = RuleSite(namespace: namespace, inDevice: inDevice)
        return namespace.netfilter.compiled.synProxies.contains { rule in
            [packet, packet.answer].contains { packet in
                rule.matches.allSatisfy { match in
                    switch match.field {
                    case .address, .port, .transportProtocol: match.evaluate(packet, at: site) != .fails
                    default: true
                    }
                }
            }
        }
    }
}

extension Diagnosis {
    /// Whether a reply that was seen no further was taken by a SYN proxy, which answers its sender itself.
    static func isTakenByProxy(_ reply: Walk, context: DiagnosisContext) -> Bool {
        guard reply.outcome == .lost, reply.kind.tcpFlags != nil else { return false }
        return WalkDiagnosis(walk: reply, reply: nil, context: context).isTakenByProxy(
            WalkReading(walk: reply, topology: context.topology))
    }
}
