internal import Network
internal import Glibc
internal import LinuxSystem

/// The settings below /proc/sys/net that decide where packets go. /proc/sys shows those of the reading thread's
/// namespace.
enum Sysctls {
    /// The values of all devices together and of devices to come are asked for over netlink where it has them
    /// (`NetlinkConversation.networkSettings`): a file below /proc/sys costs five times as much.
    private static let always: [String] =
        [
            "net.ipv4.icmp_echo_ignore_all", "net.ipv4.icmp_echo_ignore_broadcasts", "net.ipv4.ip_default_ttl",
            "net.ipv4.ping_group_range", "net.ipv4.ip_local_port_range",
            "net.ipv6.icmp.echo_ignore_all", "net.ipv6.conf.all.disable_ipv6", "net.ipv6.conf.default.disable_ipv6",
            "net.netfilter.nf_conntrack_max", "net.netfilter.nf_conntrack_count",
            "net.netfilter.nf_conntrack_tcp_be_liberal", "net.netfilter.nf_conntrack_tcp_loose",
            "net.netfilter.nf_conntrack_tcp_timeout_established", "net.netfilter.nf_conntrack_udp_timeout",
            "net.netfilter.nf_conntrack_udp_timeout_stream",
        ]
        + [
            "accept_local", "route_localnet", "send_redirects", "src_valid_mark", "arp_ignore", "arp_filter",
            "arp_announce",
        ]
        .map { "net.ipv4.conf.all.\($0)" }

    /// What br_netfilter goes by; of use only where there is a bridge.
    private static let bridging = ["iptables", "ip6tables", "arptables"].map { "net.bridge.bridge-nf-call-\($0)" }

    /// How a route of several next hops chooses; of use only where there is one.
    private static let multipath = ["net.ipv4.fib_multipath_hash_policy", "net.ipv6.fib_multipath_hash_policy"]

    /// Those that can be read; a module that is not loaded has none.
    static func read(hasBridges: Bool, hasMultipath: Bool) -> [String: String] {
        var values: [String: String] = [:]
        for (paths, isWanted) in [
            (alwaysPaths, true), (bridgingPaths, hasBridges), (multipathPaths, hasMultipath),
        ] where isWanted {
            for (key, path) in paths {
                if let text = readShort(path) { values[key] = text }
            }
        }
        return values
    }

    private static let alwaysPaths = always.map { ($0, path($0)) }
    private static let bridgingPaths = bridging.map { ($0, path($0)) }
    private static let multipathPaths = multipath.map { ($0, path($0)) }

    private static func path(_ key: String) -> String { "/proc/sys/" + String(key.map { $0 == "." ? "/" : $0 }) }

    /// A file of one line: no buffer of the size that a whole file may need.
    private static func readShort(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer -> String? in
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            guard count >= 0 else { return nil }
            let text = String(decoding: buffer[..<count], as: UTF8.self)
            return text.last == "\n" ? String(text.dropLast()) : text
        }
    }
}
