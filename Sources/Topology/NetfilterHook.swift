/// A netfilter hook (`enum nf_inet_hooks`, `enum nf_dev_hooks`).
public enum NetfilterHook: String, Sendable, Codable, Hashable, CaseIterable {
    case ingress
    case prerouting
    case input
    case forward
    case output
    case postrouting
    case egress
}

/// A stage within a hook, in the order of the priorities (`enum nf_ip_hook_priorities`).
public enum NetfilterStage: String, Sendable, Codable, Hashable, CaseIterable, Comparable {
    case raw
    case mangle
    case dstnat
    case filter
    case security
    case srcnat

    /// The priority that the stage's own tables register with.
    public var priority: Int {
        switch self {
        case .raw: -300
        case .mangle: -150
        case .dstnat: -100
        case .filter: 0
        case .security: 50
        case .srcnat: 100
        }
    }

    public static func < (left: Self, right: Self) -> Bool { left.priority < right.priority }
}
