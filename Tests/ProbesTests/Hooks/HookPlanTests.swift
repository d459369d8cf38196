import Observations
import Testing
import Network
import Wire

@testable import Probes

private func points(_ chains: [RuleChain], _ hook: NetfilterHook) -> [String] {
    HookPlan(chains: chains).chainPoints.filter { $0.hook == hook }
        .map { "\($0.edge.rawValue) \($0.stage.rawValue) \($0.priority)" }
}

private func chain(
    _ table: String, _ hook: NetfilterHook, _ priority: Int, kind: ChainKind = .filter,
    family: TableFamily = .inet, backend: FirewallBackend = .nft
) -> RuleChain {
    RuleChain(
        backend: backend, family: family, table: table, name: hook.rawValue.uppercased(), hook: hook,
        priority: priority, kind: kind, policy: "accept")
}

@Suite struct HookPlanTests {
    /// Nothing stands there that a packet could be seen before and behind.
    @Test func anEmptyNamespaceHasOnePointAtEveryHook() {
        #expect(points([], .prerouting) == ["before raw -301"])
        #expect(points([], .input) == ["before filter -1"])
        #expect(points([], .forward) == ["before filter -1"])
        #expect(points([], .output) == ["before raw -301"])
        #expect(points([], .postrouting) == ["before srcnat 99"])
    }

    /// Devices show the rest of a packet's path: only its arrival and its departure are seen nowhere else.
    @Test func idleHooksCanBeLeftOut() {
        func points(_ chains: [RuleChain]) -> [NetfilterHook: Int] {
            Dictionary(grouping: HookPlan(chains: chains, leavesOutIdle: true).chainPoints, by: \.hook)
                .mapValues(\.count)
        }
        #expect(points([]) == [.input: 1, .postrouting: 1])
        #expect(
            points([chain("t", .forward, 0)]) == [.prerouting: 2, .input: 1, .forward: 2, .output: 2, .postrouting: 1])
        let masquerade = [chain("nat", .postrouting, 100, kind: "nat", family: "ip")]
        #expect(points(masquerade) == [.prerouting: 2, .input: 2, .output: 3, .postrouting: 2])
    }

    /// One that asks for the state of connections stands in forward, and connection tracking, which it switches on, in
    /// prerouting and output.
    @Test func aChainAnywhereMayMeanConnectionTracking() {
        let filter = [chain("t", .forward, 0)]
        #expect(points(filter, .prerouting) == ["before raw -301", "after dstnat -99"])
        #expect(points(filter, .output) == ["before raw -301", "after filter 1"])
        #expect(points(filter, .forward) == ["before filter -1", "after filter 1"])
        #expect(points(filter, .input) == ["before filter -1"])
        #expect(points(filter, .postrouting) == ["before srcnat 99"])
        // Those of a bridge are asked in another place.
        let aside = RuleChain(backend: .nft, family: .bridge, table: "t", name: "c", hook: .forward, priority: 0)
        #expect(points([aside], .prerouting) == ["before raw -301"])
    }

    @Test func oneTranslationAnywhereMeansTranslationAtAllFourHooks() {
        let masquerade = [chain("nat", .postrouting, 100, kind: "nat", family: "ip")]
        #expect(points(masquerade, .prerouting) == ["before raw -301", "after dstnat -99"])
        #expect(points(masquerade, .output) == ["before raw -301", "after dstnat -99", "after filter 1"])
        #expect(points(masquerade, .input) == ["before filter -1", "after srcnat 101"])
        #expect(points(masquerade, .postrouting) == ["before srcnat 99", "after srcnat 101"])
        #expect(points(masquerade, .forward) == ["before filter -1"])
    }

    /// The kernel runs every NAT chain at the stage's own priority.
    @Test func theOwnPriorityOfANATChainDoesNotCount() {
        let chains = [chain("t", .postrouting, 250, kind: "nat")]
        #expect(points(chains, .postrouting) == ["before srcnat 99", "after srcnat 101"])
    }

    @Test func everyTableOfIptablesHasItsPoints() {
        let legacy = { (table: String, hook: NetfilterHook, priority: Int) in
            chain(table, hook, priority, family: "ip", backend: "iptables-legacy")
        }
        let chains = [
            legacy("raw", .prerouting, -300), legacy("mangle", .prerouting, -150),
            legacy("mangle", .forward, -150), legacy("filter", .forward, 0), legacy("security", .forward, 50),
            legacy("mangle", .postrouting, -150),
            chain("nat", .postrouting, 100, kind: "nat", family: "ip", backend: "iptables-legacy"),
        ]
        #expect(
            points(chains, .prerouting)
                == ["before raw -301", "after raw -299", "after mangle -149", "after dstnat -99"])
        #expect(
            points(chains, .forward)
                == ["before mangle -151", "after mangle -149", "after filter 1", "after security 51"])
        #expect(points(chains, .postrouting) == ["before mangle -151", "after mangle -149", "after srcnat 101"])
    }

    @Test func legacyChainsWithoutAPriorityHaveTheirTables() {
        let chains = [
            RuleChain(backend: "iptables-legacy", family: "ip", table: "mangle", name: "FORWARD", hook: .forward)
        ]
        #expect(points(chains, .forward) == ["before mangle -151", "after mangle -149", "after filter 1"])
    }

    @Test func chainsAtOddPrioritiesAreEnclosed() {
        let chains = [chain("a", .forward, -5), chain("b", .forward, 10), chain("c", .prerouting, -310)]
        #expect(points(chains, .forward) == ["before filter -6", "after filter 11"])
        #expect(points(chains, .prerouting) == ["before raw -311", "after raw -299", "after dstnat -99"])
    }

    /// Reassembly stands at -400 (NF_IP_PRI_CONNTRACK_DEFRAG): before it a datagram is still in pieces.
    @Test func noPointBeforeReassembly() {
        let chains = [chain("early", .prerouting, -450)]
        #expect(points(chains, .prerouting) == ["before raw -399", "after raw -299", "after dstnat -99"])
    }

    @Test func extremePrioritiesDoNotOverflow() {
        let chains = [chain("a", .input, Int(Int32.max)), chain("b", .input, Int(Int32.min))]
        let priorities = HookPlan(chains: chains).chainPoints.filter { $0.hook == .input }.map(\.priority)
        #expect(priorities.allSatisfy { (Int(Int32.min)...Int(Int32.max)).contains($0) })
    }

    @Test func chainsOfARunDoNotCount() {
        #expect(points([chain("packetwalk-1.2.3", .forward, -160)], .forward) == points([], .forward))
        #expect(points([chain("t", .forward, 0, family: "bridge")], .forward) == points([], .forward))
    }

    @Test func pointsOfOneHookAreDistinctAndInOrder() {
        let seed = UInt64.random(in: .min ... .max)
        var state = seed
        for _ in 0..<2000 {
            var chains: [RuleChain] = []
            for _ in 0..<6 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let hook = HookPlan.hooks[Int(state >> 33) % HookPlan.hooks.count]
                chains.append(chain("t", hook, Int(state >> 40) % 900 - 450, kind: state >> 62 == 0 ? "nat" : "filter"))
            }
            let plan = HookPlan(chains: chains)
            for hook in HookPlan.hooks {
                let here = plan.chainPoints.filter { $0.hook == hook }
                #expect(Set(here.map { "\($0.stage)\($0.edge)" }).count == here.count, "seed \(seed)")
                for (earlier, later) in zip(here, here.dropFirst()) {
                    // Each pair encloses something, or is the hook's two ends.
                    #expect(earlier.priority < later.priority, "seed \(seed)")
                }
                let reachable = (plan.registrants[hook] ?? []).filter { $0 > -400 || hook == .input }
                for registrant in reachable where here.first?.priority ?? 0 > -399 {
                    #expect(here.contains { $0.priority < registrant }, "seed \(seed)")
                    #expect(here.contains { $0.priority > registrant }, "seed \(seed)")
                }
            }
        }
    }
}

@Suite struct XTablesPlanTests {
    private let all = Set(XTablesProgram.allCases)

    private func places(_ chains: [RuleChain], _ preferred: XTablesProgram) -> [String] {
        XTablesPlan(chains: chains, preferred: preferred, installed: all).placements.map {
            "\($0.point.edge.rawValue) \($0.point.stage.rawValue): \($0.program.rawValue) \($0.table.rawValue) \($0.chain)"
        }
    }

    @Test func anEmptyNamespaceIsServedByOneTable() {
        #expect(
            places([], .iptablesNft) == [
                "before raw: iptables-nft mangle PREROUTING",
                "before filter: iptables-nft mangle INPUT",
                "before filter: iptables-nft mangle FORWARD",
                "before raw: iptables-nft mangle OUTPUT",
                "before srcnat: iptables-nft mangle POSTROUTING",
            ])
    }

    /// A legacy table stays for the life of its namespace, so none is made where nftables can serve.
    @Test func tablesThatAreThereAreUsedAndMissingOnesAreMadeByNft() {
        let legacy = [NetfilterHook.input, .forward, .output].map {
            chain("filter", $0, 0, family: "ip", backend: "iptables-legacy")
        }
        #expect(
            places(legacy, .iptablesLegacy) == [
                "before raw: iptables-nft mangle PREROUTING",
                "before filter: iptables-legacy filter INPUT",
                "after filter: iptables-nft security INPUT",
                "before filter: iptables-legacy filter FORWARD",
                "after filter: iptables-nft security FORWARD",
                "before raw: iptables-legacy filter OUTPUT",
                "after filter: iptables-nft security OUTPUT",
                "before srcnat: iptables-nft mangle POSTROUTING",
            ])
    }

    @Test func withoutNftTheLegacyTableIsMade() {
        let plan = XTablesPlan(chains: [], preferred: .iptablesLegacy, installed: [.iptablesLegacy])
        #expect(plan.placements.allSatisfy { $0.program == .iptablesLegacy && !$0.isRegistered })
    }
}

@Suite struct OwnedTableTests {
    private func table(_ filter: String?, _ share: SampleShare = .all) -> OwnedTable {
        OwnedTable(
            run: RunIdentity(process: 12, start: 345, processSpace: 6),
            points: [HookPoint(hook: .forward, stage: .filter, edge: .before, priority: -1)], group: 77,
            snapLength: 128, choice: OwnedTable.Choice(CoarseFilter(filter)), share: share)
    }

    @Test func isWrittenAsNftReadsIt() throws {
        #expect(
            table("tcp port 80").ruleset == """
                table inet packetwalk-12.345.6 {
                    flags owner
                    chain see-0 {
                        log group 77 prefix "\(NFLOGSource.prefixStart)0" snaplen 128
                    }
                    chain tunnel-0 {
                        udp dport { 4789, 6081, 8472 } goto see-0
                    }
                    chain forward-0 {
                        type filter hook forward priority -1; policy accept
                        meta l4proto vmap { icmp : goto see-0, ipv6-icmp : goto see-0, 4 : goto see-0, 41 : goto see-0, \
                47 : goto see-0, tcp : goto see-0, udp : goto tunnel-0 }
                    }
                }

                """)
        #expect(table(nil).removal == "delete table inet packetwalk-12.345.6\n")
        #expect(table(nil).ruleset.contains("policy accept\n        goto see-0\n"))
    }

    /// A chain at -10 came: the point before it moves from -1 to -11, and the one behind it is new.
    @Test func pointsMoveAndComeInOneTransaction() throws {
        let before = HookPoint(hook: .forward, stage: .filter, edge: .before, priority: -11)
        let after = HookPoint(hook: .forward, stage: .filter, edge: .after, priority: 1)
        let laid = table(nil)
        let change = HookChange(laid: laid.points, wanted: [before, after])
        let (changed, commands) = laid.following(change, share: .all)
        #expect(changed.points == laid.points + [before, after])
        #expect(changed.standing == [1, 2])
        #expect(
            commands == """
                table inet packetwalk-12.345.6 {
                    flags owner
                    chain see-1 {
                        log group 77 prefix "\(NFLOGSource.prefixStart)1" snaplen 128
                    }
                    chain forward-1 {
                        type filter hook forward priority -11; policy accept
                        goto see-1
                    }
                    chain see-2 {
                        log group 77 prefix "\(NFLOGSource.prefixStart)2" snaplen 128
                    }
                    chain forward-2 {
                        type filter hook forward priority 1; policy accept
                        goto see-2
                    }
                }
                flush chain inet packetwalk-12.345.6 forward-0
                flush chain inet packetwalk-12.345.6 see-0
                delete chain inet packetwalk-12.345.6 forward-0
                delete chain inet packetwalk-12.345.6 see-0

                """)
        // A sample is chosen by the chains that stand.
        #expect(!changed.change(to: SampleShare(oneOf: 10)).contains("see-0"))
        #expect(HookChange(laid: [before, after], wanted: [before, after]).isEmpty)
        // What no chain asks for any more stays.
        #expect(HookChange(laid: [before, after], wanted: [before]).isEmpty)
    }

    /// Of a share of 1/1000 the highest number is 4,294,966, whose upper half is 65: those from 66 on are left out.
    @Test func aSampleIsChosenBeforeItIsLogged() throws {
        let change = table("icmp").change(to: SampleShare(oneOf: 1000)).split(separator: "\n")
        try #require(change.count == 5)
        #expect(change[0] == "flush chain inet packetwalk-12.345.6 see-0")
        #expect(
            change[1] == """
                add rule inet packetwalk-12.345.6 see-0 meta nfproto ipv4 meta l4proto icmp @th,0,8 { 0, 8 } \
                jhash @th,48,16 . @th,64,256 mod 65536 seed 1 >= 66 accept
                """)
        #expect(change[4].hasSuffix(" log group 77 prefix \"\(NFLOGSource.prefixStart)0\" snaplen 128"))
        #expect(table("icmp", SampleShare(oneOf: 65_536)).ruleset.contains(" >= 1 accept"))
        #expect(!table("icmp").ruleset.contains("jhash"))
    }

    @Test func onlyPlainProtocolsGoIntoTheRules() {
        func matches(_ filter: String?) -> [String] { OwnedTable.Choice(CoarseFilter(filter)).matches }
        #expect(
            matches("tcp port 80")
                == ["meta l4proto { icmp, ipv6-icmp, 4, 41, 47, tcp }", "udp dport { 4789, 6081, 8472 }"])
        #expect(matches("udp") == ["meta l4proto { icmp, ipv6-icmp, 4, 41, 47, udp }"])
        #expect(matches("icmp") == ["meta l4proto { icmp, ipv6-icmp, 4, 41, 47 }", "udp dport { 4789, 6081, 8472 }"])
        #expect(matches("tcp or arp") == [""])
        #expect(matches("host 192.0.2.1") == [""])
        #expect(matches(nil) == [""])
    }

    /// The kernel takes at most 64 instructions; what the coarse filter adds must not use them up.
    @Test func thePlainProtocolsFitIntoAnIptablesRule() {
        for filter in ["icmp", "tcp", "udp", "tcp port 80 or udp port 53"] {
            #expect(XTablesMatch.words(CoarseFilter(filter).expression).hasPrefix("-m bpf"), "\(filter)")
        }
    }
}
