import Correlation
import Network
import Observations
import Testing
import WalkModel
import Wire

/// A rule that sets the TTL: before and behind it the same packet has another one.
@Suite struct RewrittenHopLimitTests {
    private func asked(ttl: UInt8) -> PacketHeaders {
        packet("172.19.0.2", "198.51.100.1", label: 0xd, ttl: ttl)
    }

    private func scene() -> Scene {
        var scene = Scene(baseNetwork())
        for (namespace, device) in [("mynamespace", "veth1"), ("host", "mybridge"), ("host", "veth0")] {
            scene.watch(namespace, device)
        }
        scene.watchHooks("host")
        return scene
    }

    @Test("one walk, with both", arguments: [1, 5, 200] as [UInt8])
    func within(ttl: UInt8) throws {
        var scene = scene()
        scene.see("mynamespace", "veth1", .out, at: 1000, asked(ttl: 64))
        scene.see("host", "veth0", .in, at: 1004, asked(ttl: 64))
        scene.see("host", "mybridge", .in, at: 1004, asked(ttl: 64))
        scene.log("host", .prerouting, .raw, .before, at: 1004, sequence: 1, asked(ttl: 64))
        scene.log("host", .prerouting, .dstnat, .after, at: 1004, sequence: 2, asked(ttl: ttl))
        if ttl > 1 { scene.log("host", .forward, .filter, .after, at: 1004, sequence: 3, asked(ttl: ttl - 1)) }
        let walks = scene.walks()
        #expect(walks.count == 1)
        let path = try #require(walks.first).path
        #expect(path.contains("host prerouting raw before") && path.contains("host prerouting dstnat after"))
        #expect(path.contains("host forward filter after") == (ttl > 1))
    }

    @Test("a packet that comes again with a lower one goes through the hook twice")
    func again() throws {
        var scene = scene()
        var sequence: UInt32 = 0
        for (lap, ttl) in [(0.0, 64), (100.0, 62)] as [(Double, UInt8)] {
            scene.see("host", "mybridge", .in, at: 1000 + lap, asked(ttl: ttl))
            for (stage, edge) in [(NetfilterStage.raw, VantagePoint.Edge.before), (.dstnat, .after)] {
                sequence += 1
                scene.log("host", .prerouting, stage, edge, at: 1000 + lap, sequence: sequence, asked(ttl: ttl))
            }
        }
        let limits = scene.walks().flatMap { walk in
            walk.hops.filter { $0.hook == .prerouting }.map { "\($0.stage?.rawValue ?? "") \($0.packet.ttl ?? 0)" }
        }
        #expect(limits == ["raw 64", "dstnat 64", "raw 62", "dstnat 62"])
    }
}
