internal import WalkModel

/// What a join between two sightings rests on. The texts stand in `Hop.joinedBy`.
struct Joint: OptionSet, Hashable {
    var rawValue: UInt16

    static let label = Joint(rawValue: 1)
    static let identification = Joint(rawValue: 2)
    static let conntrack = Joint(rawValue: 4)
    static let neighbourhood = Joint(rawValue: 8)
    static let time = Joint(rawValue: 16)
    static let arrival = Joint(rawValue: 32)
    static let sequence = Joint(rawValue: 64)
    static let datagram = Joint(rawValue: 128)
    static let stream = Joint(rawValue: 256)

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
