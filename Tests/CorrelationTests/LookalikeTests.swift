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

    private func isWhole(_ walk: Walk) -> Bool {
        Set(walk.hops.compactMap(\.device)).isSuperset(of: ["veth0", "eth0"])
    }

    @Test("two senders that clash once, a microsecond apart, are told apart when each sends alone again")
    func clashOnce() {
        var scene = Scene(baseNetwork())
        scene.watch("host", "veth0")
        scene.watch("host", "eth0")
        let senders = ["172.19.0.2", "172.19.0.3"]
        for sender in senders {
            scene.conntrack(
                "host", original: tuple(sender, 5000, "198.51.100.1", 53, .udp),
                reply: tuple("198.51.100.1", 53, "203.0.113.2", 5000, .udp), at: 1)
        }
        func send(_ sender: Int, at time: Double, goesOn: Bool = true) {
            func datagram(_ source: String, ttl: UInt8) -> PacketHeaders {
                packet(source, "198.51.100.1", label: 0xa, ttl: ttl, sourcePort: 5000, destinationPort: 53)
            }
            scene.see("host", "veth0", .in, at: time, datagram(senders[sender], ttl: 64))
            if goesOn { scene.see("host", "eth0", .out, at: time + 10, datagram("203.0.113.2", ttl: 63)) }
        }
        send(0, at: 1000)
        send(1, at: 1001)
        for (sender, time) in [(0, 510_000.0), (1, 600_000), (0, 690_000)] { send(sender, at: time) }
        for time in [780_000.0, 870_000, 960_000] { send(0, at: time, goesOn: false) }
        let whole = scene.walks().filter(isWhole)
        let times = whole.map { ($0.startNanoseconds - Scene.start) / 1_000_000 }
        #expect(times.filter { $0 > 100 }.sorted() == [510, 600, 690])
    }

    @Test("a connection that ended is remembered while packets that look alike keep its walks open")
    func endedWhileBusy() {
        var scene = Scene(baseNetwork())
        scene.watch("host", "veth0")
        scene.watch("host", "eth0")
        for round in 0..<8 {
            let time = 1000 + 200_000 * Double(round)
            let port = UInt16(6000 + round)
            let original = tuple("172.19.0.2", 5000, "198.51.100.1", 80, .tcp)
            let reply = tuple("198.51.100.1", 80, "203.0.113.2", port, .tcp)
            for (device, source, sourcePort, ttl) in [
                ("veth0", "172.19.0.2", UInt16(5000), UInt8(64)), ("eth0", "203.0.113.2", port, 63),
            ] {
                scene.see(
                    "host", device, device == "veth0" ? .in : .out, at: time + Double(64 - ttl),
                    packet(
                        source, "198.51.100.1", label: 0xa, ttl: ttl, proto: .tcp, sourcePort: sourcePort,
                        destinationPort: 80))
            }
            scene.conntrack("host", original: original, reply: reply, at: time + 2000)
            scene.conntrack("host", .destroy, original: original, reply: reply, at: time + 5000)
            for part in 1...9 { scene.pass(to: time + 20_000 * Double(part)) }
        }
        #expect(scene.walks().filter(isWhole).count == 8)
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
