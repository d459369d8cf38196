import Correlation
import Network
import Observations
import Testing
import WalkModel
import Wire

/// What sockets free when they close, at any time of a run: no drop where the packet had come to its socket.
@Suite("A packet that is freed by its socket")
struct SocketFreeTests {
    /// Of `a` and `b` at the ends of one cable, the hooks of `b` known to work. The last segment of a connection comes to
    /// the device of `b`, not to its hooks, 1 ms after the first one; then the kernel frees it.
    private func walk(reason: DropReason, in namespace: String?, endsAfter quiet: Int64) throws -> Walk {
        var scene = Scene([
            .named("a", [.veth("eth0", 2, peer: ("b", "eth0"), mac: 0xa, addresses: ["10.0.0.1/24"])]),
            .named("b", [.veth("eth0", 2, peer: ("a", "eth0"), mac: 0xb, addresses: ["10.0.0.2/24"])]),
        ])
        scene.watch("a", "eth0")
        scene.watch("b", "eth0")
        scene.watchHooks("b")
        for (label, time) in [(UInt64(1), 0.0), (2, 1000)] {
            let sent = packet(
                "10.0.0.1", "10.0.0.2", label: label, proto: .tcp, sourcePort: 40000, destinationPort: 80)
            scene.see("a", "eth0", .out, at: time, sent)
            scene.see("b", "eth0", .in, at: time + 2, sent)
            if label == 1 { scene.log("b", .input, .filter, .after, at: 3, sequence: 1, sent) }
            guard label == 2 else { continue }
            scene.events.append(
                .drop(
                    DropEvent(
                        timeNanoseconds: Scene.start + 1_020_000, namespace: namespace, reason: reason,
                        location: "sk_stream_kill_queues", headers: PacketHeadersRecord(sent))))
        }
        var engine = WalkEngine()
        for event in scene.events { engine.take(event) }
        engine.take(.watermark(timeNanoseconds: scene.lastNanoseconds + quiet))
        return try #require((engine.finishedWalks() + engine.finish()).last)
    }

    @Test(
        "was delivered, whether in the middle of a run or at its end",
        arguments: ["QUEUE_PURGE", "SOCKET_CLOSE", "TCP_OLD_DATA", "TCP_INVALID_SYN"])
    func delivered(reason: DropReason) throws {
        for quiet in [Int64(0), 50_000_000, 2_000_000_000] {
            for namespace in ["b", nil] {
                let walk = try walk(reason: reason, in: namespace, endsAfter: quiet)
                #expect(walk.outcome == .delivered, "\(reason), \(quiet)")
                #expect(walk.cutOff == nil && walk.stoppedAt == nil)
            }
        }
    }

    @Test("was not, where another namespace than its destination's emptied a queue")
    func emptiedOnTheWay() throws {
        let walk = try walk(reason: "QUEUE_PURGE", in: "a", endsAfter: 2_000_000_000)
        #expect(walk.outcome == .dropped)
        #expect(walk.stoppedAt?.dropReason == "QUEUE_PURGE")
    }

    @Test("is dropped for a reason that refuses it, at the end of a run as well", arguments: [Int64(0), 2_000_000_000])
    func refused(quiet: Int64) throws {
        let walk = try walk(reason: "NETFILTER_DROP", in: "b", endsAfter: quiet)
        #expect(walk.outcome == .dropped)
    }

    @Test("is cut off, not dropped, where the end of a run hides whether it arrived")
    func unknown() throws {
        let walk = try walk(reason: "NOT_SPECIFIED", in: "b", endsAfter: 0)
        #expect(walk.outcome == .left && walk.cutOff == .end)
        let inTime = try self.walk(reason: "NOT_SPECIFIED", in: "b", endsAfter: 2_000_000_000)
        #expect(inTime.outcome == .dropped)
    }

    @Test("that nobody saw, and that was for a group, is no drop where its receiver had no use for it")
    func unwantedCopy() {
        func walks(_ destination: String, _ reason: DropReason) -> [Walk] {
            let report = packet("::", destination, label: 7, proto: .icmpv6)
            var engine = WalkEngine()
            engine.take(
                .drop(
                    DropEvent(
                        timeNanoseconds: Scene.start, namespace: "b", reason: reason, location: "ip6_pkt_discard",
                        headers: PacketHeadersRecord(report))))
            engine.take(.watermark(timeNanoseconds: Scene.start + 10_000_000_000))
            return engine.finishedWalks() + engine.finish()
        }
        #expect(walks("ff02::16", "IP_INNOROUTES").isEmpty)
        #expect(walks("ff02::16", "NETFILTER_DROP").map(\.outcome) == [.dropped])
        #expect(walks("fd00::2", "IP_INNOROUTES").map(\.outcome) == [.dropped])
    }
}
