import Correlation
import Network
import Observations
import Testing
import WalkModel
import Wire

/// connect(2) fails at once where nothing could be sent, and later where an error came back for what was sent.
@Suite("A connect that fails")
struct FailedConnectTests {
    private func walks(failedPort: UInt16, proto: IPProtocol = .tcp) -> [Walk] {
        var scene = Scene([
            .named("a", [.veth("eth0", 2, peer: ("b", "eth0"), mac: 0xa, addresses: ["10.0.0.1/24"])]),
            .named("b", [.veth("eth0", 2, peer: ("a", "eth0"), mac: 0xb, addresses: ["10.0.0.2/24"])]),
        ])
        scene.watch("a", "eth0")
        scene.watch("b", "eth0")
        var syn = packet("10.0.0.1", "10.0.0.2", label: 1, proto: proto, sourcePort: 40000, destinationPort: 80)
        syn.tcpFlags = proto == .tcp ? 2 : 0
        scene.see("a", "eth0", .out, at: 0, syn)
        scene.see("b", "eth0", .in, at: 2, syn)
        scene.events.append(
            .sendFailure(
                SendFailure(
                    timeNanoseconds: Scene.start + 1_000_000, namespace: "a",
                    tuple: FlowTuple(
                        source: IPAddress(ipv4: 0), destination: "10.0.0.2", sourcePort: failedPort,
                        destinationPort: 80, ipProtocol: proto),
                    errorNumber: 111, message: "Connection refused")))
        var engine = WalkEngine()
        for event in scene.events { engine.take(event) }
        engine.take(.watermark(timeNanoseconds: scene.lastNanoseconds + 2_000_000_000))
        return engine.finishedWalks() + engine.finish()
    }

    @Test("after its SYN was seen is told of by that packet's walk: it did leave")
    func seen() {
        #expect(walks(failedPort: 40000).map(\.outcome) == [.left])
    }

    @Test("and whose packet nobody saw has a walk of its own", arguments: [UInt16(40001), 0])
    func unseen(port: UInt16) {
        #expect(Set(walks(failedPort: port).map(\.outcome)) == [.left, .unsent])
    }

    /// A ping, as its sender's `output` saw it, and the call that failed for it.
    ///
    /// - Parameter stamped: microseconds after the call that the sighting seems to be of.
    private func refused(
        errorNumber: Int32, to destination: IPAddress = "10.0.0.2", left: Bool = false, stamped: Double = -1000
    ) -> [Walk] {
        var scene = Scene([
            .named("a", [.veth("eth0", 2, peer: ("b", "eth0"), mac: 0xa, addresses: ["10.0.0.1/24"])]),
            .named("b", [.veth("eth0", 2, peer: ("a", "eth0"), mac: 0xb, addresses: ["10.0.0.2/24"])]),
        ])
        scene.watch("a", "eth0")
        scene.watchHooks("a")
        var echo = packet("10.0.0.1", "10.0.0.2", label: 1, proto: .icmp)
        echo.icmpType = 8
        let failure = Event.sendFailure(
            SendFailure(
                timeNanoseconds: Scene.start + 1_000_000, namespace: "a",
                tuple: FlowTuple(
                    source: IPAddress(ipv4: 0), destination: destination, sourcePort: 0, destinationPort: 0,
                    ipProtocol: .icmp),
                errorNumber: errorNumber, message: "an error"))
        if stamped > 0 { scene.events += [failure, .watermark(timeNanoseconds: Scene.start + 1_000_001)] }
        scene.see(.hook("a", .output, .raw, .before), at: 1000 + stamped, echo)
        if left { scene.see("a", "eth0", .out, at: 2, echo) }
        if stamped <= 0 { scene.events.append(failure) }
        var engine = WalkEngine()
        for event in scene.events { engine.take(event) }
        engine.take(.watermark(timeNanoseconds: scene.lastNanoseconds + 2_000_000_000))
        return engine.finishedWalks() + engine.finish()
    }

    @Test(
        "a packet that a rule of its sender ended is one walk, though the call failed for it (EPERM), or a queue (ENOBUFS)"
    )
    func endedBySender() {
        #expect(refused(errorNumber: 1).count == 1)
        #expect(refused(errorNumber: 105).count == 1)
        // What the kernel logs of a packet on its way out bears the time of its reading.
        #expect(refused(errorNumber: 1, stamped: 900).map(\.outcome) != [.unsent])
        #expect(refused(errorNumber: 1, stamped: 900).count == 1)
    }

    @Test("a call that failed for another packet has a walk of its own")
    func endedOther() {
        #expect(refused(errorNumber: 1, to: "10.0.0.3").count == 2)
        #expect(refused(errorNumber: 1, left: true).count == 2)
        #expect(refused(errorNumber: 101).count == 2)
    }

    /// The kernel gives an ICMP error to the next call, whose datagram is not sent.
    @Test("or of a datagram, has one too")
    func datagram() {
        #expect(Set(walks(failedPort: 40000, proto: .udp).map(\.outcome)) == [.left, .unsent])
    }
}
