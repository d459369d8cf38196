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
