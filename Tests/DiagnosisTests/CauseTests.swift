import Diagnosis
import Observations
import Testing
import Network
import WalkModel
import Wire

/// One fault each in the base network: the first finding's code, place and remedy.
@Suite("Causes")
struct CauseTests {
    var network = BaseNetwork()

    @Test("nothing is wrong: no finding")
    func working() {
        let request = Probe.ping.walk(.delivered, through: toWan)
        let reply = Probe.ping.reply.walk(
            .delivered, through: [.sent("wan"), .into("mynamespace", "veth1")], answers: "x")
        #expect(network.findings(request, reply: reply).isEmpty)
    }

    @Test("loopback-down: ping 127.0.0.1 in a new namespace")
    mutating func loopbackDown() {
        network.change("mynamespace") {
            $0.links = [loopback(up: false)]; $0.routes = []
        }
        let probe = Probe(source: "127.0.0.1", destination: "127.0.0.1")
        let failure = SendFailure(
            timeNanoseconds: 0, namespace: "mynamespace",
            tuple: FlowTuple(
                source: address("127.0.0.1"), destination: address("127.0.0.1"), sourcePort: 0, destinationPort: 0,
                ipProtocol: .icmp), errorNumber: 101, message: "Network is unreachable")
        let findings = network.findings(probe.walk(.unsent)) { $0.sendFailures = [failure] }
        #expect(findings.first?.code == "loopback-down")
        #expect(findings.first?.severity == .error)
        #expect(findings.first?.where == Finding.Place(namespace: "mynamespace", device: "lo"))
        #expect(findings.first?.remedy?.commands == ["ip -n mynamespace link set lo up"])
    }

    @Test("no-route: no default route")
    mutating func noRoute() {
        network.change("mynamespace") { $0.routes.removeLast() }
        let findings = network.findings(Probe.ping.walk(.unsent))
        #expect(findings.first?.code == "no-route")
        #expect(findings.first?.where.namespace == "mynamespace")
        #expect(findings.first?.message.contains("its only route is 172.19.0.0/24 on veth1") == true)
        #expect(findings.first?.remedy?.commands == ["ip -n mynamespace route add default via 172.19.0.1"])
    }

    @Test("link-down: the host's end of the veth")
    mutating func linkDownHost() {
        network.change("host", link: "veth0") {
            $0.isUp = false; $0.hasCarrier = false; $0.state = "down"
        }
        network.change("mynamespace", link: "veth1") {
            $0.hasCarrier = false; $0.state = "lowerlayerdown"
        }
        let findings = network.findings(Probe.ping.walk(.lost, through: [.sent("mynamespace")]))
        #expect(findings.first?.code == "link-down")
        #expect(findings.first?.where == Finding.Place(namespace: "host", device: "veth0"))
        #expect(findings.first?.remedy?.commands == ["ip link set veth0 up"])
    }

    @Test("link-down: the namespace's end, whose routes are gone with it")
    mutating func linkDownNamespace() {
        network.change("mynamespace", link: "veth1") {
            $0.isUp = false; $0.hasCarrier = false; $0.state = "down"
        }
        network.change("mynamespace") { $0.routes = [] }
        let findings = network.findings(Probe.ping.walk(.unsent))
        #expect(findings.first?.code == "link-down")
        #expect(findings.first?.where == Finding.Place(namespace: "mynamespace", device: "veth1"))
        // The default route went with the device and does not come back by itself.
        #expect(
            findings.first?.remedy?.commands == [
                "ip -n mynamespace link set veth1 up", "ip -n mynamespace route add default via 172.19.0.1",
            ])
    }

    @Test("link-down: the bridge")
    mutating func linkDownBridge() {
        network.change("host", link: "mybridge") {
            $0.isUp = false; $0.state = "down"
        }
        let findings = network.findings(Probe.ping.walk(.lost, through: [.sent("mynamespace")]))
        #expect(findings.first?.code == "link-down")
        #expect(findings.first?.where == Finding.Place(namespace: "host", device: "mybridge"))
    }

    @Test("no-source-nat: the request arrives untranslated, the far side can't answer")
    mutating func noSourceNAT() {
        network.masquerade(nil)
        let findings = network.findings(Probe.ping.walk(.delivered, through: toWan))
        #expect(findings.first?.code == "no-source-nat")
        #expect(findings.first?.severity == .error)
        #expect(findings.first?.where == Finding.Place(namespace: "host", hook: .postrouting, device: "eth0"))
        #expect(
            findings.first?.remedy?.commands
                == ["iptables -t nat -A POSTROUTING -s 172.19.0.0/24 -o eth0 -j MASQUERADE"])
    }

    @Test("no-source-nat: the same where the far side can't be seen")
    mutating func noSourceNATLeft() {
        network.masquerade(nil)
        network.topology.namespaces.removeLast()
        network.change("host", link: "eth0") {
            $0.kind = "ethernet"; $0.peer = nil
        }
        let findings = network.findings(Probe.ping.walk(.left, through: Array(toWan.dropLast())))
        #expect(findings.first?.code == "no-source-nat")
    }

    @Test(
        "source-nat-mismatch: the rule that nearly matches, and the part that does not",
        arguments: [
            ("-s 172.19.0.0/24 -o eth1 -j MASQUERADE", "leaves by eth0"),
            ("-s 172.20.0.0/24 -j MASQUERADE", "its source is 172.19.0.2"),
        ])
    mutating func sourceNATMismatch(rule: String, because: String) {
        network.masquerade(rule)
        let findings = network.findings(Probe.ping.walk(.delivered, through: toWan))
        #expect(findings.first?.code == "source-nat-mismatch")
        #expect(findings.first?.where == Finding.Place(namespace: "host", hook: .postrouting, device: "eth0"))
        #expect(findings.first?.rule?.position == 1)
        #expect(findings.first?.message.contains(because) == true)
    }

    @Test("a MASQUERADE for another of the host's networks does not nearly match")
    mutating func anotherNetwork() {
        network.change("host") {
            $0.links.append(
                Link(name: "docker0", index: 9, kind: "bridge", addresses: [prefix("172.17.0.1/16")]))
        }
        network.masquerade("-s 172.17.0.0/16 ! -o docker0 -j MASQUERADE")
        #expect(network.findings(Probe.ping.walk(.delivered, through: toWan)).first?.code == "no-source-nat")
    }

    @Test("address-on-bridge-port: the address stayed on veth0")
    mutating func addressOnPort() {
        network.change("host", link: "mybridge") { $0.addresses = [] }
        network.change("host", link: "veth0") { $0.addresses = [prefix("172.19.0.1/24")] }
        network.change("host") { $0.routes[0].device = "veth0" }
        network.change("mynamespace") {
            $0.neighbors = [Neighbor(address: address("172.19.0.1"), device: "veth1", state: "incomplete")]
        }
        let findings = network.findings(Probe.ping.walk(.lost, through: [.sent("mynamespace")]))
        #expect(findings.first?.code == "address-on-bridge-port")
        #expect(findings.first?.where == Finding.Place(namespace: "host", device: "veth0"))
        #expect(
            findings.first?.remedy?.commands == [
                "ip addr del 172.19.0.1/24 dev veth0", "ip addr add 172.19.0.1/24 dev mybridge",
            ])
    }

    @Test("forwarding-disabled")
    mutating func forwarding() {
        network.change("host") { $0.sysctls = sysctls(forwarding: false, devices: ["veth0", "mybridge", "eth0"]) }
        let stop = Stop(namespace: "host", cause: .kernelDrop(reason: "IP_INADDRERRORS", location: "ip_error"))
        let findings = network.findings(Probe.ping.walk(.dropped, through: toBridge, stop: stop))
        #expect(findings.first?.code == "forwarding-disabled")
        #expect(findings.first?.severity == .error)
        #expect(findings.first?.where == Finding.Place(namespace: "host", device: "mybridge"))
        #expect(findings.first?.remedy?.commands == ["sysctl -w net.ipv4.ip_forward=1"])
    }

    @Test("rule-drop: the rule, those before it and why they missed")
    mutating func ruleDrop() {
        network.add(
            iptables(
                "filter", "FORWARD",
                rules: [
                    "-i lo -j ACCEPT", "-m conntrack --ctstate ESTABLISHED -j ACCEPT", "-i mybridge -p icmp -j DROP",
                ]))
        let findings = network.findings(Probe.ping.walk(.lost, through: toBridge))
        let first = findings.first
        #expect(first?.code == "rule-drop")
        #expect(first?.where.namespace == "host")
        #expect(first?.where.hook == .forward)
        #expect(first?.rule?.position == 3)
        #expect(first?.unmatched.map(\.because) == ["came in by mybridge", "the connection is new"])
        #expect(
            first?.remedy?.commands.first
                == "iptables -I FORWARD 3 -i mybridge -o eth0 -s 172.19.0.2 -d 198.51.100.1 -p icmp -j ACCEPT")
    }

    @Test("rule-drop three chains deep: the path", arguments: [FirewallBackend.iptablesNft, .iptablesLegacy])
    mutating func deep(backend: FirewallBackend) {
        network.add(
            iptables("filter", "FORWARD", backend: backend, rules: ["-j ONE"]),
            iptables("filter", "ONE", backend: backend, rules: ["-s 172.19.0.0/24 -j TWO"]),
            iptables("filter", "TWO", backend: backend, rules: ["-p tcp -j RETURN", "-p icmp -g THREE"]),
            iptables("filter", "THREE", backend: backend, rules: ["-d 198.51.100.0/24 -j DROP"]))
        let first = network.findings(Probe.ping.walk(.lost, through: toBridge)).first
        #expect(first?.code == "rule-drop")
        #expect(first?.rule?.chain == "THREE")
        #expect(first?.path.map { "\($0.chain) \($0.position ?? 0)" } == ["FORWARD 1", "ONE 1", "TWO 2"])
        #expect(
            first?.remedy?.commands.first?.hasPrefix(backend == .iptablesLegacy ? "iptables-legacy " : "iptables ")
                == true)
    }

    @Test("rule-reject in nft inet, with the accept before it by handle")
    mutating func nftReject() {
        network.add(
            nft(
                "inet", "fw", "forward", hook: .forward,
                rules: [
                    (
                        "ct state established accept",
                        #"[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"established"}},{"accept":null}]"#
                    ),
                    (
                        "ip daddr 198.51.100.0/24 reject",
                        #"[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":{"prefix":{"addr":"198.51.100.0","len":24}}}},{"reject":{"type":"icmp","expr":"port-unreachable"}}]"#
                    ),
                ]))
        let first = network.findings(Probe.ping.walk(.rejected, through: toBridge)).first
        #expect(first?.code == "rule-reject")
        #expect(first?.rule?.handle == 5)
        #expect(
            first?.remedy?.commands.first
                == "nft insert rule inet fw forward handle 5 iifname mybridge oifname eth0 ip saddr 172.19.0.2 ip daddr 198.51.100.1 meta l4proto icmp accept"
        )
    }

    @Test("policy-drop: the chain's policy and the rules that did not accept")
    mutating func policyDrop() {
        network.add(iptables("filter", "FORWARD", policy: "drop", rules: ["-i eth0 -j ACCEPT", "-p tcp -j ACCEPT"]))
        let first = network.findings(Probe.ping.walk(.lost, through: toBridge)).first
        #expect(first?.code == "policy-drop")
        #expect(first?.rule?.chain == "FORWARD")
        #expect(first?.rule?.position == nil)
        #expect(first?.unmatched.map(\.because) == ["came in by mybridge", "it is ICMP"])
        #expect(first?.remedy?.commands.first?.hasPrefix("iptables -A FORWARD -i mybridge -o eth0 ") == true)
    }

    @Test("accept-not-final: accepted in one base chain, dropped by a later one")
    mutating func acceptNotFinal() {
        network.add(
            iptables("filter", "FORWARD", rules: ["-i mybridge -j ACCEPT"]),
            nft("inet", "late", "forward", hook: .forward, priority: 10, rules: [("drop", #"[{"drop":null}]"#)]))
        let first = network.findings(Probe.ping.walk(.lost, through: toBridge)).first
        #expect(first?.code == "accept-not-final")
        #expect(first?.rule?.table == "late")
        #expect(first?.message.contains("iptables filter FORWARD 1") == true)
    }

    @Test("netdev ingress drops before the bridge")
    mutating func netdev() {
        network.add(
            nft("netdev", "early", "in", hook: .ingress, device: "veth0", rules: [("drop", #"[{"drop":null}]"#)]))
        let first = network.findings(
            Probe.ping.walk(.lost, through: [.sent("mynamespace"), .out("mynamespace", "veth1")])
        ).first
        #expect(first?.code == "rule-drop")
        #expect(first?.where == Finding.Place(namespace: "host", hook: .ingress, device: "veth0"))
    }

    @Test("ttl-expired names the router")
    mutating func ttl() {
        var probe = Probe.ping
        probe.ttl = 1
        let first = network.findings(probe.walk(.lost, through: toBridge)).first
        #expect(first?.code == "ttl-expired")
        #expect(first?.where.namespace == "host")
    }

    @Test("mtu-exceeded names the link and both sizes")
    mutating func mtu() {
        network.change("host", link: "eth0") { $0.mtu = 1400 }
        var probe = Probe.ping
        probe.length = 1500
        probe.dontFragment = true
        let error = DiagnosisContext.ICMPError(source: address("172.19.0.1"), type: 3, code: 4, mtu: 1400)
        let first = network.findings(probe.walk(.dropped, through: toBridge)) { $0.icmpErrors = [error] }.first
        #expect(first?.code == "mtu-exceeded")
        #expect(first?.where == Finding.Place(namespace: "host", device: "eth0"))
        #expect(first?.message.contains("1500") == true && first?.message.contains("1400") == true)
        #expect(first?.message.contains("the sender received the ICMP error") == true)
    }

    @Test("without the DF bit the router fragments: not the cause")
    mutating func fragmented() {
        network.change("host", link: "eth0") { $0.mtu = 1400 }
        var probe = Probe.ping
        probe.length = 1500
        probe.dontFragment = false
        #expect(network.findings(probe.walk(.lost, through: toBridge)).contains { $0.code == "mtu-exceeded" } == false)
    }

    @Test("reverse-path-filter: the way back is by another device")
    mutating func reversePath() {
        network.setting("net.ipv4.conf.all.rp_filter", "1", in: "host")
        network.change("host") { $0.routes[0].device = "eth0" }
        let stop = Stop(namespace: "host", cause: .kernelDrop(reason: "IP_RPFILTER", location: "ip_rcv_finish_core"))
        let first = network.findings(Probe.ping.walk(.dropped, through: toBridge, stop: stop)).first
        #expect(first?.code == "reverse-path-filter")
        #expect(first?.where == Finding.Place(namespace: "host", device: "mybridge"))
        #expect(first?.remedy?.commands == ["sysctl -w net.ipv4.conf.mybridge.rp_filter=2"])
    }

    @Test("gateway-unreachable: nobody holds the gateway's address")
    mutating func gateway() {
        network.change("mynamespace") {
            $0.routes[1].gateway = address("172.19.0.77")
            $0.neighbors = [Neighbor(address: address("172.19.0.77"), device: "veth1", state: "failed")]
        }
        let result = network.explained(Probe.ping.walk(.lost, through: [.sent("mynamespace")]))
        #expect(result.findings.first?.code == "gateway-unreachable")
        #expect(result.findings.first?.where == Finding.Place(namespace: "mynamespace", device: "veth1"))
        #expect(result.findings.first?.evidence.contains { $0.description.contains("failed") } == true)
        #expect(result.findings.first?.remedy?.commands == ["ip -n mynamespace route replace default via 172.19.0.1"])
        #expect(result.walk.outcome == .unsent)
    }

    @Test("neighbor-unresolved: who had the address when the run began, and is gone")
    mutating func goneHolder() {
        network.attachSecond()
        let before = network.topology
        network.topology.namespaces.removeAll { $0.name == "other" }
        network.change("host") { $0.links.removeAll { $0.name == "veth2" } }
        var probe = Probe.ping
        probe.destination = "172.19.0.3"
        let first = network.findings(
            probe.walk(.lost, through: [.sent("mynamespace")])
        ) { $0.before = before }.first
        #expect(first?.code == "neighbor-unresolved")
        #expect(first?.message.contains("; other had it when the run began, and is gone") == true)
    }

    @Test("neighbor-unresolved: a dead address on the local net")
    mutating func neighbour() {
        let probe = Probe(destination: "172.19.0.99")
        let first = network.findings(probe.walk(.lost, through: [.sent("mynamespace")])).first
        #expect(first?.code == "neighbor-unresolved")
        #expect(first?.where == Finding.Place(namespace: "mynamespace", device: "veth1"))
    }

    @Test("blackhole-route", arguments: [RouteKind.blackhole, .unreachable, .prohibit])
    mutating func blackhole(kind: RouteKind) {
        network.change("host") { $0.routes.append(Route(destination: prefix("198.51.100.0/24"), kind: kind)) }
        let first = network.findings(Probe.ping.walk(.lost, through: toBridge)).first
        #expect(first?.code == "blackhole-route")
        #expect(first?.where.namespace == "host")
        #expect(first?.remedy?.commands == ["ip route del \(kind) 198.51.100.0/24"])
    }
}
