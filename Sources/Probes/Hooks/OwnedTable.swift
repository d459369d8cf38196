internal import Network
internal import Wire

/// The nftables backend: one table `inet packetwalk-RUN` whose chains only log, and which the kernel removes when its
/// maker is gone.
///
/// What is not to be logged costs each chain one lookup by its protocol. What is goes to a second chain, which chooses a
/// sample before it logs: its rules are exchanged while the run lasts.
struct OwnedTable {
    let run: RunIdentity
    /// By number.
    var points: [HookPoint]
    let group: UInt16
    let snapLength: Int
    let choice: Choice
    let share: SampleShare
    /// Numbers of points that stand no more.
    private(set) var gone: Set<Int> = []

    init(
        run: RunIdentity, points: [HookPoint], group: UInt16, snapLength: Int, choice: Choice, share: SampleShare
    ) {
        self.run = run
        self.points = points
        self.group = group
        self.snapLength = snapLength
        self.choice = choice
        self.share = share
    }

    /// Numbers of the points that stand.
    var standing: [Int] { points.indices.filter { !gone.contains($0) } }

    /// As `nft -f` reads it.
    var ruleset: String {
        "table inet \(run.tableName) {\n    flags owner\n"
            + points.indices.map { chains(of: $0, share: share) }.joined() + "}\n"
    }

    private func chains(of number: Int, share: SampleShare) -> String {
        let point = points[number]
        var text = "    chain see-\(number) {\n"
        for rule in rules(for: share, point: number) { text += "        \(rule)\n" }
        text += "    }\n"
        if let condition = choice.tunnelCondition {
            text += "    chain tunnel-\(number) {\n        \(condition) goto see-\(number)\n    }\n"
        }
        text += "    chain \(point.hook.rawValue)-\(number) {\n"
        text += "        type filter hook \(point.hook.rawValue) priority \(point.priority); policy accept\n"
        return text + "        \(choice.dispatch(number))\n    }\n"
    }

    /// The table with other points, and the commands that make it so, all at once.
    func following(_ change: HookChange, share: SampleShare) -> (table: OwnedTable, commands: String) {
        var table = self
        table.points += change.new
        // Without the flag it would be a change of owner.
        var commands = "table inet \(run.tableName) {\n    flags owner\n"
        for number in points.count..<table.points.count { commands += table.chains(of: number, share: share) }
        commands += "}\n"
        for number in standing where change.moved.contains(points[number]) {
            // The chain that calls goes before the one that is called.
            var names = ["\(points[number].hook.rawValue)-\(number)", "see-\(number)"]
            if choice.tunnelCondition != nil { names.insert("tunnel-\(number)", at: 1) }
            for name in names { commands += "flush chain inet \(run.tableName) \(name)\n" }
            for name in names { commands += "delete chain inet \(run.tableName) \(name)\n" }
            table.gone.insert(number)
        }
        return (table, commands)
    }

    /// Has it log a sample of another share.
    func change(to share: SampleShare) -> String {
        standing.map { number in
            let chain = "inet \(run.tableName) see-\(number)"
            return "flush chain \(chain)\n"
                + rules(for: share, point: number).map { "add rule \(chain) \($0)\n" }.joined()
        }.joined()
    }

    private func rules(for share: SampleShare, point number: Int) -> [String] {
        choice.omissions(from: share)
            + ["log group \(group) prefix \"\(NFLOGSource.prefixStart)\(number)\" snaplen \(snapLength)"]
    }

    var removal: String { "delete table inet \(run.tableName)\n" }

    /// Which packets are logged.
    struct Choice {
        /// Protocols, as nft names them, of all whose packets are logged; nil for all packets.
        private let protocols: [String]?
        /// Ports that carry tunnels over UDP at hooks.
        private let loggedPorts: [UInt16]
        /// Ports that may carry tunnels at all: none of their datagrams is left out of a sample here.
        private let tunnelPorts: [UInt16]

        /// For a plain protocol it, and what `CoarseFilter` lets through with it (tunnels and ICMP errors); every packet for all
        /// other filters, which the reader then judges itself.
        init(_ coarse: CoarseFilter) {
            loggedPorts = coarse.tunnelPorts
            tunnelPorts = Set(coarse.tunnelPorts + PacketHeaders.tunnelPorts).sorted()
            // IP in IP 4, IPv6 in IP 41, GRE 47.
            let always = ["icmp", "ipv6-icmp", "4", "41", "47"]
            switch coarse.kept {
            case "icmp", "icmp6": protocols = always
            case "tcp", "udp", "sctp", "igmp", "esp", "ah": protocols = always + [coarse.kept]
            default: protocols = nil
            }
        }

        /// Conditions: a packet is logged that meets one of them, and none meets two. Empty ones are met by all.
        var matches: [String] {
            guard let protocols else { return [""] }
            return ["meta l4proto { \(protocols.joined(separator: ", ")) }"] + (tunnelCondition.map { [$0] } ?? [])
        }

        /// What else is logged of UDP; nil where all of it is, or nothing of it.
        var tunnelCondition: String? {
            guard let protocols, !protocols.contains("udp") else { return nil }
            return "udp dport { \(Self.list(loggedPorts)) }"
        }

        /// The rule of a hook's chain: what is logged goes to `see-NUMBER`.
        fileprivate func dispatch(_ number: Int) -> String {
            guard let protocols else { return "goto see-\(number)" }
            var verdicts = protocols.map { "\($0) : goto see-\(number)" }
            if tunnelCondition != nil { verdicts.append("udp : goto tunnel-\(number)") }
            return "meta l4proto vmap { \(verdicts.joined(separator: ", ")) }"
        }

        /// Rules that end a packet's path through a chain of ours if it is not in a sample: `SampleNumber` of echoes and
        /// IPv4's UDP, by its upper half. All others are left to the reader, and what no 32 bytes of payload make a number of.
        func omissions(from share: SampleShare) -> [String] {
            if share.isAll { return [] }
            // Numbers whose upper half is from here on are in no case below the threshold.
            let first = (share.threshold + 0xffff) >> 16
            func omitted(_ fields: String, _ ipProtocol: IPProtocol) -> String {
                "jhash \(fields) . @th,64,256 mod 65536 seed \(ipProtocol.rawValue) >= \(first) accept"
            }
            let echo = omitted("@th,48,16", .icmp)
            return [
                "meta nfproto ipv4 meta l4proto icmp @th,0,8 { 0, 8 } \(echo)",
                "meta nfproto ipv6 meta l4proto ipv6-icmp @th,0,8 { 128, 129 } \(echo)",
                "meta nfproto ipv4 meta l4proto udp th sport != { \(Self.list(tunnelPorts)) } "
                    + "th dport != { \(Self.list(tunnelPorts)) } @th,32,16 >= 40 \(omitted("@nh,32,16", .udp))",
            ]
        }

        private static func list(_ ports: [UInt16]) -> String { ports.map(String.init).joined(separator: ", ") }
    }
}
