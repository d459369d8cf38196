/// A netfilter hook (`enum nf_inet_hooks`, `enum nf_dev_hooks`). One of a later kernel is kept by its name: chains there
/// are listed, and no packet is taken past them.
public struct NetfilterHook: NamedValue {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let ingress: Self = "ingress"
    public static let prerouting: Self = "prerouting"
    public static let input: Self = "input"
    public static let forward: Self = "forward"
    public static let output: Self = "output"
    public static let postrouting: Self = "postrouting"
    public static let egress: Self = "egress"

    /// In the order in which a packet can meet them.
    public static let known: [Self] = [.ingress, .prerouting, .input, .forward, .output, .postrouting, .egress]

    /// The hook of that name, where it is one that is known here.
    public init?(known name: String) {
        self.init(rawValue: name)
        if !Self.known.contains(self) { return nil }
    }
}
