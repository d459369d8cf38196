/// What netfilter holds in one namespace.
public struct Netfilter: Sendable, Codable, Hashable {
    /// Which backends hold rules.
    public var backend: [FirewallBackend]
    /// Address translations found in the rules.
    public var nat: [NATRule] { didSet { derived = DerivedValues() } }
    /// What later rooms compute from the rules, kept until these change.
    package var derived = DerivedValues()
    /// All rules, chain by chain. This project's own hooks are left out, and positions count as if they were not there.
    public var chains: [RuleChain] { didSet { derived = DerivedValues() } }
    /// The native tables of nf_tables whole, with their sets and maps, as `nft -f` reads them; nil where there are none.
    /// Without this project's own and without what iptables-nft made.
    /// Named sets stand there without their elements.
    public var nftables: String?
    /// nftables' named sets and maps, which rules refer to as `@NAME`.
    public var sets: [NamedSet] { didSet { derived = DerivedValues() } }
    /// ipset's sets; nil where no rule refers to one, or they can't be read.
    public var ipSets: [IPSet]? { didSet { derived = DerivedValues() } }

    /// Queues that a program reads (`/proc/net/netfilter/nfnetlink_queue`); nil where no rule names one, or not read.
    public var queues: [UInt16]?
    /// The addresses in lists of xt_recent; nil where no rule asks for one, or not read.
    public var recent: [RecentEntry]?

    public init(
        backend: [FirewallBackend] = [], nat: [NATRule] = [], chains: [RuleChain] = [], sets: [NamedSet] = []
    ) {
        self.backend = backend
        self.nat = nat
        self.chains = chains
        self.sets = sets
    }

    enum CodingKeys: String, TolerantKey {
        case backend, nat, chains, nftables, sets, queues, recent
        case ipSets = "ip_sets"
    }
}
