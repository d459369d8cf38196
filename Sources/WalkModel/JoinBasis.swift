/// What the join of a hop to the one before rests on.
public enum JoinBasis: String, Sendable, CaseIterable {
    /// The hash over what forwarding and NAT leave alone is equal.
    case label
    /// They are of one packet of the kernel: one `struct sk_buff`, which was not freed in between.
    case kernel
    /// The IP identification is.
    case identification
    /// A conntrack entry translates one into the other.
    case conntrack
    /// The places are neighbours: the ends of a link, the points of one namespace.
    case neighbourhood
    /// The one that came next in time.
    case time
    /// NFLOG's time of arrival in the namespace is equal.
    case arrival
    /// Order within one source.
    case sequence
    /// Fragments of one datagram.
    case datagram
    /// Stretches of one TCP stream.
    case stream
    /// The TTL fell by one: it was routed in between.
    case ttl
}
