import Network
import Observations
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// FTP's data connection, which is a connection of its own without conntrack's helper.
@Suite("A data connection without a helper")
struct HelperMissingTests {
    var network = BaseNetwork()

    /// A client in the WAN opens a connection to a port of the host that the session agreed on.
    private func first(sessionTo port: UInt16 = 21) -> Finding? {
        let data = Probe.tcp(30001, to: "203.0.113.2", from: "203.0.113.1")
        let walk = data.walk(
            .dropped,
            through: [.sent("wan"), .out("wan", "wan0"), .into("host", "eth0"), .hook("host", .input, .filter)],
            stop: Stop(
                namespace: "host", hook: .input,
                cause: .kernelDrop(reason: "NETFILTER_DROP", location: "nft_do_chain")))
        let control = FlowTuple(
            source: "203.0.113.1", destination: "203.0.113.2", sourcePort: 45000, destinationPort: port,
            ipProtocol: .tcp)
        var context = DiagnosisContext(topology: network.topology)
        context.flows = [
            FlowEvent(timeNanoseconds: 1, namespace: "host", change: .new, original: control, reply: control.reversed)
        ]
        return Diagnosis.findings(for: walk, reply: nil, context: context).findings.first
    }

    private mutating func input(_ rules: [String]) {
        network.add(iptables("filter", "INPUT", policy: "drop", rules: rules))
    }

    @Test("is dropped where a related one would be accepted, and the fix assigns the helper to this session's ends")
    mutating func passive() {
        input(["-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-p tcp --dport 21 -j ACCEPT"])
        let finding = first()
        #expect(finding?.code == "helper-missing")
        #expect(finding?.severity == .error)
        #expect(
            finding?.remedy?.commands == [
                "iptables -t raw -A PREROUTING -i eth0 -s 203.0.113.1 -d 203.0.113.2 -p tcp --dport 21 -j CT --helper ftp"
            ])
    }

    @Test("a firewall that accepts nothing related would drop it with a helper too")
    mutating func nothingRelated() {
        input(["-m conntrack --ctstate ESTABLISHED -j ACCEPT", "-p tcp --dport 21 -j ACCEPT"])
        #expect(first()?.code == "policy-drop")
    }

    @Test("another session is none of FTP's")
    mutating func anotherSession() {
        input(["-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-p tcp --dport 22 -j ACCEPT"])
        #expect(first(sessionTo: 22)?.code == "policy-drop")
    }

    @Test("a helper that is assigned already is not missing")
    mutating func assigned() {
        input(["-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-p tcp --dport 21 -j ACCEPT"])
        network.add(iptables("raw", "PREROUTING", rules: ["-p tcp --dport 21 -j CT --helper ftp"]))
        #expect(first()?.code == "policy-drop")
    }
}
