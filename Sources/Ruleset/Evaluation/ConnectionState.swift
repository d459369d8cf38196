/// What conntrack calls the packet's connection (iptables-extensions(8), `conntrack`).
public enum ConnectionState: String, Sendable, Hashable {
    case new
    case established
    case related
    case invalid
    case untracked
}
