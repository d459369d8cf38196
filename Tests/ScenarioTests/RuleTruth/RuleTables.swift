import Wire

/// The rules of all trials, as each firewall reads them.
///
/// A trial has a chain of its own for each packet, and base chains lead each packet to its chain by the address of who
/// began. Conditions stand one below another in one chain for each kind of packet (group 0); a case of several rules has
/// chains at several hooks.
struct RuleTables {
    var nftMatches: [RuleTrial]
    var nftCases: [RuleTrial]
    var iptablesMatches: [RuleTrial]
    var iptablesCases: [RuleTrial]

    init() throws {
        nftMatches = try RuleTrial.table("nft-matches")
        nftCases = try RuleTrial.table("nft-statements")
        iptablesMatches = try RuleTrial.table("iptables-matches")
        iptablesCases = try RuleTrial.table("iptables-statements")
    }

    /// All packets, in the order in which they are sent; the second of each is of `nftCases` or `iptablesCases`.
    var packets: [TrialPacket] {
        let cases = max(nftCases.count, iptablesCases.count)
        return [
            TrialPacket(.syn, group: 0), TrialPacket(.datagram, group: 0), TrialPacket(.echo, group: 0),
            TrialPacket(.syn6, group: 0), TrialPacket(.datagram6, group: 0), TrialPacket(.echo6, group: 0),
            TrialPacket(.data, group: 0, setsUp: true), TrialPacket(.answer, group: 0), TrialPacket(.data, group: 0),
        ]
            + (1...cases).flatMap { group in TrialPacket.Kind.requests.map { TrialPacket($0, group: group) } }
    }

    static func chain(_ kind: TrialPacket.Kind, _ group: Int, _ hook: String) -> String { "\(kind)_\(group)_\(hook)" }

    // MARK: nftables

    private static let hooks: [(name: String, declaration: String)] = [
        ("raw", "type filter hook prerouting priority -300"), ("pre", "type filter hook prerouting priority -150"),
        ("dnat", "type nat hook prerouting priority -100"), ("fwd", "type filter hook forward priority 0"),
        ("inp", "type filter hook input priority 0"), ("post", "type filter hook postrouting priority -150"),
        ("snat", "type nat hook postrouting priority 100"),
    ]

    private static let sets = """
        set four { type ipv4_addr; flags interval; elements = { 10.9.0.1, 10.9.0.3-10.9.0.4, 198.51.100.0/25 }; }
        set six { type ipv6_addr; elements = { 2001:db8:9::4, 2001:db8:9::77 }; }
        set every { type ipv4_addr; flags interval; elements = { 10.9.0.1, * }; }
        set never { type ipv4_addr; }
        set ports { type inet_service; flags interval; elements = { 53, 70-90 }; }
        set pairs { type ipv4_addr . inet_service; elements = { 10.9.0.2 . 53 }; }
        set seen { type ipv4_addr; size 1000; flags dynamic,timeout; timeout 1m; }
        set seen6 { type ipv6_addr; size 1000; flags dynamic,timeout; timeout 1m; }
        set several { type ipv4_addr; size 1000; flags dynamic; }
        map verdicts { type inet_proto : verdict; elements = { tcp : drop, udp : accept }; }
        map targets { type inet_proto : ipv4_addr; elements = { tcp : 198.51.100.7 }; }
        """

    var nftables: String {
        var chains: [[String]] = []
        var ways: [String: [TrialPacket]] = [:]
        func add(_ packet: TrialPacket, _ hook: String, _ rules: [String]) {
            chains.append(["chain \(Self.chain(packet.kind, packet.group, hook)) {"] + rules + ["}"])
            ways[hook, default: []].append(packet)
        }
        for kind in TrialPacket.Kind.allCases {
            let rules = nftMatches.map { "\($0.text) counter comment \"\($0.number)\"" }
            add(TrialPacket(kind, group: 0), "fwd", rules)
        }
        for trial in nftCases {
            for kind in TrialPacket.Kind.requests {
                let packet = TrialPacket(kind, group: trial.number + 1)
                let sub = Self.chain(kind, packet.group, "sub")
                let hooks = Dictionary(grouping: trial.rules, by: \.hook)
                for (hook, rules) in hooks.sorted(by: { $0.key > $1.key }) {
                    add(packet, hook, rules.map { $0.text.replacing("SUB", with: sub) })
                }
            }
        }
        // A chain stands before those that jump to it, base chains come last. What is loaded at once has to fit into a
        // message of netlink's.
        var parts = [["table inet truth {", Self.sets]]
        for chain in chains {
            if parts[parts.count - 1].count + chain.count > 450 { parts.append(["table inet truth {"]) }
            parts[parts.count - 1] += chain
        }
        for (hook, declaration) in Self.hooks {
            var text = ["table inet truth {", "chain at_\(hook) {", "\(declaration); policy accept;"]
            if hook == "pre" { text += Self.marking.map { "\($0) meta mark set 0x12 ct mark set 0x34" } }
            text += Self.ways(ways[hook] ?? [], hook)
            parts.append(text + ["}"])
        }
        return parts.map { ($0 + ["}"]).joined(separator: "\n") }.joined(separator: "\n\n")
    }

    /// Those that conditions are tried with have marks.
    private static let marking = ["ip saddr 10.9.0.0/24", "ip daddr 10.9.0.0/24", "ip6 saddr 2001:db8:9::/64"]

    private static func ways(_ packets: [TrialPacket], _ hook: String) -> [String] {
        /// In several maps: a long one does not fit into a message of netlink's.
        func maps(_ selector: String, _ packets: [TrialPacket]) -> [String] {
            stride(from: 0, to: packets.count, by: 100).map { start in
                let entries = packets[start..<min(start + 100, packets.count)].map {
                    "\($0.address) : goto \(chain($0.kind, $0.group, hook))"
                }
                return "\(selector) vmap { \(entries.joined(separator: ", ")) }"
            }
        }
        let data = packets.filter { $0.kind == .data }.map {
            "ip saddr \($0.address) tcp flags & ack == ack goto \(chain($0.kind, $0.group, hook))"
        }
        return maps("ip saddr", packets.filter { $0.kind.isIPv4 && $0.kind != .answer && $0.kind != .data }) + data
            + maps("ip daddr", packets.filter { $0.kind == .answer })
            + maps("ip6 saddr", packets.filter { !$0.kind.isIPv4 })
    }

    // MARK: iptables

    private static let places: [(hook: String, table: String, chain: String)] = [
        ("raw", "raw", "PREROUTING"), ("pre", "mangle", "PREROUTING"), ("dnat", "nat", "PREROUTING"),
        ("man", "mangle", "FORWARD"), ("fwd", "filter", "FORWARD"), ("inp", "filter", "INPUT"),
        ("post", "mangle", "POSTROUTING"), ("snat", "nat", "POSTROUTING"),
    ]

    func iptables(_ family: IPAddress.Family) -> String {
        var rules: [String: [String]] = [:]
        var names: [String: [String]] = [:]
        func add(_ packet: TrialPacket, _ hook: String, _ own: [String]) {
            let place = hook == "sub" ? "fwd" : hook
            let chain = Self.chain(packet.kind, packet.group, hook)
            names[place, default: []].append(chain)
            rules[place, default: []] += own.map { "-A \(chain) \($0)" }
            guard hook != "sub" else { return }
            let end = packet.kind == .answer ? "-d" : "-s"
            let builtIn = Self.places.first { $0.hook == place }?.chain ?? ""
            let flags = packet.kind == .data ? "-p tcp --tcp-flags ACK ACK " : ""
            rules[place, default: []].append("-A \(builtIn) \(end) \(packet.address) \(flags)-g \(chain)")
        }
        let isIPv4 = family == .ipv4
        for kind in TrialPacket.Kind.allCases where kind.isIPv4 == isIPv4 {
            let own = iptablesMatches.filter { $0.family == nil || $0.family == family }
            add(TrialPacket(kind, group: 0), "fwd", own.map { "\($0.text) -m comment --comment \($0.number)" })
        }
        for trial in iptablesCases where trial.family == nil || trial.family == family {
            for kind in TrialPacket.Kind.requests where kind.isIPv4 == isIPv4 {
                let packet = TrialPacket(kind, group: trial.number + 1)
                let sub = Self.chain(kind, packet.group, "sub")
                for (hook, own) in Dictionary(grouping: trial.rules, by: \.hook).sorted(by: { $0.key > $1.key }) {
                    add(
                        packet, hook,
                        own.map {
                            $0.text.replacing("SUB", with: sub)
                                .replacing("GW", with: isIPv4 ? "203.0.113.1" : "2001:db8:3::1")
                        })
                }
            }
        }
        let marks =
            ["-s", "-d"].flatMap { end in
                ["MARK --set-mark 0x12", "CONNMARK --set-mark 0x34"].map {
                    "-A PREROUTING \(end) \(isIPv4 ? "10.9.0.0/24" : "2001:db8:9::/64") -j \($0)"
                }
            }
        var parts: [[String]] = []
        for table in ["raw", "mangle", "nat", "filter"] {
            let places = Self.places.filter { $0.table == table }
            let own = places.flatMap { names[$0.hook] ?? [] }
            parts.append(
                ["*\(table)"] + places.map { ":\($0.chain) ACCEPT [0:0]" } + own.map { ":\($0) - [0:0]" } + ["COMMIT"])
            var rest = ((table == "mangle" ? marks : []) + places.flatMap { rules[$0.hook] ?? [] })[...]
            while !rest.isEmpty {
                parts.append(["*\(table)"] + rest.prefix(400) + ["COMMIT"])
                rest = rest.dropFirst(400)
            }
        }
        return parts.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }
}
