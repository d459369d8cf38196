internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// A destination of IPv6 that was translated to ::1 in a router or receiver.
extension WalkDiagnosis {
    /// IPv6 has no route_localnet: what came in by a device other than lo is not delivered to ::1, but routed as any other
    /// address (`ip6_route_input`). Nil where that did not happen.
    func translatedToLoopback(_ reading: WalkReading) -> Candidate? {
        for stay in reading.stays() {
            guard let device = stay.inDevice, !stay.exit.destination.isIPv4, stay.exit.destination.isLoopback,
                !stay.entry.destination.isLoopback
            else { continue }
            let met = Diversion(reading)?.translation
            return RouteLocalnet().candidate(
                stay, by: device, rule: met?.namespace == stay.namespace.name ? met?.rule : nil)
        }
        return nil
    }
}
