internal import Glibc
internal import LinuxSystem
internal import Network

/// Which part of the kernel writes the log of a protocol family in one namespace: `net.netfilter.nf_log.N`, where N is
/// 2 for IPv4 and 10 for IPv6. Traces of iptables-legacy go there, and what conntrack says of invalid packets.
enum PacketLoggers {
    /// The one that speaks NFLOG.
    static let ours = "nfnetlink_log"

    static func path(_ family: Int32) -> String { "/proc/sys/net/netfilter/nf_log/\(family)" }

    static func family(named name: TableFamily) -> Int32? {
        switch name {
        case "ip": 2
        case "ip6": 10
        default: nil
        }
    }

    /// What the namespace has now, for the families that would have to be changed; by the number of the family.
    static func toChange(in namespace: NetworkNamespaceFile, families: Set<TableFamily>) throws -> [String: String] {
        try namespace.perform {
            var former: [String: String] = [:]
            for number in families.compactMap(family).sorted() {
                guard let value = readText(path(number)) else {
                    throw ProbeError("trace rules of iptables-legacy", reason: "the kernel has no \(path(number))")
                }
                if value != ours { former["\(number)"] = value }
            }
            return former
        }
    }

    /// Whether somebody in this namespace waits for what the logger writes: it must be left to them.
    static func isInUse(in namespace: NetworkNamespaceFile) throws -> Bool {
        try namespace.perform {
            let value = readText("/proc/sys/net/netfilter/nf_conntrack_log_invalid") ?? "0"
            return value != "0"
        }
    }

    /// Makes NFLOG the logger of the families of `former`.
    static func take(_ former: [String: String], in namespace: NetworkNamespaceFile) throws {
        try write(former.mapValues { _ in ours }, in: namespace)
    }

    /// Gives back what was there, where it is still ours to give.
    static func restore(_ former: [String: String], in namespace: NetworkNamespaceFile) throws {
        let present = try namespace.perform {
            former.filter { number, _ in Int32(number).flatMap { readText(path($0)) } == ours }
        }
        try write(present, in: namespace)
    }

    private static func write(_ values: [String: String], in namespace: NetworkNamespaceFile) throws {
        try namespace.perform {
            for (number, value) in values.sorted(by: { $0.key < $1.key }) {
                guard let family = Int32(number) else { continue }
                let descriptor = try retryingInterrupts("set \(path(family))") {
                    open(path(family), O_WRONLY | O_CLOEXEC)
                }
                defer { close(descriptor) }
                guard writeAll(Array("\(value)\n".utf8), to: descriptor) else {
                    throw SystemError("set \(path(family)) to \(value)", errorNumber: errno)
                }
            }
        }
    }
}
