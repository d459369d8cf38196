/// Which fragment of a datagram a packet is (RFC 791, RFC 8200 section 4.5).
public enum FragmentPart: Sendable, Hashable {
    /// With the transport header, as a rule.
    case first
    /// Without: it has an offset, and neither ports nor an ICMP type.
    case later
}
