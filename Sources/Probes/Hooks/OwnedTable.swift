internal import Topology

/// The nftables backend: one table `inet packetwalk-RUN` whose chains only log, and which the kernel removes when its
/// maker is gone.
struct OwnedTable {
    let run: RunIdentity
    let points: [HookPoint]
    let group: UInt16
    let snapLength: Int
    /// A condition that every rule begins with: the part of the user's filter that costs least to test; empty for
    /// none.
    let match: String

    /// As `nft -f` reads it.
    var ruleset: String {
        var text = "table inet \(run.tableName) {\n    flags owner\n"
        for (number, point) in points.enumerated() {
            text += """
                    chain \(point.hook.rawValue)-\(number) {
                        type filter hook \(point.hook.rawValue) priority \(point.priority); policy accept
                        \(match.isEmpty ? "" : match + " ")log group \(group) \
                prefix "\(NFLOGSource.prefixStart)\(number)" snaplen \(snapLength)
                    }

                """
        }
        return text + "}\n"
    }

    var removal: String { "delete table inet \(run.tableName)\n" }

    /// What of a pcap-filter(7) expression nftables can decide at little cost; empty (every packet) for all others.
    static func match(_ filter: String) -> String {
        switch filter {
        case "icmp": "meta nfproto ipv4 meta l4proto icmp"
        case "icmp6": "meta nfproto ipv6 meta l4proto icmpv6"
        case "icmp or icmp6": "meta l4proto { icmp, icmpv6 }"
        case "tcp": "meta l4proto tcp"
        case "udp": "meta l4proto udp"
        default: ""
        }
    }
}
