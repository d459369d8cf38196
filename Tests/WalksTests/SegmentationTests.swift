import Observations
import Testing
import Topology
import Walks
import Wire

/// TCP packets that a device cuts into segments, or puts together, on their way.
@Suite struct SegmentationTests {
    /// `a` eth0 and `host` va are a pair, `host` vb and `b` eth0 another; `host` bridges them.
    private func scene() -> Scene {
        var scene = Scene([
            .named("a", [.veth("eth0", 2, peer: ("host", "va"), mac: 0xa, addresses: ["10.0.0.1/24"])]),
            .named("b", [.veth("eth0", 2, peer: ("host", "vb"), mac: 0xb, addresses: ["10.0.0.2/24"])]),
            .named(
                "host",
                [
                    .veth("va", 2, peer: ("a", "eth0"), mac: 0x10, master: "br0"),
                    .veth("vb", 3, peer: ("b", "eth0"), mac: 0x11, master: "br0"),
                    .bridge("br0", 5, mac: 0x13),
                ]),
        ])
        for (namespace, device) in [("a", "eth0"), ("host", "va"), ("host", "vb"), ("b", "eth0"), ("host", "br0")] {
            scene.watch(namespace, device)
        }
        return scene
    }

    /// A TCP segment of `count` bytes of payload.
    private func segment(_ sequence: UInt32, _ count: UInt32, label: UInt64) -> PacketHeaders {
        var headers = packet(
            "10.0.0.1", "10.0.0.2", label: label, id: 0, proto: .tcp, sourcePort: 40_000, destinationPort: 80)
        headers.tcpSequence = sequence
        headers.tcpAcknowledgement = 77
        headers.tcpFlags = 0x10
        headers.payloadLength = count
        headers.length = count + 52
        return headers
    }

    @Test("a large packet that goes on as segments is not lost, also where sequence numbers wrap")
    func split() throws {
        for start in [1000, 0xffff_fa00 as UInt32] {
            var scene = scene()
            let large = segment(start, 2896, label: 1)
            scene.see("a", "eth0", .out, at: 0, large)
            scene.see("host", "va", .in, at: 2, large)
            for (index, label) in [2 as UInt64, 3].enumerated() {
                let part = segment(start &+ UInt32(index) * 1448, 1448, label: label)
                scene.see("host", "vb", .out, at: 5 + Double(index), part)
                scene.see("b", "eth0", .in, at: 7 + Double(index), part)
            }
            let walks = scene.walks()
            #expect(walks.count == 3)
            let whole = try #require(walks.first { $0.path.last == "host va in" })
            #expect(whole.path == ["a socket out", "a eth0 out", "host va in"])
            #expect(whole.outcome == .left)
            #expect(walks.filter { $0.outcome == .delivered }.count == 2)
        }
    }

    @Test("segments that go on as one large packet are not lost")
    func merged() {
        var scene = scene()
        for (index, label) in [2 as UInt64, 3].enumerated() {
            let part = segment(1000 + UInt32(index) * 1448, 1448, label: label)
            scene.see("a", "eth0", .out, at: Double(index), part)
        }
        let large = segment(1000, 2896, label: 1)
        for (namespace, device, direction, time) in [
            ("host", "va", VantagePoint.Direction.in, 5.0), ("host", "vb", .out, 6), ("b", "eth0", .in, 7),
        ] {
            scene.see(namespace, device, direction, at: time, large)
        }
        let walks = scene.walks()
        #expect(walks.count == 3)
        #expect(walks.filter { $0.outcome == .delivered }.map { $0.path.first } == ["host va in"])
        #expect(walks.filter { $0.outcome == .left }.map { $0.path.last } == ["a eth0 out", "a eth0 out"])
    }

    @Test("a large packet that was dropped is lost, though its bytes are sent again in segments")
    func sentAgain() throws {
        var scene = scene()
        let large = segment(1000, 2896, label: 1)
        scene.see("a", "eth0", .out, at: 0, large)
        scene.see("host", "va", .in, at: 2, large)
        for (index, label) in [2 as UInt64, 3].enumerated() {
            let part = segment(1000 + UInt32(index) * 1448, 1448, label: label)
            let time = 2000 + 10 * Double(index)
            scene.see("a", "eth0", .out, at: time, part)
            scene.see("host", "va", .in, at: time + 2, part)
            scene.see("host", "vb", .out, at: time + 4, part)
            scene.see("b", "eth0", .in, at: time + 5, part)
        }
        let walks = scene.walks()
        #expect(walks.count == 3)
        #expect(try #require(walks.first { $0.path.last == "host va in" }).outcome == .lost)
    }

    @Test("what another connection sends in the same numbers tells nothing")
    func anotherStream() throws {
        var scene = scene()
        let large = segment(1000, 2896, label: 1)
        scene.see("a", "eth0", .out, at: 0, large)
        scene.see("host", "va", .in, at: 2, large)
        var other = segment(1000, 1448, label: 2)
        other.tcpAcknowledgement = 78
        scene.see("host", "vb", .out, at: 5, other)
        scene.see("b", "eth0", .in, at: 7, other)
        #expect(try #require(scene.walks().first { $0.path.last == "host va in" }).outcome == .lost)
    }
}
