internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// Whether a sender's own route gave its packet a source to which no reply can come back.
extension WalkDiagnosis {
    /// A source of another device of whoever sent the packet, or lent it the address, since that of the device that it left by may
    /// not be used; nil where that is not so.
    func substitutedSource(_ reading: WalkReading) -> Candidate? {
        for stay in reading.stays() {
            guard let device = stay.outDevice, let link = stay.namespace[device: device],
                let address = link.missingGlobalAddress, !stay.exit.source.isIPv4,
                stay.namespace.holds(stay.exit.source),
                !link.addresses.contains(where: { $0.address == stay.exit.source })
            else { continue }
            return AddressUnusable().source(
                stay.exit.source, insteadOf: address, on: link, of: stay.namespace,
                seen: .seen("the source \(stay.exit.source) at \(stay.namespace.name) \(device) out"))
        }
        return nil
    }

    /// A private source that the sender's route names (`src`), which left towards public addresses by a device that has
    /// another address, untranslated; nil for a source of that device, and for one that the sender's program chose.
    func chosenSource(_ reading: WalkReading) -> Candidate? {
        guard let first = reading.sightings.first, let sender = topology[namespace: first.namespace],
            let out = reading.sightings.first(where: {
                $0.namespace == sender.name && $0.vantage == .link && $0.direction == .out
            }), let device = out.device, let link = sender[device: device], let seen = reading.packet(at: out),
            out.packet.encapsulation == nil, seen.source.isPrivate, !seen.destination.isPrivate,
            sender.holds(seen.source), !link.addresses.contains(where: { $0.contains(seen.source) })
        else { return nil }
        let choice = inputs(reading).route(seen, sender, inDevice: nil)
        guard choice.device == device, let route = choice.route, route.preferredSource == seen.source else {
            return nil
        }
        return NoSourceNAT().candidate(seen, chosenBy: route, of: sender, by: link)
    }

    /// A source of another device, which the sender took from the route that it had before a rule of `output` marked the packet
    /// and it was routed anew; nil where that is not so, or a rule translates it.
    func sourceBeforeMark(_ reading: WalkReading) -> Candidate? {
        guard let stay = reading.stays().first, stay.inDevice == nil, let device = stay.outDevice,
            let link = stay.namespace[device: device], stay.namespace.holds(stay.exit.source),
            !link.addresses.contains(where: { $0.contains(stay.exit.source) }),
            reading.last?.packet.encapsulation == nil
        else { return nil }
        guard let first = reading.packet() else { return nil }
        let marked = station(stay.namespace, reading, first, router: nil, cause: nil).packet
        let choice = inputs(reading).route(marked, stay.namespace, inDevice: nil)
        guard choice.device == device, let mark = choice.rule?.mark, mark != 0 else { return nil }
        let plain = stay.namespace.lookUpRoute(to: stay.exit.destination, source: nil, mark: 0, inDevice: nil)
        guard let first = plain.device, first != device,
            stay.namespace[device: first]?.addresses.contains(where: { $0.address == stay.exit.source }) == true
        else { return nil }
        return NoSourceNAT().candidate(stay.exit, chosenFor: first, leavingBy: link, mark: mark, of: stay.namespace)
    }
}
