internal import Topology

/// How a command must be written to act in a namespace, typed in the tool's own.
struct CommandScope {
    var namespace: Namespace
    var own: String

    private var isOwn: Bool { namespace.name == own }
    private var isNamed: Bool {
        namespace.path == "/run/netns/\(namespace.name)" || namespace.path == "/var/run/netns/\(namespace.name)"
    }

    /// An `ip` command.
    func ip(_ arguments: String) -> String {
        if isOwn { return "ip \(arguments)" }
        return isNamed ? "ip -n \(namespace.name) \(arguments)" : "\(entry) ip \(arguments)"
    }

    /// Any other command.
    func run(_ command: String) -> String {
        isOwn ? command : "\(entry) \(command)"
    }

    private var entry: String {
        isNamed ? "ip netns exec \(namespace.name)" : "nsenter --net=\(namespace.path)"
    }

    /// `sysctl -w net.ipv4.conf.DEVICE.KEY=VALUE`: dots of a device's name are written as slashes (sysctl(8)).
    func sysctl(_ key: String, device: String? = nil, _ value: String) -> String {
        let name = device.map { key.replacing("DEVICE", with: $0.replacing(".", with: "/")) } ?? key
        return run("sysctl -w \(name)=\(value)")
    }
}

/// A word for the shell: quoted where it needs to be.
func shellWord(_ text: String) -> String {
    let plain = text.utf8.allSatisfy { byte in
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            || "-_./:@+,".utf8.contains(byte)
    }
    return plain && !text.isEmpty ? text : "'\(text.replacing("'", with: "'\\''"))'"
}
