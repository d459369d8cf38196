import Diagnosis
import Observations
import Testing
import Network
import WalkModel
import Wire

/// Faults that need more of a network than the base.
@Suite("Causes beyond the base network")
struct MoreCauseTests {
    var network = BaseNetwork()

    /// A second namespace on mybridge.
    mutating func addNeighbour(_ name: String = "other", _ text: String = "172.19.0.3/24", forwarding: Bool = false) {
        network.topology.namespaces.append(
            Namespace(
                name: name, inode: 9, path: "/run/netns/\(name)",
                links: [
                    loopback(),
                    Link(
                        name: "veth3", index: 2, kind: "veth", mac: mac(0x51), addresses: [prefix(text)],
                        peer: Link.Peer(namespace: "host", device: "veth2")),
                ],
                routes: [
                    Route(destination: prefix("172.19.0.0/24"), device: "veth3", origin: "kernel"),
                    Route(destination: prefix("0.0.0.0/0"), gateway: address("172.19.0.1"), device: "veth3"),
                ], sysctls: sysctls(forwarding: forwarding, devices: ["veth3"])))
        network.change("host") {
            $0.links.append(
                Link(
                    name: "veth2", index: 8, kind: "veth", mac: mac(0x50), master: "mybridge",
                    peer: Link.Peer(namespace: name, device: "veth3"),
                    bridgePort: Link.BridgePort(state: "forwarding")))
        }
    }

    let toOther: [Sight] = [.sent("mynamespace"), .out("mynamespace", "veth1"), .into("host", "veth0")]

    @Test("bridge-netfilter: the sysctl and the rule")
    mutating func bridgeNetfilter() {
        addNeighbour()
        network.setting("net.bridge.bridge-nf-call-iptables", "1", in: "host")
        network.add(iptables("filter", "FORWARD", policy: "drop", rules: []))
        let first = network.findings(Probe(destination: "172.19.0.3").walk(.lost, through: toOther)).first
        #expect(first?.code == "bridge-netfilter")
        #expect(first?.where.namespace == "host")
        #expect(first?.where.hook == .forward)
        #expect(first?.message.contains("net.bridge.bridge-nf-call-iptables = 1") == true)
        #expect(first?.rule?.chain == "FORWARD")
    }

    @Test("the same policy without the sysctl is no cause for bridged packets")
    mutating func noBridgeNetfilter() {
        addNeighbour()
        network.setting("net.bridge.bridge-nf-call-iptables", "0", in: "host")
        network.add(iptables("filter", "FORWARD", policy: "drop", rules: []))
        let findings = network.findings(Probe(destination: "172.19.0.3").walk(.lost, through: toOther))
        #expect(findings.allSatisfy { $0.severity != .error })
    }

    @Test("a rule of nft's bridge family")
    mutating func bridgeRule() {
        addNeighbour()
        network.add(
            nft(
                "bridge", "b", "forward", hook: .forward,
                rules: [
                    (
                        "ip protocol icmp drop",
                        #"[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"protocol"}},"right":"icmp"}},{"drop":null}]"#
                    )
                ]))
        let first = network.findings(Probe(destination: "172.19.0.3").walk(.lost, through: toOther)).first
        #expect(first?.code == "rule-drop")
        #expect(first?.rule?.family == "bridge")
        #expect(first?.where.hook == .forward)
    }

    @Test("bridge-port-blocked: isolated, STP state, another PVID", arguments: ["isolated", "state", "vlan"])
    mutating func portBlocked(how: String) {
        addNeighbour()
        network.change("host", link: "veth2") {
            switch how {
            case "isolated": $0.bridgePort?.isolated = true
            case "state": $0.bridgePort?.state = "blocking"
            default:
                $0.bridgePort?.pvid = 20
                $0.bridgePort?.vlans = [20]
            }
        }
        if how == "isolated" { network.change("host", link: "veth0") { $0.bridgePort?.isolated = true } }
        if how == "vlan" {
            network.change("host", link: "mybridge") {
                $0.bridge?.vlanFiltering = true; $0.bridge?.defaultPVID = 1
            }
            network.change("host", link: "veth0") {
                $0.bridgePort?.pvid = 1; $0.bridgePort?.vlans = [1]
            }
        }
        // ARP does not get through either, so that no frame of the packet was seen.
        let first = network.findings(Probe(destination: "172.19.0.3").walk(.lost, through: [.sent("mynamespace")]))
            .first
        #expect(first?.code == "bridge-port-blocked")
        #expect(first?.where == Finding.Place(namespace: "host", device: "veth2"))
        #expect(first?.remedy?.commands.first?.contains("veth2") == true)
    }

    @Test("wrong-netmask: a routed address looks as if it were on the link")
    mutating func netmask() {
        network.change("mynamespace", link: "veth1") { $0.addresses = [prefix("172.19.0.2/16")] }
        network.change("mynamespace") { $0.routes[0].destination = prefix("172.19.0.0/16") }
        network.change("host") {
            $0.links.append(
                Link(
                    name: "veth4", index: 12, kind: "veth", mac: mac(0x60), addresses: [prefix("172.19.5.1/24")],
                    peer: Link.Peer(namespace: "far", device: "veth5")))
        }
        network.topology.namespaces.append(
            Namespace(
                name: "far", inode: 12, path: "/run/netns/far",
                links: [
                    loopback(),
                    Link(
                        name: "veth5", index: 2, kind: "veth", mac: mac(0x61), addresses: [prefix("172.19.5.2/24")],
                        peer: Link.Peer(namespace: "host", device: "veth4")),
                ]))
        let first = network.findings(Probe(destination: "172.19.5.2").walk(.lost, through: [.sent("mynamespace")]))
            .first
        #expect(first?.code == "wrong-netmask")
        #expect(first?.where == Finding.Place(namespace: "mynamespace", device: "veth1"))
        #expect(
            first?.remedy?.commands == [
                "ip -n mynamespace addr add 172.19.0.2/24 dev veth1",
                "ip -n mynamespace addr del 172.19.0.2/16 dev veth1",
            ])
    }

    @Test("wrong-gateway: the default route leads to a namespace that is no router")
    mutating func wrongGateway() {
        addNeighbour()
        network.change("mynamespace") { $0.routes[1].gateway = address("172.19.0.3") }
        let first = network.findings(
            Probe.ping.walk(
                .dropped, through: toOther + [.out("host", "veth2"), .into("other", "veth3")],
                stop: Stop(namespace: "other", cause: .kernelDrop(reason: "IP_INADDRERRORS", location: "ip_error")))
        ).first
        #expect(first?.code == "wrong-gateway")
        #expect(first?.where.namespace == "mynamespace")
        #expect(first?.remedy?.commands == ["ip -n mynamespace route replace default via 172.19.0.1"])
    }

    @Test("no-listener: a RST says so, and what does listen is named")
    mutating func noListener() {
        network.change("wan") {
            $0.listeners = [Listener(protocol: "tcp", address: address("0.0.0.0"), port: 22, process: "sshd")]
        }
        let probe = Probe.tcp(80, to: "198.51.100.1")
        let reset = probe.refusal
        let first = network.findings(
            probe.walk(.delivered, through: toWan),
            reply: reset.walk(.delivered, through: [.out("wan", "wan0"), .into("mynamespace", "veth1")], answers: "x")
        ).first
        #expect(first?.code == "no-listener")
        #expect(first?.where.namespace == "wan")
        #expect(first?.message.contains("sshd tcp 0.0.0.0:22") == true)
    }

    @Test("no-listener over UDP: port unreachable from the destination itself")
    mutating func noListenerUDP() {
        let error = DiagnosisContext.ICMPError(source: address("198.51.100.1"), type: 3, code: 3)
        let first = network.findings(Probe.udp(53, to: "198.51.100.1").walk(.delivered, through: toWan)) {
            $0.icmpErrors = [error]
        }.first
        #expect(first?.code == "no-listener")
    }

    @Test("listener-elsewhere: bound to 127.0.0.1 only")
    mutating func listenerElsewhere() {
        network.change("wan") {
            $0.listeners = [Listener(protocol: "tcp", address: address("127.0.0.1"), port: 80, process: "httpd")]
        }
        let probe = Probe.tcp(80, to: "198.51.100.1")
        let reset = probe.refusal
        let first = network.findings(
            probe.walk(.delivered, through: toWan),
            reply: reset.walk(.delivered, through: [.out("wan", "wan0"), .into("mynamespace", "veth1")], answers: "x")
        ).first
        #expect(first?.code == "listener-elsewhere")
        #expect(first?.message.contains("httpd") == true && first?.message.contains("127.0.0.1") == true)
    }

    @Test("listener-elsewhere: published by Docker for 127.0.0.1 only")
    mutating func publishedLocally() {
        network.change("wan") {
            $0.listeners = [
                Listener(protocol: "tcp", address: address("127.0.0.1"), port: 80, process: "docker-proxy")
            ]
        }
        let probe = Probe.tcp(80, to: "198.51.100.1")
        let first = network.findings(
            probe.walk(.delivered, through: toWan),
            reply: probe.refusal.walk(
                .delivered, through: [.out("wan", "wan0"), .into("mynamespace", "veth1")], answers: "x")
        ).first
        #expect(first?.code == "listener-elsewhere")
        #expect(first?.message.contains("Docker publishes port 80 on 127.0.0.1 only") == true)
        #expect(first?.message.contains("docker run -p 80:…") == true)
    }

    @Test("dnat-not-forwarded: both rules")
    mutating func dnatNotForwarded() {
        network.change("wan") { $0.routes.append(Route(destination: prefix("0.0.0.0/0"), device: "wan0")) }
        network.add(
            iptables("nat", "PREROUTING", rules: ["-p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.19.0.2:80"]),
            iptables("filter", "FORWARD", policy: "drop", rules: []))
        let first = network.findings(
            Probe.tcp(8080, to: "203.0.113.2", from: "203.0.113.1").walk(
                .lost, through: [.sent("wan"), .out("wan", "wan0"), .into("host", "eth0")])
        ).first
        #expect(first?.code == "dnat-not-forwarded")
        #expect(first?.where.namespace == "host")
        #expect(first?.message.contains("iptables nat PREROUTING 1") == true)
        #expect(first?.message.contains("FORWARD") == true)
        #expect(first?.remedy?.commands.first?.contains("-d 172.19.0.2 -p tcp --dport 80 -j ACCEPT") == true)
    }

    @Test("hairpin-missing: the target answers past the translation")
    mutating func hairpin() {
        addNeighbour()
        network.masquerade("-s 172.19.0.0/24 -o eth0 -j MASQUERADE")
        network.add(
            iptables("nat", "PREROUTING", rules: ["-p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.19.0.3:80"]))
        let probe = Probe.tcp(8080, to: "203.0.113.2")
        var translated = probe
        translated.destination = "172.19.0.3"
        translated.destinationPort = 80
        let first = network.findings(
            probe.walk(
                .delivered,
                through: toBridge + [.out("host", "mybridge"), .out("host", "veth2"), .into("other", "veth3")],
                changed: [4: translated])
        ).first
        #expect(first?.code == "hairpin-missing")
        #expect(first?.where.namespace == "host")
        let evidence = first?.evidence.map(\.text) ?? []
        #expect(evidence.contains { $0.contains("PREROUTING 1: -A PREROUTING") })
        #expect(evidence.contains { $0.contains("nat POSTROUTING in host has no rule that translates the source") })
        #expect(
            first?.remedy?.commands == [
                "iptables -t nat -A POSTROUTING -s 172.19.0.0/24 -d 172.19.0.3 -p tcp --dport 80 -j MASQUERADE"
            ])
    }

    @Test("no-return-path: two private networks, the far one without a route back")
    mutating func noReturnPath() {
        network.masquerade(nil)
        network.change("wan", link: "lo") { $0.addresses = [prefix("127.0.0.1/8"), prefix("10.9.0.1/32")] }
        let first = network.findings(Probe(destination: "10.9.0.1").walk(.delivered, through: toWan)).first
        #expect(first?.code == "no-return-path")
        #expect(first?.where.namespace == "wan")
        #expect(first?.remedy?.commands == ["ip -n wan route add 172.19.0.0/24 via 203.0.113.2"])
    }

    @Test("conntrack-invalid: the answer takes a way that the request did not")
    mutating func invalid() {
        network.masquerade(nil)
        network.change("wan") {
            $0.routes.append(
                Route(destination: prefix("172.19.0.0/24"), gateway: address("203.0.113.2"), device: "wan0"))
        }
        network.add(iptables("filter", "FORWARD", rules: ["-m conntrack --ctstate INVALID -j DROP"]))
        let probe = Probe.tcp(80, to: "198.51.100.1")
        let request = probe.walk(
            .delivered, through: [.sent("mynamespace"), .out("mynamespace", "other0"), .into("wan", "wan0")])
        let reply = probe.reply.walk(
            .lost, through: [.sent("wan"), .out("wan", "wan0"), .into("host", "eth0")], answers: request.id)
        let first = network.findings(request, reply: reply).first
        #expect(first?.code == "conntrack-invalid")
        #expect(first?.where.namespace == "host")
        #expect(first?.rule?.position == 1)
    }

    @Test("conntrack-full: the table's size")
    mutating func full() {
        network.setting("net.netfilter.nf_conntrack_max", "4", in: "host")
        network.setting("net.netfilter.nf_conntrack_count", "4", in: "host")
        let first = network.findings(Probe.ping.walk(.lost, through: toBridge)).first
        #expect(first?.code == "conntrack-full")
        #expect(first?.message.contains("4 of 4") == true)
    }

    @Test("conntrack-full: dropped while the table was full, which it no longer is")
    mutating func wasFull() {
        network.setting("net.netfilter.nf_conntrack_max", "262144", in: "host")
        network.setting("net.netfilter.nf_conntrack_count", "261000", in: "host")
        let walk = Probe.ping.walk(.lost, through: toBridge)
        #expect(network.findings(walk).first?.code != "conntrack-full")
        let counted = network.findings(walk) {
            $0.counters = [DiagnosisContext.CounterDelta(namespace: "host", name: "nf_conntrack.drop", delta: 3)]
        }
        #expect(counted.first?.code == "conntrack-full")
        #expect(counted.first?.where == Finding.Place(namespace: "host", hook: .prerouting))
        #expect(
            counted.first?.evidence.map(\.description).contains("kernel: nf_conntrack.drop rose by 3 in host") == true)
        #expect(counted.first?.remedy?.commands == ["sysctl -w net.netfilter.nf_conntrack_max=524288"])
        // Early drops made room for the packet.
        let made = network.findings(walk) {
            $0.counters = [DiagnosisContext.CounterDelta(namespace: "host", name: "nf_conntrack.early_drop", delta: 3)]
        }
        #expect(made.first?.code != "conntrack-full")
    }

    @Test(
        "a spanning tree's port is not set by hand: no command mends it",
        arguments: [BridgePortState.listening, .blocking])
    mutating func spanningTree(state: BridgePortState) {
        addNeighbour()
        network.change("host", link: "veth2") { $0.bridgePort?.state = state }
        network.change("host", link: "mybridge") { $0.bridge?.stp = true }
        let first = network.findings(Probe(destination: "172.19.0.3").walk(.lost, through: [.sent("mynamespace")]))
            .first
        #expect(first?.code == "bridge-port-blocked")
        #expect(first?.remedy == nil)
        #expect(first?.message.contains("the spanning tree") == true)
    }

    @Test("routed-elsewhere: a rule sends it to a table whose gateway is dead")
    mutating func routedElsewhere() {
        network.routeBySource(via: "203.0.113.99")
        network.change("host") {
            $0.neighbors = [Neighbor(address: address("203.0.113.99"), device: "eth0", state: "failed")]
        }
        let first = network.findings(Probe.ping.walk(.lost, through: toBridge)).first
        #expect(first?.code == "routed-elsewhere")
        #expect(first?.where.namespace == "host")
        #expect(first?.message.contains("100: from 172.19.0.0/24 lookup 100") == true)
        #expect(
            first?.remedy?.commands == ["ip rule add from 172.19.0.2 to 198.51.100.1 lookup main priority 99"])
    }

    @Test("policy routing that works is no cause of a drop by a rule")
    mutating func policyRoutingWorks() {
        network.change("host") {
            $0.rules = [
                RoutingRule(priority: 0, family: 2, table: 255),
                RoutingRule(priority: 100, family: 2, source: prefix("172.19.0.0/24"), table: 100),
                RoutingRule(priority: 32766, family: 2),
            ]
            $0.routes.append(
                Route(destination: prefix("0.0.0.0/0"), table: 100, gateway: address("203.0.113.1"), device: "eth0"))
        }
        network.add(iptables("filter", "FORWARD", rules: ["-p icmp -j DROP"]))
        #expect(network.findings(Probe.ping.walk(.lost, through: toBridge)).first?.code == "rule-drop")
    }

    @Test("duplicate-address: the answer went to the other one")
    mutating func duplicate() {
        addNeighbour("other", "172.19.0.2/24")
        let request = Probe.ping.walk(.delivered, through: toWan)
        let reply = Probe.ping.reply.walk(
            .delivered, through: [.sent("wan"), .into("host", "eth0"), .out("host", "veth2"), .into("other", "veth3")],
            answers: request.id)
        let first = network.findings(request, reply: reply).first
        #expect(first?.code == "duplicate-address")
        #expect(first?.message.contains("\(mac(0x11))") == true)
        #expect(first?.message.contains("\(mac(0x51))") == true)
    }

    @Test("duplicate-address: the wrong holder refuses, the other one serves the port")
    mutating func duplicateRefusal() {
        addNeighbour("other", "172.19.0.2/24")
        let server = Listener(protocol: "tcp", address: address("0.0.0.0"), port: 80, process: "httpd")
        network.change("mynamespace") { $0.listeners = [server] }
        network.change("host") {
            $0.neighbors = [
                Neighbor(address: address("172.19.0.2"), device: "mybridge", mac: mac(0x51), state: "reachable")
            ]
        }
        let probe = Probe.tcp(80, to: "172.19.0.2", from: "172.19.0.1")
        let reset = probe.refusal
        let walk = probe.walk(
            .delivered,
            through: [.sent("host"), .out("host", "mybridge"), .out("host", "veth2"), .into("other", "veth3")])
        let back = reset.walk(.delivered, through: [.out("other", "veth3"), .into("host", "veth2")], answers: walk.id)
        let first = network.findings(walk, reply: back).first
        #expect(first?.code == "duplicate-address")
        #expect(first?.where == Finding.Place(namespace: "other", device: "veth3"))
        #expect(first?.message.contains("\(mac(0x11))") == true)
        #expect(first?.message.contains("\(mac(0x51))") == true)
        #expect(
            first?.remedy?.commands == [
                "ip -n other addr del 172.19.0.2/24 dev veth3", "ip neigh del 172.19.0.2 dev mybridge",
            ])
        // Where both serve the port, or none, nobody can tell which of them was meant.
        network.change("mynamespace") { $0.listeners = [] }
        let unsure = network.findings(walk, reply: back).first
        #expect(unsure?.code == "duplicate-address")
        #expect(unsure?.remedy == nil)
    }

    @Test("the same address in two networks that do not meet is no duplicate")
    mutating func noDuplicate() {
        network.topology.namespaces.append(
            Namespace(
                name: "elsewhere", inode: 77, path: "/run/netns/elsewhere",
                links: [Link(name: "eth9", index: 2, kind: "ethernet", addresses: [prefix("172.19.0.2/24")])]))
        let probe = Probe.tcp(80, to: "172.19.0.2", from: "172.19.0.1")
        let reset = probe.refusal
        let walk = probe.walk(
            .delivered,
            through: [.sent("host"), .out("host", "mybridge"), .out("host", "veth0"), .into("mynamespace", "veth1")])
        let back = reset.walk(
            .delivered, through: [.out("mynamespace", "veth1"), .into("host", "veth0")], answers: walk.id)
        #expect(network.findings(walk, reply: back).first?.code == "no-listener")
    }

    @Test("service-without-endpoints: kube-proxy's REJECT")
    mutating func service() {
        network.add(
            iptables("filter", "FORWARD", rules: ["-m conntrack --ctstate NEW -j KUBE-SERVICES"]),
            iptables(
                "filter", "KUBE-SERVICES",
                rules: [
                    "-d 10.96.0.10/32 -p tcp -m comment --comment \"default/web:http has no endpoints\" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable"
                ]))
        let first = network.findings(Probe.tcp(80, to: "10.96.0.10").walk(.rejected, through: toBridge)).first
        #expect(first?.code == "service-without-endpoints")
        #expect(first?.message.contains("default/web:http") == true)
        #expect(first?.path.first?.chain == "FORWARD")
    }

    @Test("tc-drop: certain when the kernel says so, else a warning")
    mutating func tc() {
        network.change("host", link: "veth0") { $0.programs = ["tc ingress drop_all"] }
        let silent = network.findings(Probe.ping.walk(.lost, through: Array(toOther))).first
        #expect(silent?.code == "tc-drop")
        #expect(silent?.severity == .warning)
        let stop = Stop(
            namespace: "host", cause: .kernelDrop(reason: "TC_INGRESS", location: "__netif_receive_skb_core"))
        let told = network.findings(Probe.ping.walk(.dropped, through: toOther, stop: stop)).first
        #expect(told?.code == "tc-drop")
        #expect(told?.where.device == "veth0")
    }

    @Test("socket-buffer-full: the socket and its sizes")
    mutating func bufferFull() {
        network.change("wan") {
            $0.listeners = [
                Listener(
                    protocol: "udp", address: address("0.0.0.0"), port: 5000, process: "sleepy", receiveQueue: 212_992,
                    receiveBufferBytes: 212_992, drops: 7)
            ]
        }
        let first = network.findings(Probe.udp(5000, to: "198.51.100.1").walk(.delivered, through: toWan)).first
        #expect(first?.code == "socket-buffer-full")
        #expect(first?.message.contains("212992") == true && first?.message.contains("sleepy") == true)
    }

    // MARK: Docker

    /// Two Docker bridges with a container each, and Docker's own chains of before version 28.
    mutating func addDocker(isolation: Bool = true) {
        network.change("host") {
            $0.links += [
                Link(name: "docker0", index: 20, kind: "bridge", mac: mac(0x70), addresses: [prefix("172.17.0.1/16")]),
                Link(
                    name: "br-0123456789ab", index: 21, kind: "bridge", mac: mac(0x71),
                    addresses: [prefix("172.18.0.1/16")]),
                Link(
                    name: "vetha", index: 22, kind: "veth", mac: mac(0x72), master: "docker0",
                    peer: Link.Peer(namespace: "alpha", device: "eth0")),
                Link(
                    name: "vethb", index: 23, kind: "veth", mac: mac(0x73), master: "br-0123456789ab",
                    peer: Link.Peer(namespace: "beta", device: "eth0")),
            ]
            $0.routes += [
                Route(destination: prefix("172.17.0.0/16"), device: "docker0"),
                Route(destination: prefix("172.18.0.0/16"), device: "br-0123456789ab"),
            ]
        }
        for (name, text, gateway, peer) in [
            ("alpha", "172.17.0.2/16", "172.17.0.1", "vetha"), ("beta", "172.18.0.2/16", "172.18.0.1", "vethb"),
        ] {
            network.topology.namespaces.append(
                Namespace(
                    name: name, inode: 30, path: "/proc/77/ns/net", containers: [name],
                    links: [
                        loopback(),
                        Link(
                            name: "eth0", index: 2, kind: "veth", mac: mac(name == "alpha" ? 0x74 : 0x75),
                            addresses: [prefix(text)], peer: Link.Peer(namespace: "host", device: peer)),
                    ],
                    routes: [Route(destination: prefix("0.0.0.0/0"), gateway: address(gateway), device: "eth0")],
                    listeners: [Listener(protocol: "tcp", address: address("0.0.0.0"), port: 80, process: "httpd")]))
        }
        network.add(
            iptables(
                "filter", "FORWARD", policy: "drop",
                rules: [
                    "-j DOCKER-USER", "-j DOCKER-ISOLATION-STAGE-1",
                    "-o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-o docker0 -j DOCKER",
                    "-i docker0 ! -o docker0 -j ACCEPT",
                ]),
            iptables("filter", "DOCKER-USER", rules: ["-j RETURN"]),
            iptables("filter", "DOCKER", rules: []),
            iptables(
                "filter", "DOCKER-ISOLATION-STAGE-1",
                rules: ["-i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2", "-j RETURN"]),
            iptables(
                "filter", "DOCKER-ISOLATION-STAGE-2", rules: ["-o br-0123456789ab -j DROP", "-o docker0 -j DROP"]))
    }

    @Test("network-isolation: Docker keeps two of its networks apart")
    mutating func isolation() {
        addDocker()
        let first = network.findings(
            Probe(source: "172.17.0.2", destination: "172.18.0.2").walk(
                .lost,
                through: [.sent("alpha"), .out("alpha", "eth0"), .into("host", "vetha"), .into("host", "docker0")])
        ).first
        #expect(first?.code == "network-isolation")
        #expect(first?.rule?.chain == "DOCKER-ISOLATION-STAGE-2")
        #expect(first?.message.contains("Docker") == true)
        #expect(first?.remedy?.owner?.commands == ["docker network connect 0123456789ab alpha"])
    }

    @Test(
        "network-isolation: a network that is internal; its own container joins another one, another container joins it",
        arguments: [
            ("172.18.0.2", "198.51.100.1", "beta", "docker network connect bridge beta"),
            ("172.17.0.2", "172.18.0.2", "alpha", "docker network connect secret alpha"),
        ] as [(IPAddress, IPAddress, String, String)])
    mutating func internalNetwork(source: IPAddress, destination: IPAddress, sender: String, command: String) {
        addDocker()
        network.change("host", link: "br-0123456789ab") { $0.workload = Workload(.network, "secret", by: .docker) }
        network.change("host") { host in
            host.netfilter.chains.removeAll { $0.name == "DOCKER-ISOLATION-STAGE-1" }
        }
        network.add(
            iptables(
                "filter", "DOCKER-ISOLATION-STAGE-1",
                rules: [
                    "! -s 172.18.0.0/16 -o br-0123456789ab -j DROP", "! -d 172.18.0.0/16 -i br-0123456789ab -j DROP",
                ]))
        let (port, bridge) = sender == "beta" ? ("vethb", "br-0123456789ab") : ("vetha", "docker0")
        let first = network.findings(
            Probe(source: source, destination: destination).walk(
                .lost,
                through: [.sent(sender), .out(sender, "eth0"), .into("host", port), .into("host", bridge)])
        ).first
        #expect(first?.code == "network-isolation")
        #expect(first?.message.contains("is internal by design") == true)
        #expect(first?.remedy?.owner?.commands == [command])
        // Docker's own rules stay as they are.
        #expect(first?.remedy?.isForOwnerAlone == true)
    }

    @Test("no-listener: Docker's resolver in a container publishes nothing")
    mutating func embeddedDNS() {
        network.change("wan") {
            $0.netfilter.nat = [
                NATRule(
                    kind: .dnat,
                    rule: RuleReference(
                        family: "ip", table: "nat", chain: "DOCKER_OUTPUT", position: 1, backend: "iptables-nft"),
                    match: "127.0.0.11/32 dport 53", to: "127.0.0.11:33599")
            ]
            $0.listeners = [Listener(protocol: "tcp", address: address("0.0.0.0"), port: 80, process: "python3")]
        }
        let probe = Probe.tcp(81, to: "198.51.100.1")
        let first = network.findings(
            probe.walk(.delivered, through: toWan),
            reply: probe.refusal.walk(
                .delivered, through: [.out("wan", "wan0"), .into("mynamespace", "veth1")], answers: "x")
        ).first
        #expect(first?.code == "no-listener")
        #expect(first?.message.contains("python3") == true)
    }

    @Test("port-not-published: from outside to a container's own address")
    mutating func notPublished() {
        addDocker()
        network.change("wan") {
            $0.routes.append(
                Route(destination: prefix("172.17.0.0/16"), gateway: address("203.0.113.2"), device: "wan0"))
        }
        let first = network.findings(
            Probe.tcp(80, to: "172.17.0.2", from: "203.0.113.1").walk(
                .lost, through: [.sent("wan"), .out("wan", "wan0"), .into("host", "eth0")])
        ).first
        #expect(first?.code == "port-not-published")
        #expect(first?.where.namespace == "host")
    }

    @Test("port-not-published: to a port of the host that only a container has")
    mutating func notPublishedOnHost() {
        addDocker()
        network.change("host") {
            $0.listeners = [Listener(protocol: "tcp", address: address("0.0.0.0"), port: 22, process: "sshd")]
        }
        let probe = Probe.tcp(80, to: "203.0.113.2", from: "203.0.113.1")
        let reset = probe.refusal
        let first = network.findings(
            probe.walk(.delivered, through: [.sent("wan"), .out("wan", "wan0"), .into("host", "eth0")]),
            reply: reset.walk(.delivered, through: [.out("host", "eth0"), .into("wan", "wan0")], answers: "x")
        ).first
        #expect(first?.code == "port-not-published")
        #expect(first?.message.contains("alpha") == true)
    }

    @Test("Docker's FORWARD policy alone is a policy-drop, mended in DOCKER-USER")
    mutating func dockerPolicy() {
        addDocker()
        let first = network.findings(Probe.ping.walk(.lost, through: toBridge)).first
        #expect(first?.code == "policy-drop")
        #expect(
            first?.remedy?.commands.first
                == "iptables -I DOCKER-USER -i mybridge -o eth0 -s 172.19.0.2 -d 198.51.100.1 -p icmp -j ACCEPT")
        #expect(first?.remedy?.commands.count == 2)
    }

    // MARK: VXLAN

    /// Two hosts with a VXLAN each, joined by wire; `one` and `two` hold addresses on the devices themselves.
    func overlay(_ change: (inout Link, inout Link) -> Void) -> Topology {
        var first = Link(
            name: "vx", index: 3, kind: "vxlan", mac: mac(0x80), mtu: 1450, addresses: [prefix("10.1.0.1/24")],
            vxlan: Link.VXLAN(identifier: 42, port: 4789, remote: address("203.0.113.6"), local: address("203.0.113.5"))
        )
        var second = Link(
            name: "vx", index: 3, kind: "vxlan", mac: mac(0x81), mtu: 1450, addresses: [prefix("10.1.0.2/24")],
            vxlan: Link.VXLAN(identifier: 42, port: 4789, remote: address("203.0.113.5"), local: address("203.0.113.6"))
        )
        change(&first, &second)
        func node(_ name: String, _ text: String, _ link: Link, peer: String) -> Namespace {
            Namespace(
                name: name, inode: 50, path: "/run/netns/\(name)",
                links: [
                    loopback(),
                    Link(
                        name: "up0", index: 2, kind: "veth", mac: mac(name == "one" ? 0x82 : 0x83),
                        addresses: [prefix(text)], peer: Link.Peer(namespace: peer, device: "up0")),
                    link,
                ],
                routes: [
                    Route(destination: prefix("203.0.113.0/24"), device: "up0"),
                    Route(destination: prefix("10.1.0.0/24"), device: "vx"),
                ], sysctls: sysctls(forwarding: false, devices: ["up0", "vx"]))
        }
        return Topology(
            host: "t", time: "",
            namespaces: [
                node("one", "203.0.113.5/24", first, peer: "two"), node("two", "203.0.113.6/24", second, peer: "one"),
            ])
    }

    @Test(
        "vxlan-unreachable: which of remote, FDB and VNI",
        arguments: [("remote", "203.0.113.66"), ("fdb", "no remote and no FDB entry"), ("vni", "43")])
    mutating func vxlan(what: String, words: String) {
        network.topology = overlay { first, second in
            switch what {
            case "remote": first.vxlan?.remote = address("203.0.113.66")
            case "fdb": first.vxlan?.remote = nil
            default: second.vxlan?.identifier = 43
            }
        }
        let first = network.findings(
            Probe(source: "10.1.0.1", destination: "10.1.0.2").walk(.lost, through: [.sent("one")])
        )
        .first
        #expect(first?.code == "vxlan-unreachable")
        #expect(first?.where == Finding.Place(namespace: "one", device: "vx"))
        #expect(first?.message.contains(words) == true)
    }

    @Test("a VXLAN that is right is no cause")
    mutating func vxlanRight() {
        network.topology = overlay { _, _ in }
        let findings = network.findings(
            Probe(source: "10.1.0.1", destination: "10.1.0.2").walk(.lost, through: [.sent("one")]))
        #expect(findings.first?.code == "lost-unexplained")
        #expect(findings.first?.severity == .warning)
    }

    // MARK: What decides between candidates

    @Test("two faults: the one that stops the packet first is named first, the other is next in line")
    mutating func twoFaults() {
        network.change("host") { $0.sysctls = sysctls(forwarding: false, devices: ["mybridge", "eth0"]) }
        network.add(iptables("filter", "FORWARD", rules: ["-p icmp -j DROP"]))
        let findings = network.findings(Probe.ping.walk(.lost, through: toBridge))
        #expect(findings.map(\.code).prefix(2) == ["forwarding-disabled", "rule-drop"])
        #expect(findings.map(\.severity).prefix(2) == [.error, .warning])
    }

    @Test("the kernel's reason rules out what does not show by it")
    mutating func reasonDecides() {
        network.change("host") { $0.sysctls = sysctls(forwarding: false, devices: ["mybridge", "eth0"]) }
        network.add(iptables("raw", "PREROUTING", rules: ["-m set --match-set bad src -j DROP"]))
        let stop = Stop(namespace: "host", cause: .kernelDrop(reason: "NETFILTER_DROP", location: "nf_hook_slow"))
        let first = network.findings(Probe.ping.walk(.dropped, through: toBridge, stop: stop)).first
        #expect(first?.code == "rule-drop")
        #expect(first?.rule?.table == "raw")
    }

    @Test("a reason that nothing explains stays unknown, with its true place")
    mutating func unknown() {
        let stop = Stop(namespace: "host", cause: .kernelDrop(reason: "IP_INHDR", location: "ip_rcv_core"))
        let first = network.findings(Probe.ping.walk(.dropped, through: toBridge, stop: stop)).first
        #expect(first?.code == "unknown-drop")
        #expect(first?.severity == .warning)
        #expect(first?.where.namespace == "host")
        #expect(first?.message.contains("IP_INHDR") == true)
        #expect(first?.checks.contains { $0.holds == false } == true)
    }

    @Test("the traced rule decides, wherever the snapshot would have stopped the packet")
    mutating func traced() {
        network.add(
            iptables("filter", "FORWARD", rules: ["-p icmp -m limit --limit 1/s -j ACCEPT", "-i mybridge -j DROP"]))
        let rule = RuleReference(
            family: "ip", table: "filter", chain: "FORWARD", position: 2, handle: 11, verdict: "drop")
        let stop = Stop(namespace: "host", hook: .forward, rule: rule)
        let first = network.findings(Probe.ping.walk(.dropped, through: toBridge, stop: stop)).first
        #expect(first?.code == "rule-drop")
        #expect(first?.severity == .error)
        #expect(first?.rule?.text == "-A FORWARD -i mybridge -j DROP")
    }

    @Test("a condition that can't be told makes a warning of it")
    mutating func doubt() {
        network.add(iptables("filter", "FORWARD", rules: ["-m set --match-set friends src -j ACCEPT", "-j DROP"]))
        let first = network.findings(Probe.ping.walk(.lost, through: toBridge)).first
        #expect(first?.code == "rule-drop")
        #expect(first?.severity == .warning)
        #expect(first?.evidence.contains { $0.description.contains("friends") } == true)
    }

    @Test("where a source lost events nothing is proven by an absence")
    mutating func losses() {
        network.add(iptables("filter", "FORWARD", rules: ["-j DROP"]))
        var walk = Probe.ping.walk(.lost, through: toBridge)
        walk.losses = [WalkLoss(vantage: "host eth0 out", lost: 12)]
        let result = network.explained(walk)
        #expect(result.findings.first?.severity == .warning)
        #expect(result.walk.outcome == .lost)
    }

    @Test(
        "what was lost of drops, rules and connections, as by a flood that has nothing to do with it, takes nothing from a cause",
        arguments: ["drop reasons", "rule trace host", "conntrack host"])
    mutating func otherLosses(source: String) {
        network.add(iptables("filter", "FORWARD", rules: ["-j DROP"]))
        var walk = Probe.ping.walk(.lost, through: toBridge)
        walk.losses = [WalkLoss(vantage: source, lost: 12)]
        let result = network.explained(walk)
        #expect(result.findings.first?.code == "rule-drop")
        #expect(result.findings.first?.severity == .error)
        #expect(result.walk.outcome == .dropped)
    }

    @Test("what lies behind the place where it was expected is not the cause")
    mutating func boundary() {
        network.change("wan") { $0.links[1].isUp = false }
        var walk = Probe.ping.walk(.lost, through: toBridge)
        walk.expectedNext = Hop(
            index: 4, namespace: "host", device: "eth0", vantage: .link, direction: .out,
            packet: Hop.Packet(source: "172.19.0.2", destination: "198.51.100.1"))
        let before = network.findings(walk).first
        #expect(before?.code == "link-down" || before?.code == "lost-unexplained")
    }

    @Test("a lost packet in a network without faults is left unexplained, as a warning with its checks")
    mutating func unexplained() {
        let findings = network.findings(Probe.ping.walk(.lost, through: toBridge))
        #expect(findings.first?.code == "lost-unexplained")
        #expect(findings.allSatisfy { $0.severity != .error })
        #expect(findings.first?.checks.isEmpty == false)
    }
}
