internal import Network

/// Where the chains that every iptables table begins with stand in the kernel (`struct xt_table` of each module).
enum BuiltInChain {
    /// Nil for a chain made by a user.
    static func place(table: String, chain: String) -> (hook: NetfilterHook, priority: Int, kind: ChainKind)? {
        let hook: NetfilterHook
        switch chain {
        case "PREROUTING": hook = .prerouting
        case "INPUT": hook = .input
        case "FORWARD": hook = .forward
        case "OUTPUT": hook = .output
        case "POSTROUTING": hook = .postrouting
        default: return nil
        }
        switch table {
        case "raw": return (hook, NetfilterStage.raw.priority, .filter)
        // Only in its output chain may a packet be routed once more.
        case "mangle": return (hook, NetfilterStage.mangle.priority, hook == .output ? "route" : .filter)
        case "nat":
            let translatesSource = hook == .postrouting || hook == .input
            return (hook, (translatesSource ? NetfilterStage.srcnat : .dstnat).priority, .nat)
        case "filter": return (hook, NetfilterStage.filter.priority, .filter)
        case "security": return (hook, NetfilterStage.security.priority, .filter)
        default: return nil
        }
    }

    static let tables: Set<String> = ["raw", "mangle", "nat", "filter", "security"]
}
