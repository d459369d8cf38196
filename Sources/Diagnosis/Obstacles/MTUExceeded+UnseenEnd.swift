internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel

extension MTUExceeded {
    /// The kernel dropped the packet where a veth device hands it to its other end, which can't be seen. Nothing is asked
    /// of it there but its length, and whether that end is up (`____dev_forward_skb`), without which this one has no
    /// carrier. Nil where it was dropped elsewhere.
    func unseenEnd(_ stop: StoppedPacket) -> Candidate? {
        let topology = stop.context.topology
        guard ["__dev_forward_skb", "__dev_forward_skb2"].contains(stop.report.location), let last = stop.last,
            last.direction == .out, let device = last.device,
            let link = topology[namespace: last.namespace]?[device: device],
            link.kind == .veth, link.isUp, link.hasCarrier,
            link.peer?.namespace.flatMap({ topology[namespace: $0] }) == nil,
            stop.packet.length > 0
        else { return nil }
        return candidate(
            at: Finding.Place(namespace: last.namespace, device: link.name),
            "MTU mismatch: \(link.name) in \(last.namespace) sends up to \(link.mtu) bytes, and its peer, which cannot be seen, accepts less; the packet of \(stop.packet.length) bytes is dropped silently",
            evidence: [.state("MTU \(link.mtu) of \(link.name)"), .seen("\(stop.packet.length) bytes")])
    }
}
