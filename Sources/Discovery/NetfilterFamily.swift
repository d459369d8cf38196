public import Network
internal import CNetlink

/// The families of netfilter (`NFPROTO_…` of linux/netfilter.h).
public enum NetfilterFamily {
    /// As nft(8) calls it; nil for an unknown one.
    public static func name(_ code: UInt8?) -> TableFamily? {
        switch code.map({ Int($0) }) {
        case Int(NFPROTO_INET): "inet"
        case Int(NFPROTO_IPV4): "ip"
        case Int(NFPROTO_ARP): "arp"
        case Int(NFPROTO_NETDEV): "netdev"
        case Int(NFPROTO_BRIDGE): "bridge"
        case Int(NFPROTO_IPV6): "ip6"
        default: nil
        }
    }
}
