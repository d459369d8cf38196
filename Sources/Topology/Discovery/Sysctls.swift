internal import Glibc
internal import LinuxSystem

/// The settings below /proc/sys/net that decide where packets go. /proc/sys shows those of the reading thread's
/// namespace.
enum Sysctls {
    static let keys: [String] =
        [
            "net.ipv4.ip_forward", "net.ipv4.icmp_echo_ignore_all", "net.ipv4.icmp_echo_ignore_broadcasts",
            "net.ipv4.ip_default_ttl", "net.ipv4.ip_no_pmtu_disc", "net.ipv4.ip_local_port_range",
            "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_nonlocal_bind", "net.ipv4.ping_group_range",
            "net.ipv4.tcp_syncookies", "net.ipv4.fwmark_reflect", "net.ipv4.fib_multipath_hash_policy",
            "net.ipv6.icmp.echo_ignore_all", "net.ipv6.bindv6only", "net.ipv6.ip_nonlocal_bind",
            "net.bridge.bridge-nf-call-iptables", "net.bridge.bridge-nf-call-ip6tables",
            "net.bridge.bridge-nf-call-arptables", "net.bridge.bridge-nf-filter-vlan-tagged",
            "net.netfilter.nf_conntrack_max", "net.netfilter.nf_conntrack_count",
            "net.netfilter.nf_conntrack_tcp_be_liberal", "net.netfilter.nf_conntrack_tcp_loose",
            "net.netfilter.nf_conntrack_checksum", "net.netfilter.nf_conntrack_acct",
            "net.core.rmem_max", "net.core.rmem_default",
        ]
        + ["all", "default"].flatMap { scope in
            DeviceSettings.ipv4Names.map { "net.ipv4.conf.\(scope).\($0)" }
                + DeviceSettings.ipv6Names.map { "net.ipv6.conf.\(scope).\($0)" }
        }

    /// Those that can be read; a module that is not loaded has none.
    static func read() -> [String: String] {
        var values: [String: String] = [:]
        for (key, path) in paths {
            if let text = readShort(path) { values[key] = text }
        }
        return values
    }

    private static let paths: [(String, String)] = keys.map { key in
        (key, "/proc/sys/" + String(key.map { $0 == "." ? "/" : $0 }))
    }

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
