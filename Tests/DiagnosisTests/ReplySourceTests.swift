import Network
import Observations
import Testing
import WalkModel

@testable import Diagnosis

/// A server that replies to a datagram from another address or another port than was asked.
@Suite("A reply from another address")
struct ReplySourceTests {
    var network = BaseNetwork()
    private let asked = Probe.udp(53, to: "203.0.113.2")

    /// The host is asked at its uplink's address, and replies to the namespace.
    private func findings(from source: String, refused: Bool) -> [Finding] {
        let request = asked.walk(.delivered, through: toBridge)
        var answer = asked
        answer.source = address(source)
        answer.destination = asked.source
        answer.sourcePort = 53
        answer.destinationPort = asked.sourcePort
        let back: [Sight] = [
            .sent("host"), .out("host", "mybridge"), .out("host", "veth0"), .into("mynamespace", "veth1"),
        ]
        let reply = answer.walk(.delivered, through: back, answers: request.id)
        var context = DiagnosisContext(topology: network.topology)
        context.isReplyRefused = refused
        return Diagnosis.findings(for: request, reply: reply, context: context).findings
    }

    @Test("that the asker refuses is the cause, and is the server's to mend")
    func refused() {
        let first = findings(from: "172.19.0.1", refused: true).first
        #expect(first?.code == "reply-source-mismatch")
        #expect(first?.severity == .error)
        #expect(first?.where.namespace == "host")
        #expect(first?.message.contains("asked at 203.0.113.2:53 and replies from 172.19.0.1:53") == true)
        #expect(first?.remedy == nil)
    }

    @Test("that the asker took is nobody's fault")
    func taken() {
        #expect(findings(from: "172.19.0.1", refused: false).isEmpty)
    }

    @Test("from the address that was asked it is not")
    func right() {
        #expect(findings(from: "203.0.113.2", refused: true).allSatisfy { $0.code != "reply-source-mismatch" })
    }

    /// The request leaves masqueraded, and the reply is dropped in the host's input.
    private func throughMasquerade(port: UInt16, from source: String, replyPort: UInt16) -> Finding? {
        let probe = Probe.udp(port, to: "198.51.100.1")
        var masqueraded = probe
        masqueraded.source = "203.0.113.2"
        let request = probe.walk(
            .delivered, through: toBridge + [.out("host", "eth0"), .into("wan", "wan0")], changed: [4: masqueraded])
        var answer = masqueraded
        answer.source = address(source)
        answer.destination = masqueraded.source
        answer.sourcePort = replyPort
        answer.destinationPort = masqueraded.sourcePort
        let reply = answer.walk(
            .dropped,
            through: [.sent("wan"), .out("wan", "wan0"), .into("host", "eth0"), .hook("host", .input, .filter)],
            stop: Stop(
                namespace: "host", hook: .input,
                cause: .kernelDrop(reason: "NETFILTER_DROP", location: "nft_do_chain")),
            answers: request.id)
        let context = DiagnosisContext(topology: network.topology)
        return Diagnosis.findings(for: request, reply: reply, context: context).findings.first
    }

    private let stateful = ["-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"]

    @Test("a router that translated the request drops it as a connection of its own")
    mutating func dropped() {
        network.add(iptables("filter", "INPUT", policy: "drop", rules: stateful))
        let first = throughMasquerade(port: 53, from: "203.0.113.1", replyPort: 53)
        #expect(first?.code == "reply-source-mismatch")
        #expect(first?.where.namespace == "wan")
        #expect(first?.rule?.chain == "INPUT")
        #expect(first?.remedy == nil)
    }

    @Test("TFTP replies from a new port, which its helper expects")
    mutating func helper() {
        network.add(iptables("filter", "INPUT", policy: "drop", rules: stateful))
        let first = throughMasquerade(port: 69, from: "198.51.100.1", replyPort: 41000)
        #expect(first?.code == "helper-missing")
        #expect(first?.where.namespace == "host")
        #expect(
            first?.remedy?.commands == [
                "iptables -t raw -A PREROUTING -i mybridge -s 172.19.0.2 -d 198.51.100.1 -p udp --dport 69 -j CT --helper tftp"
            ])
    }
}
