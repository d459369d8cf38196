internal import Network
internal import Wire
/// Where a datagram that goes in fragments is met by rules as such: nobody has put it together before.
extension HookTraversal {
    /// Whether the rules of a chain meet each fragment by itself.
    ///
    /// Chains of a device or a bridge do, and those before conntrack (nf_ct_defrag). Conntrack, where anything in the
    /// namespace asks for it, puts datagrams together for all that follows; so does local delivery of IPv4 before
    /// `input` (ip_local_deliver). What is sent here is cut after `postrouting` (ip_finish_output).
    func meetsFragments(_ chain: CompiledChain, _ packet: PacketState) -> Bool {
        switch chain.key.family {
        case .netdev, .bridge: return true
        default: break
        }
        switch hook {
        case .output: return false
        case .postrouting where site.inDevice == nil: return false
        case .input where packet.source.isIPv4: return false
        case .prerouting where chain.priority < Self.defragmentation: return true
        default: return !site.namespace.netfilter.compiled.tracksConnections(isIPv4: packet.source.isIPv4)
        }
    }

    /// NF_IP_PRI_CONNTRACK_DEFRAG, the same for IPv6 (linux/netfilter_ipv4.h).
    private static let defragmentation = -400
}

extension CompiledRuleset {
    /// Whether a rule needs conntrack, which then sees each packet of the namespace (nf_ct_netns_get): it asks for a
    /// connection, translates, or writes to its entry. A chain of nat without rules needs none.
    func tracksConnections(isIPv4: Bool) -> Bool {
        chains.contains { chain in
            [.inet, isIPv4 ? .ip : .ip6].contains(chain.key.family) && chain.rules.contains(where: \.needsConntrack)
        }
    }
}

extension CompiledRule {
    fileprivate var needsConntrack: Bool {
        let asks = matches.contains { match in
            switch match.field {
            case .connectionState, .connectionStatus, .connectionMark, .connectionDirection: true
            default: false
            }
        }
        return asks
            || actions.contains { action in
                switch action {
                case .restoreMark, .saveMark, .setZone, .write(.connectionMark, _): true
                default: action.translation != nil
                }
            }
    }
}
