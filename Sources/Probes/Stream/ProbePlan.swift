public import Wire

/// What a run watches, and at what cost.
public struct ProbePlan: Sendable, Hashable {
    /// How packets are seen inside netfilter.
    public enum Hooks: String, Sendable, Codable, Hashable, CaseIterable {
        /// `bpf` where it can be loaded and `prefersPrograms` says so, else `nftables` where the kernel has it, else `iptables`, else
        /// none, with a warning.
        case auto
        /// BPF programs: the time of the passage, and the packet's identity in the kernel.
        case bpf
        case nftables
        case iptables
        case none
    }

    /// How packets are seen at devices.
    public enum Links: String, Sendable, Codable, Hashable, CaseIterable {
        /// `bpf` where it can be loaded and `prefersPrograms` says so, else `pcap`.
        case auto
        /// BPF programs: as at hooks.
        case bpf
        /// Packet sockets, by libpcap.
        case pcap
    }

    /// Who says why the kernel dropped packets.
    public enum Drops: String, Sendable, Hashable, CaseIterable {
        /// `bpf` where the kernel lets it be loaded, else `tracefs`, else `counters`.
        case auto
        /// The BPF program: reason, place and packet.
        case bpf
        /// A trace instance: reason and place, without packet and namespace.
        case tracefs
        /// The protocol counters alone.
        case counters
    }

    /// Names of the namespaces to watch; empty for every one in the topology.
    public var namespaces: [String]
    /// Names of the namespaces whose rules and settings are read, whenever the network is read again; nil for all.
    public var namespacesToRead: Set<String>?
    /// A pcap-filter(7) expression; nil for every packet.
    public var filter: String?
    /// Whether the filter may hold host names, which libpcap then asks the resolver for.
    public var resolvesNames: Bool
    public var hooks: Hooks
    public var links: Links
    /// Whether BPF programs are better than NFLOG and packet sockets, where both can be had: they cost packets less, and keep
    /// fewer bytes of them; to take them away takes longer.
    public var prefersPrograms = false
    /// Whether hooks at which nothing stands are seen only where a packet arrives or leaves: devices show the rest of its path.
    public var leavesOutIdleHooks = false
    /// Which packets are traced through the rules that they meet; none without hooks.
    public var rules: RuleTracing
    public var drops: Drops
    /// How many of the packets are looked at.
    public var share: SampleShare
    /// Sightings a second, each packet counted wherever it is seen, beyond which fewer packets are looked at; nil for any
    /// number.
    public var rateLimit: Int?
    /// Bytes kept of each packet, link-layer header included.
    public var snapLength: Int
    /// Bytes of kernel memory for all captures together.
    public var bufferBudget: Int
    /// Bytes of events that wait for a slow consumer. Beyond half of them fewer packets are looked at; beyond all the kernel's own buffers fill, and count their loss.
    public var queueBudget: Int
    /// Seconds of work that may wait for a slow consumer; beyond them fewer packets are looked at, also of those that wait. Nil
    /// for any.
    public var backlogLimit: Double?
    /// The user that sends what is watched, as the kernel is asked for the routes of local packets (`ip rule` with
    /// `uidrange`); nil for this process's own.
    public var user: UInt32?
    /// How to start the process that removes iptables hooks after a `kill -9`; empty for none.
    public var guardian = HookGuardian.standardCommand

    /// What one processor reads and joins.
    public static let standardRateLimit = 250_000

    public init(
        namespaces: [String] = [], filter: String? = nil, resolvesNames: Bool = false, hooks: Hooks = .auto,
        links: Links = .auto, rules: RuleTracing = .none, drops: Drops = .auto,
        share: SampleShare = .all, rateLimit: Int? = ProbePlan.standardRateLimit, snapLength: Int = 256,
        bufferBudget: Int = 256 << 20,
        queueBudget: Int = 256 << 20
    ) {
        self.namespaces = namespaces
        self.filter = filter
        self.resolvesNames = resolvesNames
        self.hooks = hooks
        self.links = links
        self.rules = rules
        self.drops = drops
        self.share = share
        self.rateLimit = rateLimit
        self.snapLength = snapLength
        self.bufferBudget = bufferBudget
        self.queueBudget = queueBudget
    }
}
