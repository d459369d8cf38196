internal import Network
internal import WalkModel

/// A packet that left for where nothing can be seen, and to which something came back.
extension WalkDiagnosis {
    /// Whether the reply says that the packet did not get where it was sent: a RST, or an ICMP error from somebody who
    /// can't be seen.
    mutating func refusedOutside(_ reply: Walk, _ reading: WalkReading) -> [Finding] {
        guard let last = reading.last, !topology.namespaces.contains(where: { $0.holds(reply.source) }),
            let refusal = RefusedOutside().candidate(walk, reply, last: last)
        else { return [] }
        walk.outcome = .rejected
        return finding(of: routedElsewhere(reading, cause: refusal) ?? refusal, reading)
    }
}
