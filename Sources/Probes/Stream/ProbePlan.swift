/// What a run watches, and at what cost.
public struct ProbePlan: Sendable, Hashable {
    /// How packets are seen inside netfilter.
    public enum Hooks: String, Sendable, Hashable, CaseIterable {
        /// `nftables` where the kernel has it, else `iptables`, else none, with a warning.
        case auto
        case nftables
        case iptables
        case none
    }

    /// Names of the namespaces to watch; empty for every one in the topology.
    public var namespaces: [String]
    /// A pcap-filter(7) expression; nil for every packet.
    public var filter: String?
    /// Whether the filter may hold host names, which libpcap then asks the resolver for.
    public var resolvesNames: Bool
    public var hooks: Hooks
    /// Which packets are traced through the rules that they meet; none without hooks.
    public var rules: RuleTracing
    /// Bytes kept of each packet, link-layer header included.
    public var snapLength: Int
    /// Bytes of kernel memory for all captures together.
    public var bufferBudget: Int
    /// Bytes of events that wait for a slow consumer; beyond them the kernel's own buffers fill, and count their loss.
    public var queueBudget: Int
    /// How to start the process that removes iptables hooks after a `kill -9`; empty for none.
    public var guardian = HookGuardian.standardCommand

    public init(
        namespaces: [String] = [], filter: String? = nil, resolvesNames: Bool = false, hooks: Hooks = .auto,
        rules: RuleTracing = .none, snapLength: Int = 256, bufferBudget: Int = 256 << 20, queueBudget: Int = 256 << 20
    ) {
        self.namespaces = namespaces
        self.filter = filter
        self.resolvesNames = resolvesNames
        self.hooks = hooks
        self.rules = rules
        self.snapLength = snapLength
        self.bufferBudget = bufferBudget
        self.queueBudget = queueBudget
    }
}
