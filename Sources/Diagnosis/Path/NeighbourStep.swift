internal import Network
internal import Ruleset
internal import Wire

struct NeighbourStep: Sendable {
    enum Resolution: Sendable {
        /// A path to the namespace that answers.
        case path(LayerTwoPath)
        /// It is beyond what can be seen.
        case outside
        /// Nobody on the link has the address, or nobody beyond it has answered.
        case nobody
        /// The entry's MAC address is of no device on the link, which can all be seen.
        case stray(MACAddress)
    }

    /// Somebody on the link that could reply to the question for the next hop.
    struct Respondent: Sendable {
        var path: LayerTwoPath
        var namespace: Namespace
        var reply: NeighbourReply
    }

    var namespace: Namespace
    var link: Link
    var packet: PacketState
    var choice: RouteChoice
    /// The gateway, or the destination itself.
    var hop: IPAddress
    /// Its entry in the neighbour table, if any.
    var entry: Neighbor?
    /// Paths to whoever has the address on this link.
    var holders: [LayerTwoPath]
    var resolution: Resolution
    /// Whether the address was found by the MAC address of the entry, so that nobody needs to be asked.
    var isKnown: Bool
    /// Where the next hop must be asked for: who could reply, and whether they do.
    var respondents: [Respondent] = []
    /// Another next hop of the route than the one that the path takes: the packet may have gone to this one.
    var isAlternative = false
    /// Whether the link leads past what can be seen, where somebody else may reply.
    var hasOutside = false
    /// The device by which alone the link would lead there, where that is a VXLAN that sends to nobody.
    var deadEnd: LayerTwoPath.Port?

    var state: NeighborState? { entry?.state }
    var isUnanswered: Bool { state?.isUnresolved == true }

    /// Those who could reply and don't, where nobody does.
    var silences: [(respondent: Respondent, silence: NeighbourReply.Silence)] {
        if isKnown { return [] }
        var silences: [(Respondent, NeighbourReply.Silence)] = []
        for respondent in respondents {
            switch respondent.reply {
            case .own, .proxy: return []
            case .silent(let silence): silences.append((respondent, silence))
            case .unconcerned: break
            }
        }
        return silences
    }
}
