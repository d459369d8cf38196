internal import Network

/// All that decides where packets go on one host, as it stood at one time: schema `packetwalk.snapshot/1`.
///
/// Each part is in the form in which its own tool reads it back (`ip -j -d link`, the text of `nft list table`,
/// `iptables-save`), so that `TwinScript` can rebuild it. The map's model (`Topology`) is for explaining; this one is for
/// rebuilding. Nil in a part says that it could not be read.
public struct HostSnapshot: Sendable {
    public static let schema = "packetwalk.snapshot/1"

    /// The machine's own name.
    public var host: String
    /// RFC 3339, UTC, when reading began.
    public var time: String
    /// The kernel's release, as uname(2) gives it.
    public var kernel: String
    /// A hash of the boot's identifier: some of the kernel's choices (multipath) are the same only within one boot. Nil
    /// where it could not be read.
    public var boot: String?
    /// The versions of the programs that read it: `nft`, `iptables`, `ip`.
    public var tools: [String: String]
    /// The one that the tool ran in first.
    public var namespaces: [NamespaceSnapshot]
    /// What was left out on purpose, such as keys, one sentence each.
    public var omitted: [String]
    /// What could not be read, one sentence each.
    public var warnings: [String]

    public init(host: String, time: String, kernel: String, namespaces: [NamespaceSnapshot] = []) {
        self.host = host
        self.time = time
        self.kernel = kernel
        tools = [:]
        self.namespaces = namespaces
        omitted = []
        warnings = []
    }

    public subscript(namespace name: String) -> NamespaceSnapshot? {
        namespaces.first { $0.name == name }
    }
}
