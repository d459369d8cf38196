internal import Network

/// The nftables backend: one table `inet packetwalk-RUN` whose chains only log, and which the kernel removes when its
/// maker is gone.
struct OwnedTable {
    let run: RunIdentity
    let points: [HookPoint]
    let group: UInt16
    let snapLength: Int
    /// Conditions: a packet is logged that meets one of them, and none meets two. Empty ones are met by all.
    let matches: [String]

    /// As `nft -f` reads it.
    var ruleset: String {
        var text = "table inet \(run.tableName) {\n    flags owner\n"
        for (number, point) in points.enumerated() {
            text += "    chain \(point.hook.rawValue)-\(number) {\n"
            text += "        type filter hook \(point.hook.rawValue) priority \(point.priority); policy accept\n"
            for match in matches {
                text += "        \(match.isEmpty ? "" : match + " ")log group \(group) "
                text += "prefix \"\(NFLOGSource.prefixStart)\(number)\" snaplen \(snapLength)\n"
            }
            text += "    }\n"
        }
        return text + "}\n"
    }

    var removal: String { "delete table inet \(run.tableName)\n" }

    /// The conditions for a filter: for a plain protocol it, and what `CoarseFilter` lets through with it (tunnels and
    /// ICMP errors); every packet for all others, which the reader then judges itself.
    static func matches(_ coarse: CoarseFilter) -> [String] {
        let wanted: [String]
        switch coarse.kept {
        case "icmp", "icmp6": wanted = []
        case "tcp", "udp", "sctp", "igmp", "esp", "ah": wanted = [coarse.kept]
        default: return [""]
        }
        // IP in IP 4, IPv6 in IP 41, GRE 47.
        let matches = ["meta l4proto { \((["icmp", "ipv6-icmp", "4", "41", "47"] + wanted).joined(separator: ", ")) }"]
        if wanted == ["udp"] { return matches }
        return matches + ["udp dport { \(coarse.tunnelPorts.map(String.init).joined(separator: ", ")) }"]
    }
}
