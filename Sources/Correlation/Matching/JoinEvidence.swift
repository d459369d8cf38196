internal import WalkModel

/// What a join between two sightings rests on. The texts stand in `Hop.joinedBy`.
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

    var names: [String] {
        var result: [String] = []
        if contains(.label) { result.append("label") }
        if contains(.identification) { result.append("identification") }
        if contains(.conntrack) { result.append("conntrack") }
        if contains(.neighbourhood) { result.append("neighbourhood") }
        if contains(.time) { result.append("time") }
        if contains(.arrival) { result.append("arrival") }
        if contains(.sequence) { result.append("sequence") }
        if contains(.datagram) { result.append("datagram") }
        if contains(.stream) { result.append("stream") }
        return result
    }
}
