internal import Observations
internal import Network
internal import Wire

/// One place inside netfilter where packets are to be logged.
struct HookPoint: Hashable, Sendable {
    var hook: NetfilterHook
    var stage: NetfilterStage
    var edge: VantagePoint.Edge
    /// What our chain registers with (nftables), or the priority of the table that carries our rule (iptables).
    var priority: Int

    func vantage(namespace: String) -> VantagePoint {
        VantagePoint(
            namespace: namespace, kind: .netfilter, hook: hook, stage: stage, edge: edge, linkType: .raw)
    }
}

/// `prerouting, before raw (-301)`.
extension HookPoint: CustomStringConvertible {
    var description: String { "\(hook.rawValue), \(edge.rawValue) \(stage.rawValue) (\(priority))" }
}

extension HookPoint {
    /// Order among sightings that bear one arrival time: behind the link's capture, then as packets go.
    var rank: UInt8 {
        let hookRank: UInt8 =
            switch hook {
            case .ingress: 0
            case .prerouting: 1
            case .input, .forward: 2
            case .output: 3
            default: 4
            }
        let stageRank = UInt8(NetfilterStage.allCases.firstIndex(of: stage) ?? 0) * 2 + (edge == .after ? 1 : 0)
        return 16 + hookRank * 16 + stageRank
    }
}
