public import Network
public import Wire

/// One change of a remedy: what to change, and in which network namespace.
///
/// It is not a command yet. `CommandScope` writes it for the place where it is to be typed, so the same remedy serves
/// the host, a namespace of a rebuilt network, and a program that applies it itself.
public struct RemedyAction: Sendable, Hashable {
    /// A network namespace, by what a command can enter it with.
    public struct Place: Sendable, Hashable {
        public var name: String
        /// Where it can be opened: `/run/netns/NAME`, `/proc/PID/ns/net`.
        public var path: String
        public init(name: String, path: String) {
            self.name = name
            self.path = path
        }
        public init(_ namespace: Namespace) { self.init(name: namespace.name, path: namespace.path) }
    }

    public enum Change: Sendable, Hashable {
        /// Arguments of ip(8).
        case ip(CommandWords)
        /// A kernel setting by its dotted name (sysctl(8)).
        case sysctl(name: String, value: String)
        case iptables(IptablesChange)
        /// Arguments of nft(8).
        case nft(CommandWords)
        /// Any other program with its arguments.
        case run(CommandWords)
        /// A command line of a finding that was read from JSON, where no more is known of it.
        case line(String)
    }

    /// Nil for what is the machine's, not a namespace's.
    public var place: Place?
    public var change: Change

    public init(in place: Place?, _ change: Change) {
        self.place = place
        self.change = change
    }

    public static func ip(_ namespace: Namespace, _ words: CommandWords) -> Self {
        Self(in: Place(namespace), .ip(words))
    }

    /// An `ip` command that needs `-6` for IPv6, as those on routes and rules do.
    public static func ip(_ namespace: Namespace, _ family: IPAddress.Family, _ words: CommandWords) -> Self {
        ip(namespace, (family == .ipv4 ? "" : "-6") + words)
    }

    public static func run(_ namespace: Namespace, _ words: CommandWords) -> Self {
        Self(in: Place(namespace), .run(words))
    }

    public static func nft(_ namespace: Namespace, _ words: CommandWords) -> Self {
        Self(in: Place(namespace), .nft(words))
    }

    public static func iptables(_ namespace: Namespace, _ change: IptablesChange) -> Self {
        Self(in: Place(namespace), .iptables(change))
    }

    /// - Parameters:
    ///   - name: with `DEVICE` where the device's name goes.
    ///   - device: its dots are written as slashes (sysctl(8)).
    public static func sysctl(_ namespace: Namespace, _ name: String, device: String = "", _ value: String) -> Self {
        Self(
            in: Place(namespace),
            .sysctl(name: name.replacing("DEVICE", with: device.replacing(".", with: "/")), value: value))
    }
}
