internal import WalkModel

/// Which flow the fragments without ports are of, by their datagram's first ones.
struct FragmentFlows {
    private struct Datagram: Hashable {
        var sourceHigh: UInt64
        var sourceLow: UInt64
        var destinationHigh: UInt64
        var destinationLow: UInt64
        var identification: UInt16

        init(_ sighting: borrowing Sighting) {
            sourceHigh = sighting.sourceHigh
            sourceLow = sighting.sourceLow
            destinationHigh = sighting.destinationHigh
            destinationLow = sighting.destinationLow
            identification = sighting.identification
        }
    }

    /// Nil where several flows have one identification.
    private var flows: [Datagram: FlowKey?] = [:]

    init(_ members: ContiguousArray<Int32>, in groups: borrowing LabelGroups) {
        for member in members where groups.sightings[Int(member)].has(Sighting.hasTransport) {
            let key = groups.sightings[Int(member)].flowKey
            let datagram = Datagram(groups.sightings[Int(member)])
            if let known = flows[datagram] {
                if known != key { flows[datagram] = .some(nil) }
            } else {
                flows[datagram] = key
            }
        }
    }

    /// Nil where no first one was seen, or several senders translated to one address use one identification at one
    /// time: then nothing tells whose fragment it is.
    func flow(of fragment: borrowing Sighting) -> FlowKey? { flows[Datagram(fragment)] ?? nil }
}
