internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// How a packet was handed to the namespace in which its path is taken up, by somebody whose state is known.
///
/// By names: paths are followed in deep calls, each with copies of what they rest on.
struct Handover: Sendable {
    /// Who sent it there, and by which device.
    var sender: String
    var device: String
    /// The next hop that it was sent to.
    var hop: IPAddress
    /// Whether that is a gateway, not the destination itself.
    var isGateway: Bool
    var receiver: String
}

extension WalkReading {
    /// The namespace that made the packet; nil where it was first seen as it came in somewhere.
    var sender: String? {
        guard let first = sightings.first, first.vantage == .socket || first.direction == .out || first.hook == .output
        else { return nil }
        let isOwn = topology[namespace: first.namespace]?.holds(walk.source) == true
        return isOwn && !(first.vantage == .socket && first.direction == .in) ? first.namespace : nil
    }

    /// Nil where the packet was sent where it was last seen, and where what came before is not known.
    func handover(_ inputs: PathInputs) -> Handover? {
        guard !sightings.contains(where: { $0.packet.encapsulation != nil }) else { return nil }
        let stays = stays()
        // A bridge hands on what others sent.
        guard let last = stays.last, let before = stays.dropLast().last(where: { !$0.isBridged }),
            before.namespace.name != last.namespace.name, let device = before.outDevice
        else { return nil }
        let choice = inputs.route(before.exit, before.namespace, inDevice: before.inDevice)
        let hop = choice.gateway ?? before.exit.destination
        guard choice.kind == .unicast, choice.device == device, !hop.isMulticast else { return nil }
        return Handover(
            sender: before.namespace.name, device: device, hop: hop, isGateway: choice.gateway != nil,
            receiver: last.namespace.name)
    }
}

extension WalkReading.Stay {
    /// Whether a bridge handed the frame on: it left by the bridge that it came in by, with the TTL that it had.
    var isBridged: Bool { inPort != nil && inDevice == outDevice && entry.ttl == exit.ttl }
}
