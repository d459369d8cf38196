import Correlation
import Network
import Observations
import Testing
import WalkModel
import Wire

/// A tunnel's packet that a bridge between the tunnel's ends cuts.
@Suite struct TunnelFragmentTests {
    private static let key: UInt64 = 4 << 56 | 17 << 48 | 0xbeef

    private func network() -> Scene {
        var tunnels: [Link] = []
        for (local, remote) in [("172.19.0.1", "172.19.0.2"), ("172.19.0.2", "172.19.0.1")] {
            var tunnel = Link(name: "vx0", index: 3, kind: "vxlan", mac: MACAddress(value: 0x40))
            tunnel.vxlan = Link.VXLAN(identifier: 42, port: 4789, remote: address(remote), local: address(local))
            tunnels.append(tunnel)
        }
        tunnels[0].addresses = [IPPrefix("10.1.1.1/24")].compactMap(\.self)
        tunnels[1].addresses = [IPPrefix("10.1.1.2/24")].compactMap(\.self)
        var scene = Scene([
            .named("one", [.veth("eth0", 2, peer: ("host", "va"), addresses: ["172.19.0.1/24"]), tunnels[0]]),
            .named(
                "host",
                [
                    .veth("va", 2, peer: ("one", "eth0"), master: "br0"),
                    .veth("vb", 3, peer: ("two", "eth0"), master: "br0"), .bridge("br0", 4),
                ]),
            .named("two", [.veth("eth0", 2, peer: ("host", "vb"), addresses: ["172.19.0.2/24"]), tunnels[1]]),
        ])
        for (namespace, device) in [
            ("one", "vx0"), ("one", "eth0"), ("host", "va"), ("host", "br0"), ("host", "vb"), ("two", "eth0"),
            ("two", "vx0"),
        ] { scene.watch(namespace, device) }
        return scene
    }

    private func inner(isCut: Bool? = nil) -> PacketHeaders {
        var headers = echo("10.1.1.1", "10.1.1.2", request: true, id: 9, sequence: 1, label: 0xa)
        guard let isCut else { return headers }
        headers.tunnelKind = .vxlan
        headers.tunnelIdentifier = 42
        headers.tunnelSource = address("172.19.0.1")
        headers.tunnelDestination = address("172.19.0.2")
        if isCut { headers.tunnelFragmentKey = Self.key }
        return headers
    }

    private func later(from source: String = "172.19.0.1") -> PacketHeaders {
        var headers = packet(source, "172.19.0.2", label: 0xf, id: 0xbeef)
        headers.flags = []
        headers.fragmentOffset = 1280
        headers.datagramKey = Self.key
        return headers
    }

    private func send(_ scene: inout Scene, laterFirst: Bool = false) {
        scene.see("one", "vx0", .out, at: 0, inner())
        scene.see("one", "eth0", .out, at: 10, inner(isCut: false))
        scene.see("host", "va", .in, at: 12, inner(isCut: false))
        for (offset, headers) in [(0.0, inner(isCut: true)), (1.0, later())] {
            let time = 40 + (laterFirst ? 1 - offset : offset)
            scene.see("host", "vb", .out, at: time, headers)
            scene.see("two", "eth0", .in, at: time + 2, headers)
        }
        scene.see("two", "vx0", .in, at: 50, inner())
    }

    @Test("is one walk, which says where it went in fragments", arguments: [false, true])
    func oneWalk(laterFirst: Bool) {
        var scene = network()
        send(&scene, laterFirst: laterFirst)
        let walks = scene.walks()
        #expect(walks.count == 1)
        #expect(walks.first?.outcome == .left)
        let links = walks.first?.hops.filter { $0.vantage == .link } ?? []
        #expect(
            links.map(\.text) == [
                "one vx0 out", "one eth0 out", "host va in", "host vb out", "two eth0 in", "two vx0 in",
            ])
        #expect(links.map { $0.packet.encapsulation?.fragments } == [nil, 1, 1, 2, 2, nil])
    }

    @Test("a later fragment of another sender, or of a datagram whose first was not opened, has a walk of its own")
    func others() {
        var scene = network()
        send(&scene)
        scene.see("host", "vb", .out, at: 60, later(from: "172.19.0.9"))
        scene.see("two", "eth0", .in, at: 62, later(from: "172.19.0.9"))
        let walks = scene.walks()
        #expect(walks.count == 2)
        #expect(walks.contains { $0.hops.last?.packet.source == address("172.19.0.9") })
    }
}
