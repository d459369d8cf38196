import Ruleset
import Network
import Observations
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// Rules that ask for the type of an ICMP message.
@Suite("Rules on ICMP types") struct MessageTypeTests {
    private var network = BaseNetwork()

    init() {
        func drop(_ type: String) -> (String, String) {
            (
                "icmp type \(type) drop",
                #"[{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"\#(type)"}},{"drop":null}]"#
            )
        }
        network.add(
            nft(
                "inet", "arch", "forward", hook: .forward,
                rules: [drop("router-advertisement"), drop("timestamp-request"), drop("destination-unreachable")]))
    }

    private func findings(_ message: ICMPMessage) -> [Finding] {
        let walk = Probe(kind: .icmp(message)).walk(.lost, through: toBridge)
        return network.findings(walk)
    }

    @Test(
        "of a message that is no echo the rule of its own type is the cause, for certain", arguments: [(13, 2), (3, 3)])
    func ownType(type: Int, position: Int) throws {
        let cause = try #require(findings(ICMPMessage(type: UInt8(type), code: 1)).first)
        #expect(cause.code == "rule-drop" && cause.severity == .error)
        #expect(cause.rule?.position == position)
    }

    @Test("no rule of another type is named") func otherType() {
        #expect(findings(ICMPMessage(type: 17)).allSatisfy { $0.rule == nil })
    }

    @Test("type and code of every ICMP message are what the rules are asked with")
    func typeAndCode() throws {
        let message = ICMPMessage(isIPv6: true, type: 1, code: 4)
        let walk = Probe(kind: .icmp(message), source: "fd00::1", destination: "fd00::2").walk(.lost)
        let packet = try #require(WalkReading(walk: walk, topology: network.topology).packet())
        #expect(packet.icmpType == 1 && packet.icmpCode == 4 && packet.connection == .related)
    }
}
