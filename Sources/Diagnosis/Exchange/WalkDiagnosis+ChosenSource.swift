internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// Whether a sender's own route gave its packet a source to which no reply can come back.
extension WalkDiagnosis {
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
}
