internal import WalkModel
import Observations
import Wire

/// The flow of a packet as its sender's socket sent it, where it was first seen after translations of the sender's own: on
/// its way out of a device, past the hooks of output and postrouting, or on lo.
enum SentFlow {
    /// What conntrack says; nil for a packet that was sent as it was first seen, and for one that was forwarded.
    static func of(_ first: Sighting, near surroundings: Surroundings, _ state: borrowing StreamState) -> FlowKey? {
        if state.translations.isEmpty { return nil }
        let place = surroundings.place(of: first)
        let places = surroundings.places
        // lo is watched as packets come in.
        let isOut = !place.isIn || place.device >= 0 && places.devices[Int(place.device)].isLoopback
        guard place.isLink, isOut, !place.isUndirected, !first.isEncapsulated, !first.has(Sighting.quotesPacket),
            places.areas[Int(place.namespace)].topologyIndex >= 0,
            let flow = state.translations.origin(of: first.flowKey, in: place.namespace),
            places.holds(flow.source(isIPv6: first.has(Sighting.isIPv6)), in: place.namespace)
        else { return nil }
        return flow
    }
}
