import Correlation
import Observations
import Testing
import Network
import WalkModel
import Wire

/// Packets that the kernel holds for longer than a walk is quiet: behind a shaped link's queue, or until a neighbour is
/// found.
@Suite struct WaitingTests {
    private static let way = [
        "mynamespace socket out", "mynamespace veth1 out", "host veth0 in", "host mybridge in",
        "host prerouting raw before", "host prerouting dstnat after", "host route", "host forward filter after",
        "host postrouting srcnat before", "host postrouting srcnat after",
    ]
    private static let rest = ["host eth0 out", "wan wan0 in"]

    private func network() -> Scene {
        var scene = Scene(baseNetwork())
        for (namespace, device) in [
            ("mynamespace", "veth1"), ("host", "veth0"), ("host", "mybridge"), ("host", "eth0"), ("wan", "wan0"),
        ] { scene.watch(namespace, device) }
        scene.watchHooks("host")
        return scene
    }

    private func request(ttl: UInt8 = 64, source: String = "172.19.0.2", label: UInt64 = 0xa) -> PacketHeaders {
        echo(source, "198.51.100.1", request: true, id: 5001, sequence: 1, label: label, ttl: ttl)
    }

    /// A request from its sender to the end of postrouting, beginning at `start` (microseconds).
    private func send(_ scene: inout Scene, at start: Double = 0, sequence: UInt32 = 1) {
        scene.see("mynamespace", "veth1", .out, at: start, request())
        scene.see("host", "veth0", .in, at: start + 4, request())
        scene.see("host", "mybridge", .in, at: start + 4, request())
        scene.log("host", .prerouting, .raw, .before, at: start + 4, sequence: sequence, request())
        scene.log("host", .prerouting, .dstnat, .after, at: start + 4, sequence: sequence + 1, request())
        scene.log("host", .forward, .filter, .after, at: start + 4, sequence: sequence + 2, request(ttl: 63))
        scene.log("host", .postrouting, .srcnat, .before, at: start + 70, sequence: sequence + 3, request(ttl: 63))
        scene.log(
            "host", .postrouting, .srcnat, .after, at: start + 71, sequence: sequence + 4,
            request(ttl: 63, source: "203.0.113.2"))
        scene.conntrack(
            "host", original: tuple("172.19.0.2", 5001, "198.51.100.1", 5001, .icmp),
            reply: tuple("198.51.100.1", 5001, "203.0.113.2", 5001, .icmp), at: start + 40)
    }

    private func arrive(_ scene: inout Scene, at time: Double) {
        scene.see("host", "eth0", .out, at: time, request(ttl: 63, source: "203.0.113.2"))
        scene.see("wan", "wan0", .in, at: time + 4, request(ttl: 63, source: "203.0.113.2"))
    }

    private func answer(_ scene: inout Scene, at time: Double) {
        let outer = echo("198.51.100.1", "203.0.113.2", request: false, id: 5001, sequence: 1, label: 0xb)
        let inner = echo("198.51.100.1", "172.19.0.2", request: false, id: 5001, sequence: 1, label: 0xb, ttl: 63)
        scene.see("wan", "wan0", .out, at: time, outer)
        scene.see("host", "eth0", .in, at: time + 4, outer)
        scene.see("host", "mybridge", .out, at: time + 20, inner)
        scene.see("host", "veth0", .out, at: time + 21, inner)
        scene.see("mynamespace", "veth1", .in, at: time + 25, inner)
    }

    private func drop(_ scene: inout Scene, at time: Double, reason: DropReason) {
        scene.events.append(
            .drop(
                DropEvent(
                    timeNanoseconds: Scene.start + Int64(time * 1000), namespace: "host", device: "eth0",
                    reason: reason, location: "neigh_invalidate",
                    headers: PacketHeadersRecord(request(ttl: 63, source: "203.0.113.2")))))
    }

    /// The walks, each with the second in which it was given; time passes as in a live run.
    private func live(_ scene: Scene, seconds: Int64 = 8) -> [(walk: Walk, second: Double)] {
        var engine = WalkEngine()
        var result: [(walk: Walk, second: Double)] = []
        var remaining = scene.events[...]
        for step in 0...seconds * 50 {
            let now = Scene.start + step * 20_000_000
            while let event = remaining.first, Self.time(event) <= now {
                engine.take(event)
                remaining.removeFirst()
            }
            engine.take(.watermark(timeNanoseconds: now))
            result += engine.finishedWalks().map { ($0, Double(step) / 50) }
        }
        return result + engine.finish().map { ($0, .infinity) }
    }

    private static func time(_ event: Event) -> Int64 {
        switch event {
        case .packet(let observation): observation.timeNanoseconds
        case .drop(let drop): drop.timeNanoseconds
        case .loss(let loss): loss.timeNanoseconds
        case .flow(let flow): flow.timeNanoseconds
        default: .min
        }
    }

    @Test("a packet that a queue holds is one walk", arguments: [0.1, 0.3, 0.9, 2.9])
    func queued(seconds: Double) throws {
        var scene = network()
        send(&scene)
        arrive(&scene, at: seconds * 1_000_000)
        answer(&scene, at: seconds * 1_000_000 + 10)
        let walks = live(scene)
        try #require(walks.count == 2, "\(walks.map(\.walk.path))")
        let request = try #require(walks.first { $0.walk.summary.contains("request") })
        #expect(request.walk.path == Self.way + Self.rest)
        #expect(request.walk.outcome == .left)
        #expect(request.walk.durationNanoseconds == Int64(seconds * 1_000_000_000) + 4000)
        // No later than a quiet time and a look behind its arrival.
        #expect(request.second <= seconds + 0.6)
        let reply = try #require(walks.first { $0.walk.summary.contains("reply") })
        #expect(reply.walk.answers == request.walk.id || reply.second < request.second)
    }

    @Test("a packet that goes on after a queue is waited for until it is quiet again", arguments: 0..<16)
    func slowRest(step: Int) throws {
        var scene = network()
        send(&scene)
        // A second queue, before wan0: from one look at the cohort to behind the next, wherever they fall.
        let start = 1_200_000 + Double(step) * 4000
        scene.see("host", "eth0", .out, at: start, request(ttl: 63, source: "203.0.113.2"))
        scene.see("wan", "wan0", .in, at: start + 200_000, request(ttl: 63, source: "203.0.113.2"))
        let walks = live(scene)
        try #require(walks.count == 1, "\(walks.map(\.walk.path))")
        #expect(walks[0].walk.outcome == .left)
        #expect(walks[0].walk.path == Self.way + Self.rest)
    }

    @Test("where much is open nothing waits")
    func crowded() throws {
        var scene = network()
        send(&scene)
        var options = WalkEngine.Options()
        options.sightingLimit = 16
        var engine = WalkEngine(options: options)
        for event in scene.events { engine.take(event) }
        engine.take(.watermark(timeNanoseconds: Scene.start + 600_000_000))
        let outcomes = engine.finishedWalks().map(\.outcome)
        #expect(outcomes == [.lost])
    }

    @Test("a request that a queue held and its answer are one exchange")
    func pairs() throws {
        var scene = network()
        send(&scene)
        arrive(&scene, at: 1_000_000)
        answer(&scene, at: 1_000_010)
        var engine = WalkEngine()
        var pairing = ExchangePairing<Walk>()
        var pairs: [ExchangePairing<Walk>.Pair] = []
        for event in scene.events { engine.take(event) }
        for step in 0...100 as ClosedRange<Int64> {
            let now = Scene.start + step * 50_000_000
            engine.take(.watermark(timeNanoseconds: now))
            pairing.reach(nanoseconds: now)
            for walk in engine.finishedWalks() { pairs += pairing.take(walk) }
            pairs += pairing.advance(toNanoseconds: now)
        }
        #expect(pairs.count == 1)
        #expect(pairs.first?.request.outcome == .left && pairs.first?.reply?.outcome == .left)
    }

    @Test func whatNeverComesOutIsLost() throws {
        var scene = network()
        send(&scene)
        let walks = live(scene)
        try #require(walks.count == 1)
        #expect(walks[0].walk.outcome == .lost)
        #expect(walks[0].walk.path == Self.way)
        #expect(walks[0].walk.expectedNext?.namespace == "host" && walks[0].walk.expectedNext?.direction == .out)
        // Neighbour discovery would have given up by then.
        #expect(walks[0].second > 3 && walks[0].second < 4.5)
    }

    @Test("a stream that ends waits for nothing")
    func ended() throws {
        var scene = network()
        send(&scene)
        let walks = live(scene, seconds: 2)
        #expect(walks.map(\.walk.outcome) == [.lost])
    }

    @Test("a packet for which no neighbour was found is dropped when the kernel gives up, not before")
    func noNeighbour() throws {
        var scene = network()
        send(&scene)
        drop(&scene, at: 3_050_000, reason: "NEIGH_FAILED")
        let walks = live(scene)
        try #require(walks.count == 1)
        #expect(walks[0].walk.outcome == .dropped)
        #expect(walks[0].walk.stoppedAt?.reason == "NEIGH_FAILED")
        #expect(walks[0].walk.stoppedAt?.hook == .postrouting)
    }

    @Test("a packet that is dropped before the queue is told at once")
    func droppedAtOnce() throws {
        var scene = network()
        send(&scene)
        drop(&scene, at: 100, reason: "NETFILTER_DROP")
        let walks = live(scene)
        #expect(walks.map(\.walk.outcome) == [.dropped])
        #expect(walks[0].second < 0.6)
    }

    @Test("a packet that was answered is not waited for: what lies behind the queue was not seen")
    func answeredUnseen() throws {
        var scene = network()
        send(&scene)
        answer(&scene, at: 400)
        let walks = live(scene)
        try #require(walks.count == 2)
        #expect(walks.allSatisfy { $0.second < 1 })
        let reply = try #require(walks.first { $0.walk.summary.contains("reply") })
        let request = try #require(walks.first { $0.walk.summary.contains("request") })
        #expect(reply.walk.answers == request.walk.id || reply.second < request.second)
    }

    @Test("what sources lost while the packet waited is said of it")
    func lossesMeanwhile() throws {
        var scene = network()
        send(&scene)
        scene.events.append(
            .loss(Loss(timeNanoseconds: Scene.start + 50_000_000, vantage: nil, source: "pcap host:eth0", lost: 3)))
        let walks = live(scene)
        try #require(walks.count == 1)
        #expect(walks[0].walk.losses == [WalkLoss(vantage: "pcap host:eth0", lost: 3)])
    }

    /// Sent again with the same bytes a second later, as a datagram over IPv6 is, both wait and come out together.
    @Test func lookalikesInOneQueue() throws {
        var scene = network()
        send(&scene)
        send(&scene, at: 1_000_000, sequence: 6)
        arrive(&scene, at: 1_500_000)
        arrive(&scene, at: 1_600_000)
        let walks = live(scene)
        #expect(walks.map(\.walk.outcome) == [.left, .left])
        #expect(walks.map(\.walk.path) == [Self.way + Self.rest, Self.way + Self.rest])
    }

    @Test("of two look-alikes the one that came out is whole, the other is lost")
    func oneOfTwoLookalikes() throws {
        var scene = network()
        send(&scene)
        send(&scene, at: 1_000_000, sequence: 6)
        arrive(&scene, at: 1_000_100)
        let walks = live(scene).map(\.walk).sorted { $0.startNanoseconds < $1.startNanoseconds }
        // Which of the two came out nobody can say; no walk holds both.
        #expect(walks.allSatisfy { $0.hops.filter { $0.text == "host veth0 in" }.count <= 1 })
        #expect(walks.filter { $0.outcome == .left }.count == 1)
        #expect(walks.filter { $0.outcome == .lost }.count >= 1)
    }

    @Test(
        "what passed before the namespace behind a cable was found is not missing there",
        arguments: [50_000.0, 400_000])
    func newcomer(sentAt time: Double) throws {
        let all = baseNetwork()
        var scene = Scene(all.filter { $0.name != "wan" })
        scene.watch("host", "veth0")
        scene.watch("host", "eth0")
        // A snapshot of 20 ms after the start tells of the WAN, whose link is watched from then on.
        scene.events.append(
            .topology(
                Topology(host: "test", time: "2026-11-23T01:58:14Z", namespaces: all),
                timeNanoseconds: Scene.start + 20_000_000))
        scene.watch("wan", "wan0")
        let datagram = packet("203.0.113.2", "198.51.100.1", label: 0xa, sourcePort: 5000, destinationPort: 53)
        scene.see("host", "eth0", .out, at: time, datagram)
        let walks = scene.walks()
        #expect(walks.map(\.outcome) == [time < 100_000 ? .left : .lost])
    }
}
