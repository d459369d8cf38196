internal import Network

/// A table of iptables(8) that a logging rule can stand in. Not `nat`, which sees only the first packet of a flow.
enum XTable: String, CaseIterable, Sendable {
    case raw
    case mangle
    case filter
    case security

    var stage: NetfilterStage {
        switch self {
        case .raw: .raw
        case .mangle: .mangle
        case .filter: .filter
        case .security: .security
        }
    }

    var priority: Int { stage.priority }

    /// The hooks that its built-in chains stand at.
    var hooks: [NetfilterHook] {
        switch self {
        case .raw: [.prerouting, .output]
        case .mangle: HookPlan.hooks
        case .filter, .security: [.input, .forward, .output]
        }
    }
}
