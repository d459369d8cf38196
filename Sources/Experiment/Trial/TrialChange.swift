public import Network
internal import Wire

/// A change that is made to a rebuilt network before packets are sent there.
public struct TrialChange: Sendable, Codable, Hashable {
    /// What reads it.
    public enum Kind: String, Sendable, Codable {
        /// `sh -e`: the first command that fails ends it.
        case shell
        /// `nft -f`.
        case nft
        /// `iptables-restore`: what it says of a table replaces that table.
        case iptables
        case ip6tables
        /// A program that takes nothing, runs and takes what comes: its protocol and port, as `tcp 8080`; `name` is its namespace.
        case serving
        /// A multicast routing daemon: the group, the device that it comes in by, and those by which it goes out; `name` is its
        /// namespace.
        case multicastRouting
        /// Kernel settings, as sysctl.conf(5) has them; `name` is their namespace. The first that fails ends them.
        case settings
    }

    public var kind: Kind
    public var text: String
    /// How the user calls it, such as the name of the file that it came from; nil for a single command.
    public var name: String?
    /// Whether settings that can't be made are left: they show by the packet.
    var mayFail = false

    /// A shell command, as it would be typed on the host that was rebuilt.
    public init(_ command: String) {
        kind = .shell
        text = command
    }

    /// A program that is stopped, or does not take what waits for it, does so from now on.
    ///
    /// - Parameter namespace: by the snapshot's name.
    public init(serving protocol: TransportProtocol, port: UInt16, in namespace: String) {
        kind = .serving
        text = "\(`protocol`.rawValue) \(port)"
        name = namespace
    }

    /// Multicast for a group is forwarded from one device by others.
    ///
    /// - Parameter namespace: by the snapshot's name.
    init(forwarding group: IPAddress, from device: String, to others: [String], in namespace: String) {
        kind = .multicastRouting
        text = (["\(group)", device] + others).joined(separator: " ")
        name = namespace
    }

    /// Kernel settings of a namespace, by the snapshot's name.
    init(_ settings: [(name: String, value: String)], in namespace: String, mayFail: Bool) {
        kind = .settings
        text = settings.map { "\($0.name) = \($0.value)" }.joined(separator: "\n")
        name = namespace
        self.mayFail = mayFail
    }

    /// A script of the user's: rules for `nft -f` or `iptables-restore` where it reads like such, else a shell script.
    public init(file text: String, name: String) {
        kind = Self.kind(of: text)
        self.text = text
        self.name = name
    }

    /// By its first line that is neither empty nor a comment; a `#!` line decides where there is one.
    static func kind(of text: String) -> Kind {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " || $0 == "\t" } }
        if let first = lines.first, first.hasPrefix("#!") { return first.contains("nft") ? .nft : .shell }
        guard let first = lines.first(where: { !$0.isEmpty && !$0.hasPrefix("#") }) else { return .shell }
        if first.hasPrefix("*"), lines.contains("COMMIT") {
            let isIPv6 = lines.contains { line in
                line.hasPrefix("#") ? line.contains("ip6tables") : line.contains("::") || line.contains("icmpv6")
            }
            return isIPv6 ? .ip6tables : .iptables
        }
        let words = first.split { $0 == " " || $0 == "\t" }
        let verbs: Set<Substring> = ["add", "create", "delete", "destroy", "insert", "replace", "flush", "reset"]
        let objects: Set<Substring> = ["table", "chain", "rule", "set", "map", "element", "ruleset"]
        let isNft =
            words.first == "table" || words.first == "define" || words.first == "include"
            || words.count > 1 && verbs.contains(words[0]) && objects.contains(words[1])
        return isNft ? .nft : .shell
    }
}

extension TrialChange: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self.init(value) }
}
