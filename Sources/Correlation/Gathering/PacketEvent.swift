internal import WalkModel
import Network
import Observations

/// What a source other than the vantage points says of a packet.
enum PacketEvent {
    case drop(DropEvent)
    case rule(RuleEvent)

    var label: UInt64 {
        switch self {
        case .drop(let drop): drop.headers.label
        case .rule(let rule): rule.headers.label
        }
    }

    var timeNanoseconds: Int64 {
        switch self {
        case .drop(let drop): drop.timeNanoseconds
        case .rule(let rule): rule.timeNanoseconds
        }
    }

    /// Whether the packet went no further.
    var endsPacket: Bool {
        switch self {
        case .drop: true
        case .rule(let rule): rule.verdict.endsPacket
        }
    }
}
