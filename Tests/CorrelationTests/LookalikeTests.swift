import Correlation
import Observations
import Testing
import Network
import WalkModel
import Wire

/// Packets that look alike, told apart by where and when they were seen, or left apart.
@Suite struct LookalikeTests {
    /// A datagram each of two senders that get one translation, as the host's hooks log them.
    /// - Parameter order: what passes postrouting, by sender: before the translation, or behind it.
    private func walks(order: [(sender: Int, isBehind: Bool)]) -> [Walk] {
        var scene = Scene(baseNetwork())
        scene.watchHooks("host")
        let senders = ["172.19.0.2", "172.19.0.3"]
        for sender in senders {
            scene.conntrack(
                "host", original: tuple(sender, 5000, "198.51.100.1", 53, .udp),
                reply: tuple("198.51.100.1", 53, "203.0.113.2", 5000, .udp), at: 1)
        }
        func datagram(_ source: String, ttl: UInt8) -> PacketHeaders {
            packet(source, "198.51.100.1", label: 0xa, ttl: ttl, sourcePort: 5000, destinationPort: 53)
        }
        var sequence: UInt32 = 0
        func next() -> UInt32 {
            sequence += 1
            return sequence
        }
        for (number, sender) in senders.enumerated() {
            let time = Double(10 + 2 * number)
            scene.log("host", .prerouting, .raw, .before, at: time, sequence: next(), datagram(sender, ttl: 64))
        }
        for (number, sender) in senders.enumerated() {
            let time = Double(10 + 2 * number)
            scene.log("host", .forward, .filter, .after, at: time, sequence: next(), datagram(sender, ttl: 63))
        }
        for (number, passed) in order.enumerated() {
            let source = passed.isBehind ? "203.0.113.2" : senders[passed.sender]
            scene.log(
                "host", .postrouting, .srcnat, passed.isBehind ? .after : .before, at: 100 + Double(number),
                sequence: next(), datagram(source, ttl: 63))
        }
        return scene.walks()
    }

    private func isTranslated(_ walk: Walk) -> Bool {
        let sources = Set(walk.hops.map(\.packet.source))
        return sources.contains("203.0.113.2") && sources.count > 1
    }

    @Test("two processors log what becomes of two packets: whose is whose is not claimed")
    func order() {
        let walks = walks(order: [(0, false), (1, false), (0, true), (1, true)])
        #expect(walks.filter(isTranslated).isEmpty)
        for sender in ["172.19.0.2", "172.19.0.3"] as [IPAddress] {
            #expect(walks.contains { $0.source == sender && $0.hops.contains { $0.hook == .postrouting } })
        }
    }

    @Test("one after the other they are told apart")
    func turns() {
        let walks = walks(order: [(0, false), (0, true), (1, false), (1, true)])
        #expect(walks.filter(isTranslated).map(\.source).sorted() == ["172.19.0.2", "172.19.0.3"])
    }

    @Test("a packet sent again and again keeps its hooks, some read before its passage and the last one not yet")
    func rounds() {
        var scene = Scene(baseNetwork())
        scene.watch("mynamespace", "veth1")
        scene.watchHooks("mynamespace")
        let datagram = packet("172.19.0.2", "198.51.100.1", label: 0xa, sourcePort: 5000, destinationPort: 53)
        for round in 0..<6 {
            let sent = 1000 + 100_000 * Double(round)
            if round < 5 {
                let lateness = round == 1 ? -1.0 : 100
                scene.log(
                    "mynamespace", .output, .raw, .before, at: sent + lateness, sequence: UInt32(round) + 1, datagram)
            }
            scene.see("mynamespace", "veth1", .out, at: sent, datagram)
        }
        let walks = scene.walks()
        let onLink = walks.filter { $0.hops.contains { $0.device == "veth1" && $0.vantage == .link } }
        #expect(onLink.count == 6)
        #expect(walks.count == 6)
        #expect(onLink.filter { $0.hops.contains { $0.hook == .output } }.count == 5)
    }

    /// A sender begins its connection anew and gets another port; the old one goes to the next sender at once.
    /// - Parameter withHooks: postrouting is logged, and read late.
    private func portPassedOn(withHooks: Bool) -> [Walk] {
        var scene = Scene(baseNetwork())
        scene.watch("host", "mybridge")
        scene.watch("host", "eth0")
        if withHooks { scene.watchHooks("host") }
        var sequence: UInt32 = 0
        for (sender, port, time) in [
            ("172.19.0.2", UInt16(1143), 1000.0), ("172.19.0.2", 2000, 101_000), ("172.19.0.3", 1143, 101_800),
        ] {
            scene.conntrack(
                "host", original: tuple(sender, 5000, "198.51.100.1", 53, .udp),
                reply: tuple("198.51.100.1", 53, "203.0.113.2", port, .udp), at: time)
            let before = packet(
                sender, "198.51.100.1", label: 0xa, ttl: 64, sourcePort: 5000, destinationPort: 53)
            let after = packet(
                "203.0.113.2", "198.51.100.1", label: 0xa, ttl: 63, sourcePort: port, destinationPort: 53)
            scene.see("host", "mybridge", .in, at: time, before)
            // Other packets were logged between.
            sequence += 20
            if withHooks {
                for (edge, headers) in [(VantagePoint.Edge.before, before), (.after, after)] {
                    sequence += 1
                    var headers = headers
                    headers.ttl = 63
                    scene.log("host", .postrouting, .srcnat, edge, at: time + 3000, sequence: sequence, headers)
                }
            }
            scene.see("host", "eth0", .out, at: time + 50, after)
        }
        return scene.walks()
    }

    @Test("a port that passes from one sender to another leaves each its packets", arguments: [true, false])
    func passedOn(withHooks: Bool) {
        let walks = portPassedOn(withHooks: withHooks)
        let translated = walks.map { walk in
            "\(walk.source) \(walk.hops.compactMap(\.packet.sourcePort).filter { $0 != 5000 }.first ?? 0)"
        }
        #expect(translated.sorted() == ["172.19.0.2 1143", "172.19.0.2 2000", "172.19.0.3 1143"])
        for walk in walks { #expect(walk.hops.filter { $0.vantage == .link }.count == 2) }
    }
}
