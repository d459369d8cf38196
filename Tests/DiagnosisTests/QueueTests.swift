import Diagnosis
import Observations
import Testing
import Network
import WalkModel
import Wire

/// Packets last seen before the queue of a device.
@Suite("A queue")
struct QueueTests {
    var network = BaseNetwork()
    private static let ping = Probe(length: 728)
    private static let toQueue = toBridge + [.hook("host", .postrouting, .srcnat)]

    /// Findings of a packet that was lost there; `before` is the queue as the run began, `after` as it ended.
    private func examine(
        before: Link.Queue?, after: Link.Queue?, kind: String = "tbf", _ probe: Probe = Self.ping,
        _ change: (inout DiagnosisContext) -> Void = { _ in }
    ) -> (walk: Walk, findings: [Finding]) {
        func topology(_ queue: Link.Queue?) -> Topology {
            var copy = network
            copy.change("host") { host in
                for index in host.links.indices where host.links[index].name == "eth0" {
                    host.links[index].queueing = queue == nil ? "noqueue" : kind
                    host.links[index].queue = queue
                }
            }
            return copy.topology
        }
        var context = DiagnosisContext(topology: topology(after), before: topology(before))
        change(&context)
        let walk = probe.walk(.lost, through: Self.toQueue)
        let result = Diagnosis.findings(for: walk, reply: nil, context: context)
        return (result.walk, result.findings)
    }

    private let shaper = Link.Queue(handle: "8007:", rate: 125_000, burst: 1600, limitBytes: 3000)

    @Test("is full and dropped packets meanwhile: certain")
    func full() {
        var after = shaper
        (after.backlogBytes, after.backlogPackets, after.drops) = (2800, 4, 7)
        var before = shaper
        before.drops = 5
        let result = examine(before: before, after: after)
        #expect(result.findings.first?.code == "queue-full")
        #expect(result.findings.first?.severity == .error)
        #expect(result.findings.first?.where == Finding.Place(namespace: "host", device: "eth0"))
        #expect(result.findings.first?.message.contains("dropped 2 packets") == true)
        #expect(result.walk.outcome == .dropped)
    }

    @Test("has room and dropped packets meanwhile: another's, perhaps")
    func droppedOthers() {
        var after = shaper
        after.drops = 2
        let result = examine(before: shaper, after: after)
        #expect(result.findings.first?.code == "queue-full" && result.findings.first?.severity == .warning)
    }

    @Test("has room, and the kernel says that it dropped this packet: certain")
    func kernelSays() {
        let drop = DropEvent(
            timeNanoseconds: 0, namespace: "host", device: "eth0", reason: "QDISC_DROP", location: "__dev_queue_xmit",
            headers: PacketHeadersRecord(PacketHeaders()))
        let result = examine(before: shaper, after: shaper, kind: "fq_codel") { $0.drops = [drop] }
        #expect(result.findings.first?.code == "queue-full" && result.findings.first?.severity == .error)
        #expect(
            result.findings.first?.evidence.map(\.description).contains("kernel: QDISC_DROP at __dev_queue_xmit")
                == true)
    }

    @Test("dropped packets before the run began, and none since: no cause")
    func oldDrops() {
        var queue = shaper
        queue.drops = 1000
        let result = examine(before: queue, after: queue)
        #expect(result.findings.map(\.code) == ["lost-unexplained"])
        #expect(
            result.findings.first?.checks.contains {
                $0.holds == false && $0.text.contains("(tbf) of eth0 in host is empty")
            } == true)
    }

    @Test("counts the packets of a FIFO")
    func fifo() {
        let before = Link.Queue(handle: "1:", limitPackets: 5)
        var after = before
        (after.backlogPackets, after.backlogBytes, after.drops) = (5, 490, 1)
        let full = examine(before: before, after: after, kind: "pfifo")
        #expect(full.findings.first?.code == "queue-full" && full.findings.first?.severity == .error)
        after.backlogPackets = 4
        let other = examine(before: before, after: after, kind: "pfifo")
        #expect(other.findings.first?.code == "queue-full" && other.findings.first?.severity == .warning)
    }

    @Test("holds packets and dropped none: the packet may be among them")
    func delay() {
        var after = shaper
        (after.backlogBytes, after.backlogPackets) = (2000, 3)
        let result = examine(before: shaper, after: after)
        #expect(result.findings.first?.code == "queue-delay" && result.findings.first?.severity == .warning)
        #expect(result.walk.outcome == .lost)
    }

    @Test("holds packets, and the sender got ENOBUFS: not this packet waits, but those before it")
    func sendBuffer() {
        var after = shaper
        (after.backlogBytes, after.backlogPackets) = (2000, 3)
        func failure(_ number: Int32) -> SendFailure {
            SendFailure(
                timeNanoseconds: 0, namespace: "host",
                tuple: FlowTuple(
                    source: address("203.0.113.2"), destination: address("198.51.100.1"), sourcePort: 0,
                    destinationPort: 0, ipProtocol: .icmp),
                errorNumber: number, message: "no")
        }
        let full = examine(before: shaper, after: after) { $0.sendFailures = [failure(105)] }
        #expect(full.findings.first?.code == "queue-delay")
        #expect(full.findings.first?.message.contains("the socket's send buffer is full") == true)
        let other = examine(before: shaper, after: after) { $0.sendFailures = [failure(22)] }
        #expect(!other.findings.contains { $0.code == "queue-delay" })
    }

    @Test("holds packets, and the packet was dropped: it does not wait there")
    func droppedElsewhere() {
        var after = shaper
        (after.backlogBytes, after.backlogPackets) = (2000, 3)
        let drop = DropEvent(
            timeNanoseconds: 0, namespace: "host", device: "eth0", reason: "NOT_SPECIFIED", location: "x",
            headers: PacketHeadersRecord(PacketHeaders()))
        let result = examine(before: shaper, after: after) { $0.drops = [drop] }
        #expect(!result.findings.contains { $0.code == "queue-delay" })
    }

    @Test(
        "never lets out what is longer than its burst, a header of 14 bytes included",
        arguments: [(986, true), (987, false)])
    func burst(length: UInt32, passes: Bool) {
        let queue = Link.Queue(handle: "8007:", rate: 125_000, burst: 1000, limitBytes: 10_000)
        let result = examine(before: queue, after: queue, Probe(length: length))
        #expect((result.findings.first?.code == "burst-exceeded") == !passes)
        guard !passes else { return }
        #expect(
            result.findings.first?.remedy?.commands == [
                "tc qdisc change dev eth0 root handle 8007: tbf rate 1000000bit burst 1514 limit 10000"
            ])
    }

    @Test("lets out a TCP packet longer than the MTU: it is cut first")
    func segmented() {
        let queue = Link.Queue(handle: "8007:", rate: 125_000, burst: 1600, limitBytes: 100_000)
        var probe = Probe.tcp(80, to: "198.51.100.1")
        probe.length = 20_000
        let result = examine(before: queue, after: queue, probe)
        #expect(result.findings.first?.code != "burst-exceeded")
    }

    @Test("that was passed is no cause")
    func passed() {
        var after = shaper
        (after.backlogBytes, after.backlogPackets, after.drops) = (2800, 4, 7)
        var copy = network
        copy.change("host") { host in
            for index in host.links.indices where host.links[index].name == "eth0" { host.links[index].queue = after }
        }
        let context = DiagnosisContext(topology: copy.topology, before: network.topology)
        let walk = Self.ping.walk(.lost, through: toBridge + [.out("host", "eth0")])
        let findings = Diagnosis.findings(for: walk, reply: nil, context: context).findings
        #expect(!findings.contains { $0.code.rawValue.hasPrefix("queue") })
    }
}
