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

    /// Makes the table in `namespace`, and gives what keeps it there: it goes with the context.
    func lay(in namespace: NftablesContext, named name: String) throws {
        try namespace.run(ruleset, attempt: "lay nftables hooks in \(name)")
    }
}
