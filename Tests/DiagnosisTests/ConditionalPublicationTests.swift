import Network
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// A port that is published, but not for what the packet asked.
@Suite("Published under a condition")
struct ConditionalPublicationTests {
    var network = BaseNetwork()

    init() {
        network.masquerade(nil)
        network.change("host") {
            $0.listeners = [Listener(protocol: "tcp", address: "0.0.0.0", port: 22)]
        }
        network.change("host", link: "eth0") { $0.addresses.append(prefix("203.0.113.3/24")) }
    }

    /// What is said of a connection to port 8080 of host that was refused.
    private func first() -> Finding? {
        let probe = Probe.tcp(8080, to: "203.0.113.2", from: "203.0.113.1")
        let request = probe.walk(
            .delivered, through: [.sent("wan"), .out("wan", "wan0"), .into("host", "eth0")])
        let refusal = probe.refusal
        let reply = refusal.walk(
            .delivered, through: [.sent("host"), .out("host", "eth0"), .into("wan", "wan0")], answers: request.id)
        return network.findings(request, reply: reply).first
    }

    private static func match(_ left: String, _ right: String) -> String {
        #"{"match":{"op":"==","left":\#(left),"right":\#(right)}}"#
    }

    @Test("on another address, by a verdict map in front of the rule")
    mutating func verdictMap() {
        let key =
            #"{"concat":[{"payload":{"protocol":"ip","field":"daddr"}},{"payload":{"protocol":"tcp","field":"dport"}}]}"#
        let data = #"{"set":[[{"concat":["203.0.113.3",8080]},{"jump":{"target":"web"}}]]}"#
        let protocolMatch = Self.match(#"{"meta":{"key":"l4proto"}}"#, #""tcp""#)
        network.add(
            nft(
                "ip", "mynat", "pre", hook: .prerouting, priority: -100, kind: .nat,
                rules: [("ip daddr . tcp dport vmap { … }", #"[{"vmap":{"key":\#(key),"data":\#(data)}}]"#)]),
            nft(
                "ip", "mynat", "web",
                rules: [
                    (
                        "meta l4proto tcp dnat to 172.19.0.2:80",
                        #"[\#(protocolMatch),{"dnat":{"addr":"172.19.0.2","port":80}}]"#
                    )
                ]))
        let finding = first()
        #expect(finding?.code == "port-not-published")
        #expect(finding?.rule?.chain == "web")
        #expect(finding?.message.contains("on 203.0.113.3 only, and the packet asked 203.0.113.2") == true)
    }

    @Test("for another device, by the jump that leads to the rule")
    mutating func device() {
        network.add(
            iptables("nat", "PREROUTING", rules: ["-i mybridge -j WEB"]),
            iptables("nat", "WEB", rules: ["-p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.19.0.2:80"]))
        let finding = first()
        #expect(finding?.code == "port-not-published")
        #expect(
            finding?.message.contains("for what comes in by mybridge only, and the packet came by eth0") == true)
        #expect(
            finding?.remedy?.commands == [
                "iptables -t nat -A PREROUTING -d 203.0.113.2 -p tcp --dport 8080 -j DNAT --to-destination 172.19.0.2:80"
            ])
    }

    @Test("for another source, in the rule itself or before it")
    mutating func source() {
        let dnat = "-p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.19.0.2:80"
        network.add(iptables("nat", "PREROUTING", rules: ["-s 192.0.2.0/24 \(dnat)"]))
        #expect(first()?.message.contains("for 192.0.2.0/24 only, and the packet came from 203.0.113.1") == true)
    }

    @Test("another port is no condition of this one")
    mutating func otherPort() {
        network.add(
            iptables(
                "nat", "PREROUTING",
                rules: ["-d 203.0.113.3/32 -p tcp -m tcp --dport 8081 -j DNAT --to-destination 172.19.0.2:80"]))
        #expect(first()?.message.contains(" only") != true)
    }
}
