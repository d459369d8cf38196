import Correlation
import Observations
import Testing
import Network
import WalkModel
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
    private func segment(
        _ sequence: UInt32, _ count: UInt32, label: UInt64, id: UInt16 = 0, flags: UInt8 = 0x10
    ) -> PacketHeaders {
        var headers = packet(
            "10.0.0.1", "10.0.0.2", label: label, id: id, proto: .tcp, sourcePort: 40_000, destinationPort: 80)
        headers.tcpSequence = sequence
        headers.tcpAcknowledgement = 77
        headers.tcpFlags = flags
        headers.payloadLength = count
        headers.length = count + 52
        return headers
    }

    private static let segments = FieldChange.segments(from: 1, to: 2)

    @Test("a large packet is one walk with the segments it is cut into, also where sequence numbers wrap")
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
            #expect(walks.count == 1)
            let walk = try #require(walks.first)
            #expect(
                walk.path == [
                    "a socket out", "a eth0 out", "host va in", "host vb out", "b eth0 in",
                ])
            #expect(walk.outcome == .left)
            #expect(walk.hops[3].changes.filter { $0.field == .segments } == [Self.segments])
            #expect(walk.hops[3].joinedBy.contains(.stream))
            // Neither identification nor time stamp: sent again, the bytes would look the same.
            #expect(walk.hops[3].confidence == .strong)
            #expect(walk.hops[4].changes.isEmpty)
        }
    }

    @Test("what is cut by identification is exact, and its answer belongs to the whole")
    func answered() throws {
        var scene = scene()
        scene.see("a", "eth0", .out, at: 0, segment(1000, 2896, label: 1, id: 40, flags: 0x18))
        scene.see("host", "va", .in, at: 2, segment(1000, 2896, label: 1, id: 40, flags: 0x18))
        for index in 0..<2 as Range<UInt32> {
            let part = segment(
                1000 + index * 1448, 1448, label: UInt64(2 + index), id: 40 + UInt16(index),
                flags: index == 1 ? 0x18 : 0x10)
            scene.see("host", "vb", .out, at: 5 + Double(index), part)
            scene.see("b", "eth0", .in, at: 7 + Double(index), part)
        }
        var reply = packet(
            "10.0.0.2", "10.0.0.1", label: 9, id: 5, proto: .tcp, sourcePort: 80, destinationPort: 40_000)
        reply.tcpSequence = 77
        reply.tcpAcknowledgement = 1000 + 2896
        reply.tcpFlags = 0x10
        reply.payloadLength = 0
        scene.see("b", "eth0", .out, at: 20, reply)
        scene.see("host", "vb", .in, at: 21, reply)
        scene.see("host", "va", .out, at: 22, reply)
        scene.see("a", "eth0", .in, at: 23, reply)
        let walks = scene.walks()
        #expect(walks.count == 2)
        #expect(walks[0].hops.map(\.confidence).min() == .exact)
        #expect(walks[0].summary == "TCP PSH-ACK 40000 → 80, 2896 bytes")
        #expect(walks[1].answers == walks[0].id)
    }

    @Test("a segment that stays behind is told: its branch ends, the others go on, and the packet is lost")
    func oneSegmentLost() throws {
        var scene = scene()
        let large = segment(1000, 4 * 1448, label: 1, id: 40)
        scene.see("a", "eth0", .out, at: 0, large)
        scene.see("host", "va", .in, at: 2, large)
        for index in 0..<4 as Range<UInt32> {
            let part = segment(1000 + index * 1448, 1448, label: UInt64(2 + index), id: 40 + UInt16(index))
            scene.see("host", "vb", .out, at: 5 + Double(index), part)
            if index != 2 { scene.see("b", "eth0", .in, at: 9 + Double(index), part) }
        }
        let walks = scene.walks()
        #expect(walks.count == 1)
        let walk = try #require(walks.first)
        #expect(walk.outcome == .lost)
        // Three segments and the one that ended there leave one hop.
        #expect(
            walk.path == ["a socket out", "a eth0 out", "host va in", "host vb out", "host vb out", "b eth0 in"])
        #expect(walk.hops.map(\.parent) == [nil, 0, 1, 2, 2, 3])
        #expect(walk.hops[3].changes.first { $0.field == .segments } == .segments(from: 1, to: 3))
        #expect(!walk.hops[4].changes.contains { $0.field == .segments })
        #expect(walk.lastSeen?.index == 4)
        #expect(walk.expectedNext?.text == "b eth0 in")
    }

    @Test("a drop of one segment is the packet's end")
    func oneSegmentDropped() throws {
        var scene = scene()
        let large = segment(1000, 2896, label: 1, id: 40)
        scene.see("a", "eth0", .out, at: 0, large)
        scene.see("host", "va", .in, at: 2, large)
        for index in 0..<2 as Range<UInt32> {
            let part = segment(1000 + index * 1448, 1448, label: UInt64(2 + index), id: 40 + UInt16(index))
            scene.see("host", "vb", .out, at: 5 + Double(index), part)
            if index == 0 { scene.see("b", "eth0", .in, at: 9, part) }
        }
        let dropped = segment(1000 + 1448, 1448, label: 3, id: 41)
        scene.events.append(
            .drop(
                DropEvent(
                    timeNanoseconds: Scene.start + 8000, namespace: "host", device: "vb", reason: "QDISC_DROP",
                    location: "__dev_queue_xmit", headers: PacketHeadersRecord(dropped))))
        let walks = scene.walks()
        #expect(walks.count == 1)
        #expect(walks.first?.outcome == .dropped)
        #expect(walks.first?.stoppedAt?.reason == "QDISC_DROP")
    }

    @Test("a segment that was never seen leaves the packet lost where it was cut")
    func oneSegmentNeverSeen() throws {
        var scene = scene()
        let large = segment(1000, 3 * 1448, label: 1, id: 40)
        scene.see("a", "eth0", .out, at: 0, large)
        scene.see("host", "va", .in, at: 2, large)
        for index in [0, 2] as [UInt32] {
            let part = segment(1000 + index * 1448, 1448, label: UInt64(2 + index), id: 40 + UInt16(index))
            scene.see("host", "vb", .out, at: 5 + Double(index), part)
            scene.see("b", "eth0", .in, at: 9 + Double(index), part)
        }
        let walks = scene.walks()
        #expect(walks.count == 1)
        #expect(walks.first?.outcome == .lost)
        #expect(walks.first?.lastSeen?.text == "host va in")
    }

    @Test("cut and put together again is one walk")
    func cutAndMerged() throws {
        var scene = scene()
        let large = segment(1000, 2896, label: 1, id: 40)
        scene.see("a", "eth0", .out, at: 0, large)
        for index in 0..<2 as Range<UInt32> {
            let part = segment(1000 + index * 1448, 1448, label: UInt64(2 + index), id: 40 + UInt16(index))
            scene.see("host", "va", .in, at: 2 + Double(index), part)
            scene.see("host", "vb", .out, at: 4 + Double(index), part)
        }
        // GRO makes again what GSO had cut: the label is the same.
        scene.see("b", "eth0", .in, at: 9, large)
        let walks = scene.walks()
        #expect(walks.count == 1)
        let walk = try #require(walks.first)
        #expect(walk.path == ["a socket out", "a eth0 out", "host va in", "host vb out", "b eth0 in"])
        #expect(walk.outcome == .left)
        #expect(
            walk.hops[4].changes.filter { $0.field == .segments } == [
                FieldChange.segments(from: 2, to: 1)
            ])
    }

    @Test("packets that are put together keep a walk each, which goes on with the others")
    func merged() throws {
        var scene = scene()
        for index in 0..<2 as Range<UInt32> {
            let part = segment(1000 + index * 1448, 1448, label: UInt64(2 + index), id: 40 + UInt16(index))
            scene.see("a", "eth0", .out, at: Double(index), part)
        }
        let large = segment(1000, 2896, label: 1, id: 40)
        for (namespace, device, direction, time) in [
            ("host", "va", VantagePoint.Direction.in, 5.0), ("host", "vb", .out, 6), ("b", "eth0", .in, 7),
        ] {
            scene.see(namespace, device, direction, at: time, large)
        }
        let walks = scene.walks()
        #expect(walks.count == 2)
        #expect(Set(walks.map(\.id)).count == 2)
        for walk in walks {
            #expect(
                walk.path == [
                    "a socket out", "a eth0 out", "host va in", "host vb out", "b eth0 in",
                ])
            #expect(walk.outcome == .left)
            #expect(
                walk.hops[2].changes.filter { $0.field == .segments } == [
                    FieldChange.segments(from: 2, to: 1)
                ])
        }
    }

    @Test("segments of two packets that are put together across their border keep to their own packet")
    func mergedAcross() throws {
        var scene = scene()
        for (start, id) in [(1000 as UInt32, 40 as UInt16), (1000 + 4 * 100, 44)] {
            scene.see("a", "eth0", .out, at: Double(id), segment(start, 400, label: UInt64(start), id: id))
        }
        for index in 0..<8 as Range<UInt32> {
            let part = segment(1000 + index * 100, 100, label: UInt64(10 + index), id: 40 + UInt16(index))
            scene.see("host", "va", .in, at: 50 + Double(index), part)
        }
        let first = segment(1000, 500, label: 21, id: 40)
        let second = segment(1500, 300, label: 22, id: 45)
        for (large, time) in [(first, 60.0), (second, 61)] {
            scene.see("host", "vb", .out, at: time, large)
            scene.see("b", "eth0", .in, at: time + 5, large)
        }
        let walks = scene.walks().filter { $0.hops.first?.text == "a socket out" }
        #expect(walks.count == 2)
        #expect(!walks.contains { $0.outcome == .lost })
        // The second packet's first segment went on in the first of the large ones: no other bytes are its own.
        #expect(walks.map { $0.hops.filter { $0.text == "host va in" }.count } == [1, 1])
        #expect(walks.first?.outcome == .left)
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

    @Test("a packet that is sent again whole, and cut again, is another walk: identification tells the segments apart")
    func sentAgainWhole() throws {
        var scene = scene()
        for (id, time) in [(40 as UInt16, 0.0), (42, 3000)] {
            let large = segment(1000, 2896, label: UInt64(id), id: id)
            scene.see("a", "eth0", .out, at: time, large)
            scene.see("host", "va", .in, at: time + 2, large)
            for index in 0..<2 as Range<UInt32> {
                let part = segment(
                    1000 + index * 1448, 1448, label: UInt64(id) * 10 + UInt64(index), id: id + UInt16(index))
                scene.see("host", "vb", .out, at: time + 5 + Double(index), part)
                // Of the first time the second segment is lost.
                if id == 42 || index == 0 { scene.see("b", "eth0", .in, at: time + 7 + Double(index), part) }
            }
        }
        let walks = scene.walks()
        #expect(walks.map(\.outcome) == [.lost, .left])
        #expect(walks.map { $0.hops.filter { $0.text == "host vb out" }.count } == [2, 1])
    }

    @Test("where nothing tells what was sent again from what was sent first, nothing is joined")
    func sentAgainAlike() throws {
        var scene = scene()
        for time in [0.0, 3000] {
            let large = segment(1000, 2896, label: 1)
            scene.see("a", "eth0", .out, at: time, large)
            scene.see("host", "va", .in, at: time + 2, large)
            for index in 0..<2 as Range<UInt32> {
                let part = segment(1000 + index * 1448, 1448, label: 2 + UInt64(index))
                if time > 0 || index > 0 { scene.see("host", "vb", .out, at: time + 5 + Double(index), part) }
                if time > 0 { scene.see("b", "eth0", .in, at: time + 7 + Double(index), part) }
            }
        }
        for walk in scene.walks() {
            #expect(!walk.hops.contains { $0.joinedBy.contains(.stream) })
            #expect(walk.outcome != .lost || walk.hops.last?.text == "host vb out")
        }
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
        var stranger = segment(1000, 1448, label: 3)
        stranger.sourcePort = 40_001
        scene.see("host", "vb", .out, at: 6, stranger)
        scene.see("b", "eth0", .in, at: 8, stranger)
        for walk in scene.walks() { #expect(!walk.hops.contains { $0.joinedBy.contains(.stream) }) }
    }
}
