import Correlation
import Network
import Observations
import Testing
import WalkModel
import Wire

/// A packet whose destination was translated and that was then dropped: conntrack never confirms its connection, and
/// never speaks of it.
@Suite struct UnconfirmedTests {
    private let asked = packet(
        "198.51.100.1", "203.0.113.2", label: 0xd, proto: .tcp, sourcePort: 40000, destinationPort: 8080)
    private func translated(ttl: UInt8) -> PacketHeaders {
        packet(
            "198.51.100.1", "172.19.0.2", label: 0xd, ttl: ttl, proto: .tcp, sourcePort: 40000, destinationPort: 80)
    }

    private func scene() -> Scene {
        var scene = Scene(baseNetwork())
        for (namespace, device) in [
            ("wan", "wan0"), ("host", "eth0"), ("host", "mybridge"), ("host", "veth0"), ("mynamespace", "veth1"),
        ] { scene.watch(namespace, device) }
        scene.watchHooks("host")
        // Conntrack of the host is heard: it spoke of another connection.
        scene.conntrack(
            "host", original: tuple("172.19.0.2", 5001, "198.51.100.9", 53, .udp),
            reply: tuple("198.51.100.9", 53, "203.0.113.2", 5001, .udp), at: 0)
        scene.see("wan", "wan0", .out, at: 200_000, asked)
        scene.see("host", "eth0", .in, at: 200_004, asked)
        scene.log("host", .prerouting, .raw, .before, at: 200_004, sequence: 1, asked)
        scene.log("host", .prerouting, .dstnat, .after, at: 200_004, sequence: 2, translated(ttl: 64))
        return scene
    }

    @Test("is one walk up to where it was dropped")
    func dropped() throws {
        var scene = scene()
        scene.log("host", .forward, .filter, .after, at: 200_004, sequence: 3, translated(ttl: 63))
        let walks = scene.walks().filter { $0.path.contains { $0.hasPrefix("host") } }
        #expect(walks.count == 1)
        let walk = try #require(walks.first)
        #expect(walk.path.first == "wan socket out")
        #expect(walk.path.contains("host forward filter after"))
        #expect(walk.destination == address("203.0.113.2"))
    }

    @Test("what went on and of which conntrack is silent is not joined")
    func wentOn() {
        var scene = scene()
        scene.log("host", .forward, .filter, .after, at: 200_004, sequence: 3, translated(ttl: 63))
        scene.see("host", "mybridge", .out, at: 200_030, translated(ttl: 63))
        scene.see("host", "veth0", .out, at: 200_031, translated(ttl: 63))
        scene.see("mynamespace", "veth1", .in, at: 200_035, translated(ttl: 63))
        #expect(scene.walks().filter { $0.path.contains { $0.hasPrefix("host") } }.count == 2)
    }
}
