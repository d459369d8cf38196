import Network
import Observations
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// What keeps a sender from its next hop although somebody has the address, on hand-written networks.
@Suite("Neighbours and bridges")
struct NeighbourCauseTests {
    /// The base network with another namespace on the bridge: other eth0 172.19.0.3/24 ── veth2, a port of mybridge.
    var network = BaseNetwork()

    init() {
        let port = Self.port("veth2", index: 6, mac: 0x60, peer: "other", "eth0")
        network.change("host") { $0.links.append(port) }
        network.topology.namespaces.append(
            Namespace(
                name: "other", inode: 4, path: "/run/netns/other",
                links: [
                    loopback(),
                    Link(
                        name: "eth0", index: 2, kind: "veth", mac: mac(0x50), addresses: [prefix("172.19.0.3/24")],
                        peer: Link.Peer(namespace: "host", device: "veth2")),
                ],
                routes: [Route(destination: prefix("172.19.0.0/24"), device: "eth0", origin: "kernel")],
                sysctls: sysctls(forwarding: false, devices: ["eth0"])))
    }

    private static func port(_ name: String, index: UInt32, mac last: UInt64, peer: String, _ device: String) -> Link {
        Link(
            name: name, index: index, kind: "veth", mac: mac(last), master: "mybridge",
            peer: Link.Peer(namespace: peer, device: device), bridgePort: Link.BridgePort(state: "forwarding"))
    }

    private mutating func entry(_ hop: IPAddress, _ state: NeighborState, _ last: UInt64? = nil) {
        network.change("mynamespace") {
            $0.neighbors = [Neighbor(address: hop, device: "veth1", mac: last.map { mac($0) }, state: state)]
        }
    }

    /// Of an echo request that waits for its neighbour in mynamespace.
    private func waiting(_ destination: IPAddress = "172.19.0.3") -> [Finding] {
        let probe = Probe(destination: destination)
        let walk = probe.walk(
            .rejected, through: [.sent("mynamespace"), .hook("mynamespace", .postrouting, .srcnat)],
            stop: Stop(
                namespace: "mynamespace", hook: .postrouting,
                cause: .kernelDrop(reason: "NEIGH_FAILED", location: "arp_error_report")))
        return network.findings(walk)
    }

    private func commands(_ finding: Finding?) -> [String] {
        finding.map { $0.remedy?.actions.map { "\($0.change)" } ?? [] } ?? []
    }

    // MARK: Symptoms

    @Test("that nobody replied is no certain cause where somebody has the address")
    mutating func symptom() {
        entry("172.19.0.3", .failed)
        let first = waiting().first
        #expect(first?.code == "neighbor-unresolved")
        #expect(first?.severity == .warning)
    }

    @Test("a gateway past what can be seen that does not reply is a warning")
    mutating func outside() {
        network.topology.namespaces.removeAll { $0.name == "wan" }
        network.change("host", link: "eth0") {
            $0.peer = nil
            $0.kind = "ethernet"
        }
        network.change("host") {
            $0.neighbors = [Neighbor(address: address("203.0.113.1"), device: "eth0", state: .failed)]
        }
        let walk = Probe.ping.walk(
            .rejected, through: toBridge + [.hook("host", .postrouting, .srcnat)],
            stop: Stop(
                namespace: "host", hook: .postrouting,
                cause: .kernelDrop(reason: "NEIGH_FAILED", location: "arp_error_report")))
        let first = network.findings(walk).first
        #expect(first?.code == "gateway-unreachable")
        #expect(first?.severity == .warning)
        #expect(first?.message.contains("can't be seen") == true)
    }

    /// Findings of a packet that waits in host for its gateway, beyond what can be seen.
    private mutating func waitingForGateway(before: Link.Queue? = nil, after: Link.Queue? = nil) -> [Finding] {
        network.topology.namespaces.removeAll { $0.name == "wan" }
        network.change("host", link: "eth0") {
            $0.peer = nil
            $0.kind = "ethernet"
            $0.queueing = "htb"
            $0.queue = before
        }
        network.change("host") {
            $0.neighbors = [Neighbor(address: address("203.0.113.1"), device: "eth0", state: .failed)]
        }
        let earlier = network.topology
        network.change("host", link: "eth0") { $0.queue = after }
        let walk = Probe.ping.walk(
            .rejected, through: toBridge + [.hook("host", .postrouting, .srcnat)],
            stop: Stop(
                namespace: "host", hook: .postrouting,
                cause: .kernelDrop(reason: "NEIGH_FAILED", location: "arp_error_report")))
        let context = DiagnosisContext(topology: network.topology, before: earlier)
        return Diagnosis.findings(for: walk, reply: nil, context: context).findings
    }

    @Test("a queue that dropped packets meanwhile comes before the gateway that did not reply")
    mutating func droppedQuestion() {
        let queue = Link.Queue(handle: "1:", drops: 4)
        var after = queue
        after.drops = 7
        let first = waitingForGateway(before: queue, after: after).first
        #expect(first?.code == "queue-full")
        #expect(first?.where == Finding.Place(namespace: "host", device: "eth0"))
        #expect(first?.message.contains("the ARP request for 203.0.113.1") == true)
        #expect(waitingForGateway(before: queue, after: queue).first?.code == "gateway-unreachable")
    }

    @Test("a rule of the device by which the reply comes in is asked, though the gateway can't be seen")
    mutating func droppedAtDevice() {
        network.add(
            nft(
                "netdev", "strict", "in", hook: .ingress, device: "eth0",
                rules: [
                    (
                        "arp operation reply drop",
                        #"[{"match":{"op":"==","left":{"payload":{"protocol":"arp","field":"operation"}},"right":"reply"}},{"drop":null}]"#
                    )
                ]))
        let first = waitingForGateway().first
        #expect(first?.code == "rule-drop" && first?.severity == .error)
        #expect(first?.where == Finding.Place(namespace: "host", hook: .ingress, device: "eth0"))
        #expect(first?.message.contains("the ARP reply for 203.0.113.1 on eth0") == true)
    }

    // MARK: Who does not reply

    @Test("arp-ignored names the setting that counts, and lowers it")
    mutating func ignored() {
        entry("172.19.0.3", .failed)
        network.setting("net.ipv4.conf.all.arp_ignore", "8", in: "other")
        let first = waiting().first
        #expect(first?.code == "arp-ignored")
        #expect(first?.severity == .error)
        #expect(first?.where.namespace == "other")
        #expect(commands(first).count == 1)
        #expect(commands(first).first?.contains("net.ipv4.conf.all.arp_ignore") == true)
    }

    @Test("reverse-path-filter judges who asks, too")
    mutating func refused() {
        entry("172.19.0.3", .failed)
        network.setting("net.ipv4.conf.eth0.rp_filter", "1", in: "other")
        network.change("other") { $0.routes.append(Route(destination: prefix("172.19.0.2/32"), device: "tun0")) }
        let first = waiting().first
        #expect(first?.code == "reverse-path-filter")
        #expect(first?.severity == .error)
        #expect(first?.where.namespace == "other")
        #expect(first?.message.contains("tun0") == true)
    }

    @Test("proxy-without-route: a default route by a router that can be seen mends it")
    mutating func proxy() {
        network.change("mynamespace") {
            $0.links[1].addresses = [prefix("172.19.0.2/32")]
            $0.routes = [
                Route(destination: prefix("169.254.1.1/32"), device: "veth1"),
                Route(destination: prefix("0.0.0.0/0"), gateway: address("169.254.1.1"), device: "veth1"),
            ]
        }
        network.change("host") { host in host.routes.removeAll { $0.destination.length == 0 } }
        network.setting("net.ipv4.conf.mybridge.proxy_arp", "1", in: "host")
        entry("169.254.1.1", .failed)
        let findings = waiting("203.0.113.1")
        #expect(findings.first?.code == "proxy-without-route")
        #expect(findings.first?.where.namespace == "host")
        #expect(!findings.contains { $0.code == "gateway-unreachable" })
        #expect(commands(findings.first).first?.contains("203.0.113.1") == true)
    }

    @Test("port-without-bridge")
    mutating func loose() {
        entry("172.19.0.3", .failed)
        network.change("host", link: "veth2") { $0.master = nil }
        let findings = waiting()
        #expect(findings.first?.code == "port-without-bridge")
        #expect(findings.first?.where.device == "veth2")
        #expect(findings.count == 1)
        // One that has a route is not forgotten: the host leads there, and does not reply for it.
        network.change("host") { $0.routes.append(Route(destination: prefix("172.19.0.3/32"), device: "veth2")) }
        #expect(waiting().first?.code == "proxy-missing")
    }

    @Test("an ARP rule of other: its condition decides, and both directions are let in by the fix")
    mutating func arpRule() {
        entry("172.19.0.3", .failed)
        let request =
            #"[{"match":{"op":"==","left":{"payload":{"protocol":"arp","field":"operation"}},"right":"request"}},{"drop":null}]"#
        let reply = request.replacing("request", with: "reply")
        network.add(
            nft("arp", "filter", "input", hook: .input, rules: [("arp operation reply drop", reply)]), to: "other")
        #expect(waiting().first?.code == "neighbor-unresolved")
        network.add(
            nft("arp", "filter", "more", hook: .input, rules: [("arp operation request drop", request)]), to: "other")
        let first = waiting().first
        #expect(first?.code == "rule-drop")
        #expect(first?.where.namespace == "other")
        #expect(first?.message.contains("ARP request") == true)
        #expect(commands(first).first?.contains("{ 172.19.0.2, 172.19.0.3 }") == true)
    }

    // MARK: Wrong MAC addresses

    private func lost(at sights: [Sight], stop: Stop? = nil) -> [Finding] {
        let walk = Probe(destination: "172.19.0.3").walk(.dropped, through: sights, stop: stop)
        return network.findings(walk)
    }

    @Test("stale-neighbor: a frame that comes to the old holder makes no router of it")
    mutating func stale() {
        network.topology.namespaces.append(
            Namespace(
                name: "old", inode: 5, path: "/run/netns/old",
                links: [
                    loopback(),
                    Link(
                        name: "eth0", index: 2, kind: "veth", mac: mac(0x51), addresses: [prefix("172.19.0.4/24")],
                        peer: Link.Peer(namespace: "host", device: "veth3")),
                ], routes: [Route(destination: prefix("172.19.0.0/24"), device: "eth0", origin: "kernel")],
                sysctls: sysctls(forwarding: false, devices: ["eth0"])))
        let port = Self.port("veth3", index: 7, mac: 0x61, peer: "old", "eth0")
        network.change("host") { $0.links.append(port) }
        entry("172.19.0.3", .reachable, 0x51)
        let findings = lost(
            at: [
                .sent("mynamespace"), .out("mynamespace", "veth1"), .into("host", "veth0"), .out("host", "veth3"),
                .into("old", "eth0"), .hook("old", .prerouting, .dstnat),
            ],
            stop: Stop(
                namespace: "old", hook: .prerouting,
                cause: .kernelDrop(reason: "IP_INADDRERRORS", location: "ip_error")))
        #expect(findings.first?.code == "stale-neighbor")
        #expect(findings.first?.severity == .error)
        #expect(findings.first?.where.namespace == "mynamespace")
        #expect(findings.first?.message.contains("eth0 in other (02:00:00:00:00:50)") == true)
        #expect(!findings.contains { $0.code == "forwarding-disabled" })
        #expect(commands(findings.first).first?.contains("neigh") == true)
    }

    @Test("stale-neighbor: a permanent entry is replaced")
    mutating func permanent() {
        entry("172.19.0.3", .permanent, 0x99)
        let first = lost(at: [.sent("mynamespace"), .hook("mynamespace", .postrouting, .srcnat)]).first
        #expect(first?.code == "stale-neighbor")
        #expect(first?.message.contains("of no device on the link") == true)
        #expect(commands(first).first?.contains("replace") == true)
    }

    @Test("a right entry is none")
    mutating func right() {
        entry("172.19.0.3", .reachable, 0x50)
        #expect(
            lost(at: [.sent("mynamespace"), .hook("mynamespace", .postrouting, .srcnat)]).first?.code
                == "lost-unexplained")
    }

    @Test("fdb-misdirected: a frame to the right address that the bridge sends elsewhere")
    mutating func forwardingDatabase() {
        entry("172.19.0.3", .reachable, 0x50)
        network.change("host", link: "mybridge") {
            $0.bridge?.fdb = [FDBEntry(mac: mac(0x50), device: "veth0", permanent: false)]
        }
        let sights: [Sight] = [.sent("mynamespace"), .hook("mynamespace", .postrouting, .srcnat)]
        #expect(lost(at: sights).first?.code == "fdb-misdirected")
        network.change("host", link: "mybridge") {
            $0.bridge?.fdb = [FDBEntry(mac: mac(0x50), device: "veth2", permanent: false)]
        }
        #expect(lost(at: sights).first?.code == "lost-unexplained")
    }

    @Test("fdb-misdirected: an entry of another VLAN is not asked", arguments: [(UInt16(10), true), (20, false)])
    mutating func forwardingDatabaseOfVLAN(vlan: UInt16, isMet: Bool) {
        entry("172.19.0.3", .reachable, 0x50)
        for port in ["veth0", "veth2"] {
            network.change("host", link: port) {
                $0.bridgePort?.pvid = 10
                $0.bridgePort?.vlans = [10]
            }
        }
        network.change("host", link: "mybridge") {
            $0.bridge?.vlanFiltering = true
            $0.bridge?.fdb = [FDBEntry(mac: mac(0x50), device: "veth0", vlan: vlan)]
        }
        let first = lost(at: [.sent("mynamespace"), .hook("mynamespace", .postrouting, .srcnat)]).first
        #expect((first?.code == "fdb-misdirected") == isMet, "\(first?.message ?? "")")
    }

    // MARK: Bridges and macvlan

    @Test("mtu-exceeded: a bridge's port")
    mutating func portMTU() {
        entry("172.19.0.3", .reachable, 0x50)
        network.change("host", link: "veth2") { $0.mtu = 1400 }
        var probe = Probe(destination: "172.19.0.3")
        probe.length = 1478
        let walk = probe.walk(
            .lost, through: [.sent("mynamespace"), .out("mynamespace", "veth1"), .into("host", "veth0")])
        let first = network.findings(walk).first
        #expect(first?.code == "mtu-exceeded")
        #expect(first?.where.device == "veth2")
    }

    @Test(
        "mtu-exceeded: br_netfilter cuts IPv4 that may be fragmented, and drops the rest",
        arguments: [(true, true, "mtu-exceeded"), (true, false, "lost-unexplained"), (false, false, "mtu-exceeded")])
    mutating func fragmentingBridge(isOn: Bool, dontFragment: Bool, code: FindingCode) {
        entry("172.19.0.3", .reachable, 0x50)
        network.change("host", link: "veth2") { $0.mtu = 1400 }
        network.change("host") { $0.sysctls["net.bridge.bridge-nf-call-iptables"] = isOn ? "1" : "0" }
        var probe = Probe(destination: "172.19.0.3")
        probe.length = 1478
        var walk = probe.walk(
            .lost, through: [.sent("mynamespace"), .out("mynamespace", "veth1"), .into("host", "veth0")])
        for index in walk.hops.indices { walk.hops[index].packet.dontFragment = dontFragment }
        let first = Diagnosis.findings(for: walk, reply: nil, context: DiagnosisContext(topology: network.topology))
            .findings.first
        #expect(first?.code == code, "\(first?.message ?? "")")
    }

    /// The namespaces `one` and `two` have macvlan devices on eth0 of host.
    private mutating func stack(_ modes: (LinkMode, LinkMode), reflecting: Bool = false) {
        for (index, mode) in [modes.0, modes.1].enumerated() {
            var link = Link(
                name: "eth0", index: 2, kind: .macvlan, mac: mac(0x70 + UInt64(index)),
                addresses: [prefix("203.0.113.\(21 + index)/24")])
            link.lower = "eth0"
            link.lowerNamespace = "host"
            link.mode = mode
            network.topology.namespaces.append(
                Namespace(
                    name: ["one", "two"][index], inode: 10 + UInt64(index), path: "", links: [loopback(), link],
                    routes: [Route(destination: prefix("203.0.113.0/24"), device: "eth0", origin: "kernel")]))
        }
        network.change("one") { $0.neighbors = [Neighbor(address: "203.0.113.22", device: "eth0", state: .failed)] }
        guard reflecting else { return }
        network.change("wan") { wan in
            wan.links[1].master = "switch"
            wan.links[1].bridgePort = Link.BridgePort(state: .forwarding, hairpin: true)
            wan.links.append(Link(name: "switch", index: 3, kind: .bridge, bridge: Link.Bridge(vlanFiltering: false)))
        }
    }

    private func between(_ destination: IPAddress = "203.0.113.22") -> Finding? {
        let walk = Probe(source: "203.0.113.21", destination: destination).walk(
            .rejected, through: [.sent("one"), .hook("one", .postrouting, .srcnat)],
            stop: Stop(
                namespace: "one", hook: .postrouting,
                cause: .kernelDrop(reason: "NEIGH_FAILED", location: "arp_error_report")))
        return network.findings(walk).first
    }

    @Test(
        "macvlan-isolated: modes",
        arguments: [("vepa", "vepa"), ("bridge", "private"), ("private", "private")] as [(LinkMode, LinkMode)])
    mutating func modes(one: LinkMode, two: LinkMode) {
        stack((one, two))
        #expect(between()?.code == "macvlan-isolated")
        #expect(commands(between()).count == (one == "bridge" ? 1 : 2))
    }

    @Test("two in mode bridge, or behind a switch that reflects, exchange frames")
    mutating func open() {
        stack(("bridge", "bridge"))
        #expect(between()?.code == "neighbor-unresolved")
        network = BaseNetwork()
        stack(("vepa", "vepa"), reflecting: true)
        #expect(between()?.code == "neighbor-unresolved")
    }

    @Test("macvlan-isolated: the device below")
    mutating func parent() {
        stack(("bridge", "bridge"))
        network.change("one") { $0.neighbors = [Neighbor(address: "203.0.113.2", device: "eth0", state: .failed)] }
        let first = between("203.0.113.2")
        #expect(first?.code == "macvlan-isolated")
        #expect(first?.message.contains("never exchange frames") == true)
    }
}
