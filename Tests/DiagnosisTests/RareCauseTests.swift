import Network
import Observations
import Testing
import WalkModel

@testable import Diagnosis

/// Causes that stand at devices, in sets of rules that say nothing of the packet's end, and in the sender's own routes.
@Suite("Rare causes")
struct RareCauseTests {
    var network = BaseNetwork()

    @Test("a rule that sets the TTL is named", arguments: ["mybridge", "eth0"])
    mutating func timeToLive(device: String) {
        network.add(
            nft(
                "inet", "tether", "pre", hook: .prerouting, priority: -150,
                rules: [
                    (
                        "iifname \"\(device)\" ip ttl set 1",
                        #"[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"\#(device)"}},{"mangle":{"key":{"payload":{"protocol":"ip","field":"ttl"}},"value":1}}]"#
                    )
                ]))
        let first = network.findings(Probe.ping.walk(.lost, through: toBridge)).first
        // That of another device does nothing to it.
        #expect((first?.code == "ttl-expired") == (device == "mybridge"), "\(first?.message ?? "")")
        guard device == "mybridge" else { return }
        #expect(first?.rule?.chain == "pre")
        #expect(first?.message.contains("sets it to 1") == true)
        #expect(first?.remedy?.actions.map { "\($0)" }.first?.contains("accept") == true)
    }

    @Test("a chain of family inet at a device's ingress", arguments: ["veth0", "eth0"])
    mutating func ingress(device: String) {
        network.add(
            nft("inet", "early", "in", hook: .ingress, device: device, rules: [("drop", #"[{"drop":null}]"#)]))
        let first = network.findings(
            Probe.ping.walk(.lost, through: [.sent("mynamespace"), .out("mynamespace", "veth1")])
        ).first
        #expect((first?.code == "rule-drop") == (device == "veth0"), "\(first?.message ?? "")")
        if device == "veth0" {
            #expect(first?.where == Finding.Place(namespace: "host", hook: .ingress, device: "veth0"))
        }
    }

    @Test("where conntrack can't be asked, the fix lets in replies by the server's port")
    mutating func statelessReply() {
        network.add(iptables("raw", "PREROUTING", rules: ["-i eth0 -p udp --sport 53 -j DROP"]))
        let probe = Probe.udp(53, to: "198.51.100.1")
        let request = probe.walk(.delivered, through: toWan)
        var back = probe.reply
        back.kind = .udp(payloadLength: 32)
        back.destination = "203.0.113.2"
        let reply = back.walk(
            .dropped, through: [.sent("wan"), .out("wan", "wan0"), .into("host", "eth0")],
            stop: Stop(
                namespace: "host", hook: .prerouting,
                cause: .kernelDrop(reason: "NETFILTER_DROP", location: "ipt_do_table")),
            answers: request.id)
        let first = network.findings(request, reply: reply).first
        let command = first?.remedy?.actions.map { "\($0)" }.first ?? ""
        #expect(first?.code == "rule-drop")
        #expect(command.contains("sport") && command.contains("53"), "\(command)")
        #expect(!command.contains("40000"), "\(command)")
    }

    @Test("a port that sends the frame with a tag", arguments: [[], [20]] as [[UInt16]])
    mutating func tagged(untagged: [UInt16]) {
        network.attachSecond()
        network.change("host", link: "mybridge") { $0.bridge?.vlanFiltering = true }
        network.change("host", link: "veth0") {
            $0.bridgePort?.pvid = 20
            $0.bridgePort?.vlans = [20]
            $0.bridgePort?.untaggedVLANs = [20]
        }
        network.change("host", link: "veth2") {
            $0.bridgePort?.vlans = [20]
            $0.bridgePort?.untaggedVLANs = untagged
        }
        let first = network.findings(Probe(destination: "172.19.0.3").walk(.lost, through: [.sent("mynamespace")]))
            .first
        #expect((first?.message.contains("with a tag") == true) == untagged.isEmpty, "\(first?.message ?? "")")
        if untagged.isEmpty {
            #expect(first?.code == "bridge-port-blocked")
            #expect(first?.where == Finding.Place(namespace: "host", device: "veth2"))
        }
    }

    @Test("a receiver with a device of the VLAN takes the tag")
    mutating func taggedForVLANDevice() {
        network.attachSecond()
        network.change("host", link: "mybridge") { $0.bridge?.vlanFiltering = true }
        for name in ["veth0", "veth2"] {
            network.change("host", link: name) {
                $0.bridgePort?.pvid = 20
                $0.bridgePort?.vlans = [20]
                $0.bridgePort?.untaggedVLANs = name == "veth0" ? [20] : []
            }
        }
        network.change("other") {
            $0.links.append(Link(name: "veth3.20", index: 9, kind: "vlan", lower: "veth3"))
        }
        let findings = network.findings(Probe(destination: "172.19.0.3").walk(.lost, through: [.sent("mynamespace")]))
        #expect(!findings.contains { $0.message.contains("with a tag") })
    }

    @Test("a route's src is the sender's own mistake", arguments: [true, false])
    mutating func chosenSource(isChosen: Bool) {
        network.masquerade(nil)
        network.change("host") { host in
            for index in host.routes.indices where host.routes[index].gateway != nil {
                host.routes[index].preferredSource = isChosen ? "172.19.0.1" : nil
            }
        }
        var probe = Probe.ping
        probe.source = "172.19.0.1"
        let walk = probe.walk(.delivered, through: [.sent("host"), .out("host", "eth0"), .into("wan", "wan0")])
        let first = network.findings(walk).first
        #expect((first?.code == "no-source-nat") == isChosen, "\(first?.message ?? "")")
        if isChosen { #expect(first?.message.contains("src 172.19.0.1") == true) }
    }

    @Test("a rule that returns the packet before MASQUERADE is named")
    mutating func returned() {
        network.masquerade("-s 172.19.0.0/24 -j MASQUERADE")
        network.change("host") { host in
            host.netfilter.chains.removeAll { $0.table == "nat" }
            host.netfilter.chains.append(
                iptables(
                    "nat", "POSTROUTING", rules: ["-d 198.0.0.0/8 -j RETURN", "-s 172.19.0.0/24 -j MASQUERADE"]))
        }
        let first = network.findings(Probe.ping.walk(.delivered, through: toWan)).first
        #expect(first?.code == "no-source-nat")
        #expect(first?.rule?.text?.contains("198.0.0.0/8") == true)
        #expect(first?.message.contains("returns it before") == true, "\(first?.message ?? "")")
    }
}
