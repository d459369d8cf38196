internal import WalkModel
import Network
import Observations
import Wire

/// What became of a packet at a place where nothing more of it was seen: the later case got farther.
enum Ending: Int, Comparable {
    /// A copy that was meant for somebody else.
    case copy
    case lost
    case left
    /// It came in by a device for the namespace itself, and behind that nothing is watched.
    case arrived
    case delivered

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    var outcome: Walk.Outcome {
        switch self {
        case .delivered: .delivered
        case .left, .arrived: .left
        case .copy, .lost: .lost
        }
    }

    /// - Parameter quotedFlow: of an ICMP error, the flow that conntrack knows it by.
    static func of(
        _ sighting: Sighting, quotedFlow: FlowKey?, near surroundings: Surroundings,
        _ state: borrowing StreamState
    ) -> Ending {
        let place = surroundings.place(of: sighting)
        switch place.phase {
        case .socketIn:
            return .delivered
        case .linkIn, .bridgeIn, .prerouting, .bridgedPrerouting, .input:
            if sighting.isEncapsulated { return .lost }
            return arrived(sighting, quotedFlow, place, surroundings, state)
        case .linkOut, .bridgeOut:
            return surroundings.isFarEndVisible(place) ? .lost : .left
        case .postrouting, .output:
            return surroundings.watchesLinksOut(place.namespace) ? .lost : .left
        case .forward:
            return surroundings.places.areas[Int(place.namespace)].watchesOut ? .lost : .left
        case .socketOut:
            return .lost
        }
    }

    /// Of a packet last seen on its way into a namespace.
    private static func arrived(
        _ sighting: Sighting, _ quotedFlow: FlowKey?, _ place: Place, _ surroundings: Surroundings,
        _ state: borrowing StreamState
    ) -> Ending {
        let places = surroundings.places
        let namespace = Int(place.namespace)
        let isKnown = places.areas[namespace].topologyIndex >= 0
        let destination = sighting.destination
        let isBroadcast = destination.isMulticast || destination.isIPv4 && destination.low == 0xffff_ffff
        // What came to input was routed to the namespace, whatever its destination: by a local route for a whole network,
        // for a transparent proxy.
        let holds = isKnown && places.holds(destination, in: place.namespace) || place.phase == .input
        guard isBroadcast || holds && !goesOnTranslated(sighting, quotedFlow, place, surroundings, state) else {
            guard isKnown else { return .left }
            if place.device >= 0, sighting.has(Sighting.hasMACDestination) {
                let target = MACAddress(value: sighting.macDestination)
                let own = places.devices[Int(place.device)].mac
                if target.isGroup || own != 0 && target.value != own && !surroundings.isBridged(place) { return .copy }
            }
            return .lost
        }
        if place.device >= 0 {
            let master = places.devices[Int(place.device)].master
            if master >= 0, places.devices[Int(master)].isBridge, places.devices[Int(master)].vantageIn >= 0 {
                return isBroadcast ? .copy : .lost
            }
        }
        let lastInputRank = places.areas[namespace].lastInputRank
        if sighting.network != .arp, lastInputRank >= 0, place.rank < lastInputRank, !isBroadcast,
            // The hooks of this family are known to work here: a packet that had come to input would have been seen.
            state.hasHooks(sighting, in: place.namespace),
            !state.hasLostHooks(places.areas[namespace].name, since: sighting.timeNanoseconds)
        {
            return .lost
        }
        // ARP meets no hook that is ever watched, and is answered by the device itself.
        let isWatched = lastInputRank >= 0 || sighting.network == .arp || isBroadcast
        return place.isLink && !isWatched ? .arrived : .delivered
    }

    /// Whether a packet that came to an address of the namespace is not for the namespace: conntrack is about to
    /// translate its destination (back) to one that lies elsewhere. An ICMP error goes by the flow of the packet that
    /// it quotes (`nf_nat_icmp_reply_translation`).
    private static func goesOnTranslated(
        _ sighting: Sighting, _ quotedFlow: FlowKey?, _ place: Place, _ surroundings: Surroundings,
        _ state: borrowing StreamState
    ) -> Bool {
        guard place.phase.isBeforeRouting, !state.translations.isEmpty else { return false }
        let isIPv6 = sighting.has(Sighting.isIPv6)
        var goesOn = false
        state.translations.continuations(of: quotedFlow ?? sighting.flowKey, in: place.namespace) { flow in
            if !surroundings.places.holds(flow.destination(isIPv6: isIPv6), in: place.namespace) { goesOn = true }
        }
        return goesOn
    }
}
