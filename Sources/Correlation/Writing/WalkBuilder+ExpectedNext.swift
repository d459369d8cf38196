internal import WalkModel
import Observations
import Network
import Wire

/// What should have come next for a packet that was lost.
extension WalkBuilder {
    func expectedNext() -> Hop? {
        guard let places, record.lastStep >= 0 else { return nil }
        let last = step(record.lastStep)
        let place = places.places[Int(last.sighting.vantage)]
        let isOut = place.phase == .linkOut || place.phase == .bridgeOut
        func hop(
            _ namespace: Int32, device: String?, _ vantage: VantagePoint.Kind, _ direction: VantagePoint.Direction?,
            _ hook: NetfilterHook? = nil
        ) -> Hop {
            Hop(
                index: hops.count, parent: hopOfStep[record.lastStep], host: host,
                namespace: places.areas[Int(namespace)].name, device: device, vantage: vantage, direction: direction,
                hook: hook, offsetNanoseconds: last.offsetNanoseconds, evidence: [.state], confidence: .weak,
                packet: packet(last.sighting, nil))
        }
        if isOut, place.device >= 0 {
            let device = places.devices[Int(place.device)]
            if device.isLoopback {
                return hop(place.namespace, device: places.nameOfDevice[Int(place.device)], .link, .in)
            }
            if device.peer >= 0 {
                let far = places.devices[Int(device.peer)]
                return hop(far.namespace, device: places.nameOfDevice[Int(device.peer)], .link, .in)
            }
            return nil
        }
        let area = places.areas[Int(place.namespace)]
        if area.topologyIndex >= 0, places.holds(last.sighting.destination, in: place.namespace) {
            if place.device >= 0, place.phase == .linkIn {
                let master = places.devices[Int(place.device)].master
                if master >= 0 { return hop(place.namespace, device: places.nameOfDevice[Int(master)], .link, .in) }
            }
            return area.lastInputRank >= 0
                ? hop(place.namespace, device: nil, .netfilter, nil, .input)
                : hop(place.namespace, device: nil, .socket, .in)
        }
        if last.sighting.network == .arp { return nil }
        if place.phase.isBeforeRouting {
            if area.watchesForward { return hop(place.namespace, device: nil, .netfilter, nil, .forward) }
        }
        return hop(place.namespace, device: chosenDevice(place, places), .link, .out)
    }

    /// The device that routing chose where the packet was last seen, for it or for what it was there before translation.
    func chosenDevice(_ place: Place, _ places: Places) -> String? {
        for index in stride(from: record.lastStep, through: 0, by: -1) {
            let sighting = step(index).sighting
            guard places.places[Int(sighting.vantage)].namespace == place.namespace else { return nil }
            if let decision = decision(sighting, namespace: places.point(place).namespace, places) {
                return decision.outDevice
            }
        }
        return nil
    }
}
