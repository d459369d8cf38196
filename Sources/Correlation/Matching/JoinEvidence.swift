internal import WalkModel

/// What a join between two sightings rests on. `Hop.joinedBy` gives it as names.
struct JoinEvidence: OptionSet, Hashable {
    var rawValue: UInt16

    static let label = JoinEvidence(rawValue: 1)
    static let identification = JoinEvidence(rawValue: 2)
    static let conntrack = JoinEvidence(rawValue: 4)
    static let neighbourhood = JoinEvidence(rawValue: 8)
    static let time = JoinEvidence(rawValue: 16)
    static let arrival = JoinEvidence(rawValue: 32)
    static let sequence = JoinEvidence(rawValue: 64)
    static let datagram = JoinEvidence(rawValue: 128)
    static let stream = JoinEvidence(rawValue: 256)
    static let kernel = JoinEvidence(rawValue: 512)

    private static let bases: [(JoinEvidence, JoinBasis)] = [
        (.label, .label), (.kernel, .kernel), (.identification, .identification), (.conntrack, .conntrack),
        (.neighbourhood, .neighbourhood), (.time, .time), (.arrival, .arrival), (.sequence, .sequence),
        (.datagram, .datagram), (.stream, .stream),
    ]

    var names: [JoinBasis] { Self.bases.filter { contains($0.0) }.map(\.1) }
}
