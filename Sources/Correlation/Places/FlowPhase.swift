import Network
import Observations

/// Where in its namespace's packet flow a vantage point stands. A packet that crosses a namespace once meets these in
/// rising order (Netfilter's packet flow; `bridge in` is the bridge device's own sight of a frame passed up to it).
enum FlowPhase: Int32, Comparable {
    case socketOut = 0
    case linkIn = 1
    /// IP prerouting called by br_netfilter, before the bridge decides.
    case bridgedPrerouting = 2
    case bridgeIn = 3
    case prerouting = 4
    case input = 5
    case forward = 6
    case output = 7
    case postrouting = 8
    case bridgeOut = 9
    case linkOut = 10
    case socketIn = 11

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    /// Stands before the routing decision of a forwarded packet.
    var isBeforeRouting: Bool { self <= .prerouting }
    var isAfterRouting: Bool { self >= .forward && self != .socketIn }
}

extension FlowPhase {
    /// - Parameter isBridge: whether the vantage point's device is a bridge.
    /// - Returns: nil for a point of a hook that is not known here: where it stands in the flow can't be told.
    init?(_ point: VantagePoint, isBridge: Bool) {
        let isIn = point.direction == .in
        switch point.kind {
        case .link: self = isIn ? (isBridge ? .bridgeIn : .linkIn) : (isBridge ? .bridgeOut : .linkOut)
        case .socket: self = isIn ? .socketIn : .socketOut
        case .route, .drop: self = .prerouting
        case .netfilter:
            guard let hook = point.hook else {
                self = .prerouting
                return
            }
            switch hook {
            case .ingress: self = .linkIn
            case .prerouting: self = .prerouting
            case .input: self = .input
            case .forward: self = .forward
            case .output: self = .output
            case .postrouting: self = .postrouting
            case .egress: self = .linkOut
            default: return nil
            }
        }
    }

    /// Rises along the packet flow within one namespace: a hundred for each phase.
    func rank(of point: VantagePoint) -> Int32 { rawValue * 100 + Self.stageRank(point) }

    /// 0…99 within the phase: links at ends, stages by their priorities, each stage's own chains in between.
    private static func stageRank(_ point: VantagePoint) -> Int32 {
        guard point.kind == .netfilter else { return 50 }
        if point.hook == .ingress { return 60 }
        if point.hook == .egress { return 40 }
        let stage: Int32 =
            switch point.stage {
            case .raw: 10
            case .mangle: 20
            case .dstnat: 30
            case nil: 35
            case .filter: 40
            case .security: 50
            case .srcnat: 60
            }
        return stage + (point.edge == .before ? -2 : point.edge == .after ? 2 : 0)
    }
}
