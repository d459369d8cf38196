public import Snapshot

/// A snapshot as one plain shell script that rebuilds its network with `ip`, `bridge`, `sysctl`, `nft`,
/// `iptables-restore`, `ipset` and `conntrack`.
public struct TwinScript: Sendable {
    public struct Options: Sendable, Hashable {
        /// Whether the script makes its own sandbox (unshare(1)) and runs a command in it at the end; without, it
        /// builds in the namespaces that it is run in.
        public var makesSandbox: Bool
        /// Whether it opens the listening sockets itself, with what the machine has (socat, nc, python3, busybox).
        public var opensSockets: Bool
        /// Whether the outside answers; without, it is there and mute.
        public var outsideAnswers: Bool

        public init(makesSandbox: Bool = true, opensSockets: Bool = true, outsideAnswers: Bool = true) {
            self.makesSandbox = makesSandbox
            self.opensSockets = opensSockets
            self.outsideAnswers = outsideAnswers
        }
    }

    public var text: String
    /// What it takes for granted.
    public var assumptions: [Assumption]
    /// The namespaces that it makes and the snapshot has not: what stands for the outside.
    public var standIns: [String]
    /// How `ip netns` names each namespace of the snapshot in the twin, by the snapshot's name; the home namespace is not
    /// among them, since it is the sandbox's own.
    public var names: [String: String]

    public init(_ snapshot: HostSnapshot, options: Options = Options()) {
        text = ""
        assumptions = []
        standIns = []
        names = [:]
    }
}
