import Correlation
import Observations
import Testing
import Network
import WalkModel
import Wire

/// Rules that a traced packet met, on its walk.
@Suite struct RuleTraceTests {
    /// The base network with a chain at each hook of host, one of which leads to another.
    private static func network() -> [Namespace] {
        var namespaces = baseNetwork()
        func chain(_ name: String, _ hook: NetfilterHook?, _ texts: [String], kind: ChainKind? = .filter) -> RuleChain {
            RuleChain(
                backend: "nft", family: "inet", table: "fw", name: name, hook: hook, priority: hook == nil ? nil : 0,
                kind: hook == nil ? nil : kind, policy: hook == nil ? nil : "accept",
                rules: texts.enumerated().map {
                    Rule(position: $0.offset + 1, handle: UInt64($0.offset + 1), text: $0.element)
                })
        }
        namespaces[1].netfilter.chains = [
            chain("pre", .prerouting, ["counter"]), chain("forward", .forward, ["jump inner"]),
            chain("inner", nil, ["counter", "drop"]), chain("nat", .postrouting, ["masquerade"], kind: "nat"),
        ]
        return namespaces
    }

    private static func rule(
        _ chain: String, base: String, _ hook: NetfilterHook, position: Int?, _ verdict: Verdict,
        _ headers: PacketHeaders, at microseconds: Double = 5
    ) -> Event {
        .rule(
            RuleEvent(
                timeNanoseconds: Scene.start + Int64(microseconds * 1000), namespace: "host",
                reference: RuleReference(
                    family: "inet", table: "fw", chain: chain, position: position, handle: position.map { UInt64($0) },
                    verdict: verdict, backend: "nft"), verdict: verdict, baseChain: base, hook: hook,
                headers: PacketHeadersRecord(headers)))
    }

    private let inner = echo("172.19.0.2", "198.51.100.1", request: true, id: 1, sequence: 1, label: 0xa)
    private let routed = echo("172.19.0.2", "198.51.100.1", request: true, id: 1, sequence: 1, label: 0xa, ttl: 63)

    private func scene(_ body: (inout Scene) -> Void) -> Scene {
        var scene = Scene(Self.network())
        for (namespace, device) in [
            ("mynamespace", "veth1"), ("host", "veth0"), ("host", "mybridge"), ("host", "eth0"), ("wan", "wan0"),
        ] { scene.watch(namespace, device) }
        _ = scene.id(.hook("host", .prerouting, .raw, .before))
        _ = scene.id(.hook("host", .prerouting, .filter, .after))
        _ = scene.id(.hook("host", .forward, .filter, .before))
        _ = scene.id(.hook("host", .forward, .filter, .after))
        scene.see("mynamespace", "veth1", .out, at: 0, inner)
        scene.see("host", "veth0", .in, at: 4, inner)
        scene.log("host", .prerouting, .raw, .before, at: 4, sequence: 1, inner)
        body(&scene)
        return scene
    }

    @Test func `rules stand at the hop of their hook, and those of the chain that ended it at the drop`() throws {
        var dropped = scene { scene in
            scene.log("host", .prerouting, .filter, .after, at: 4, sequence: 2, inner)
            scene.log("host", .forward, .filter, .before, at: 4, sequence: 3, routed)
        }
        dropped.events += [
            Self.rule("pre", base: "pre", .prerouting, position: 1, "continue", inner),
            Self.rule("pre", base: "pre", .prerouting, position: nil, "policy accept", inner),
            Self.rule("forward", base: "forward", .forward, position: 1, "jump inner", routed),
            Self.rule("inner", base: "forward", .forward, position: 1, "continue", routed),
            Self.rule("inner", base: "forward", .forward, position: 2, "drop", routed),
        ]
        let walk = try #require(dropped.walks().first)
        #expect(walk.outcome == .dropped && walk.losses.isEmpty)
        let prerouting = try #require(walk.hops.last { $0.hook == .prerouting })
        #expect(prerouting.rules.map(\.verdict) == ["continue", "policy accept"])
        #expect(prerouting.evidence == [.log, .rule])
        let drop = try #require(walk.hops.last)
        #expect(drop.vantage == .drop && drop.hook == .forward && drop.evidence == [.rule])
        #expect(drop.rules.map { "\($0.chain) \($0.position ?? 0)" } == ["forward 1", "inner 1", "inner 2"])
        #expect(walk.stoppedAt?.rule?.chain == "inner" && walk.stoppedAt?.rule?.position == 2)
        #expect(walk.stoppedAt?.hook == .forward && walk.stoppedAt?.stage == .filter)
    }

    @Test func `a traced reject makes the outcome rejected`() throws {
        var rejected = scene { _ in }
        rejected.events.append(Self.rule("pre", base: "pre", .prerouting, position: 1, "reject", inner))
        #expect(rejected.walks().first?.outcome == .rejected)
    }

    @Test func `a chain that the packet passed owes an end: where none was told, the walk says so`() throws {
        func walk(_ events: [Event]) throws -> Walk {
            var passed = scene { scene in
                scene.log("host", .prerouting, .filter, .after, at: 4, sequence: 2, inner)
                scene.log("host", .forward, .filter, .before, at: 4, sequence: 3, routed)
                scene.log("host", .forward, .filter, .after, at: 4, sequence: 4, routed)
                scene.see("host", "eth0", .out, at: 9, routed)
                scene.see("wan", "wan0", .in, at: 11, routed)
            }
            passed.events += events
            return try #require(passed.walks().first)
        }
        let prerouting = Self.rule("pre", base: "pre", .prerouting, position: nil, "policy accept", inner)
        let forward = Self.rule("inner", base: "forward", .forward, position: 2, "accept", routed)
        let onTheWay = Self.rule("forward", base: "forward", .forward, position: 1, "jump inner", routed)
        #expect(try walk([prerouting, onTheWay, forward]).losses.isEmpty)
        let missing = WalkLoss(vantage: "rule trace host", lost: 1, isInferred: true)
        #expect(try walk([prerouting]).losses == [missing])
        #expect(try walk([prerouting, onTheWay]).losses == [missing])
        #expect(try walk([forward]).losses == [missing])
        #expect(try walk([prerouting, onTheWay]).outcome == .left)
        // Nothing was heard of host's rules at all: they are not traced, so nothing is owed.
        #expect(try walk([]).losses.isEmpty)
    }

    @Test func `a packet that was routed passed the hooks, though no sighting there came`() throws {
        func walk(_ events: [Event]) throws -> Walk {
            var passed = scene { scene in
                scene.see("host", "eth0", .out, at: 9, routed)
                scene.see("wan", "wan0", .in, at: 11, routed)
            }
            passed.events += events
            return try #require(passed.walks().first)
        }
        let prerouting = Self.rule("pre", base: "pre", .prerouting, position: nil, "policy accept", inner)
        let forward = Self.rule("inner", base: "forward", .forward, position: 2, "accept", routed)
        #expect(try walk([prerouting]).losses == [WalkLoss(vantage: "rule trace host", lost: 1, isInferred: true)])
        let whole = try walk([prerouting, forward])
        #expect(whole.losses.isEmpty)
        // What was told of the lost sighting's hook stands at the link before it.
        let entry = try #require(whole.hops.first { $0.namespace == "host" && $0.vantage == .link })
        #expect(entry.rules.map(\.chain) == ["inner"])
    }

    @Test func `lost rules take nothing from what was seen`() throws {
        var lost = scene { _ in }
        lost.events.append(
            .loss(Loss(timeNanoseconds: Scene.start + 5000, vantage: nil, source: "rule trace host", lost: 3)))
        let walk = try #require(lost.walks().first)
        #expect(walk.losses == [WalkLoss(vantage: "rule trace host", lost: 3)])
        #expect(walk.hops.allSatisfy { $0.confidence == .exact })
    }

    @Test func `a rule that ended another copy does not end the one that arrived`() throws {
        var delivered = scene { scene in
            scene.log("host", .prerouting, .filter, .after, at: 4, sequence: 2, inner)
            scene.log("host", .forward, .filter, .after, at: 4, sequence: 4, routed)
            scene.see("host", "eth0", .out, at: 9, routed)
            scene.see("wan", "wan0", .in, at: 11, routed)
        }
        delivered.events.append(Self.rule("inner", base: "forward", .forward, position: 2, "drop", routed))
        let walk = try #require(delivered.walks().first)
        #expect(walk.outcome == .left && walk.stoppedAt == nil)
    }
}
