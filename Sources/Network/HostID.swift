internal import Wire

/// The Linux system whose network was looked at: a machine as it was booted, or a container or sandbox on it with a
/// network of its own.
///
/// Hosts are told apart by `id` alone. The name is for people: a machine and every sandbox on it have the same one.
public struct HostID: Sendable, Codable {
    /// As gethostname(2) gives it; empty where nobody said.
    public var name: String
    /// Of a host that was looked at, 16 hexadecimal digits.
    public var id: String

    public init(name: String, id: String) {
        self.name = name
        self.id = id
    }

    /// - Parameters:
    ///   - machine: as machine-id(5) has it. Only a hash of it is kept, as that page asks.
    ///   - boot: `/proc/sys/kernel/random/boot_id`.
    ///   - networkNamespace: the cookie of the namespace that `host` stands for (SO_NETNS_COOKIE), which no other
    ///     namespace of the same boot ever has: inodes are given out again.
    public init(name: String, machine: String, boot: String, networkNamespace: UInt64) {
        var hash = SipHash(key: (0x7061_636b_6574_7761, 0x6c6b_2068_6f73_7473))
        for text in [machine, boot] {
            let bytes = Array(text.utf8)
            hash.mix(UInt64(bytes.count))
            for start in stride(from: 0, to: bytes.count, by: 8) {
                hash.mix(bytes[start..<min(start + 8, bytes.count)].reversed().reduce(0) { $0 << 8 | UInt64($1) })
            }
        }
        hash.mix(networkNamespace)
        let digits = String(hash.finished(), radix: 16)
        self.init(name: name, id: String(repeating: "0", count: 16 - digits.count) + digits)
    }
}

extension HostID: Hashable {
    public static func == (left: Self, right: Self) -> Bool { left.id == right.id }

    public func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

extension HostID {
    /// What to call it among `hosts`: its name, and the first digits of its id where another one has that name.
    public func label(among hosts: [HostID]) -> String {
        let isShared = hosts.contains { $0.name == name && $0 != self }
        return isShared || name.isEmpty ? "\(name)#\(id.prefix(8))" : name
    }
}
