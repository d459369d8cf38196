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
    /// Whether a rule, or NAT, needs conntrack, which then sees each packet of the namespace (nf_ct_netns_get).
    func tracksConnections(isIPv4: Bool) -> Bool {
        chains.contains { chain in
            guard [.inet, isIPv4 ? .ip : .ip6].contains(chain.key.family) else { return false }
            return chain.isTranslating
                || chain.rules.contains { rule in
                    rule.matches.contains { match in
                        switch match.field {
                        case .connectionState, .connectionStatus, .connectionMark, .connectionDirection: true
                        default: false
                        }
                    }
                }
        }
    }
}
