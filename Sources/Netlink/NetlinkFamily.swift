/// Which part of the kernel a netlink socket talks to: `NETLINK_` constants of linux/netlink.h.
package enum NetlinkFamily: Int32, Sendable {
    /// Links, addresses, routes, rules, neighbours, traffic control: rtnetlink(7).
    case route = 0
    /// Sockets of other families: sock_diag(7).
    case socketDiagnosis = 4
    /// Policies of IPsec.
    case xfrm = 6
    /// nf_tables, conntrack, NFLOG.
    case netfilter = 12
}
