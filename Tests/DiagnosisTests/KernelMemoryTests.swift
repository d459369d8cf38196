import Network
import Observations
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// What the kernel does on its own account: proxies of SYNs, path MTUs that it remembers, its own packets that come back.
@Suite("What the kernel does by itself")
struct KernelMemoryTests {
    var network = BaseNetwork()

    private func decision(_ change: (inout RouteDecision) -> Void) -> RouteDecision {
        var decision = RouteDecision(
            timeNanoseconds: 0, namespace: "mynamespace",
            tuple: FlowTuple(
                source: address("172.19.0.2"), destination: address("198.51.100.1"), sourcePort: 0, destinationPort: 0,
                ipProtocol: .icmp), kind: "unicast", table: .main, outDevice: "veth1", gateway: address("172.19.0.1"))
        change(&decision)
        return decision
    }

    @Test("a send that fails with EMSGSIZE for a path MTU that the sender remembers")
    func remembered() {
        let walk = Probe.ping.walk(.unsent, through: [.sent("mynamespace")])
        let findings = network.findings(walk) { context in
            context.routes = [decision { $0.pathMTU = 1300 }]
            context.sendFailures = [
                SendFailure(
                    timeNanoseconds: 0, namespace: "mynamespace", tuple: context.routes[0].tuple, errorNumber: 90,
                    message: "Message too long")
            ]
        }
        #expect(findings.first?.code == "mtu-exceeded")
        #expect(findings.first?.severity == .error)
        #expect(findings.first?.message.contains("remembers for it (mtu 1300)") == true)
        #expect(findings.first?.remedy?.commands == ["ip -n mynamespace route flush cache"])
    }

    @Test("a packet with DF that is longer than what its sender remembers is noted")
    func noted() {
        var probe = Probe.ping
        (probe.length, probe.dontFragment) = (1428, true)
        var walk = probe.walk(.delivered, through: toWan)
        walk.hops[0].route = decision { $0.pathMTU = 1300 }
        let notes = Contrast(walk, network.topology).findings().notes
        #expect(notes.map(\.code) == ["mtu-exceeded"])
        #expect(notes.first?.message.contains("(mtu 1300)") == true)
        walk.hops[0].route = decision { $0.pathMTU = 1428 }
        #expect(Contrast(walk, network.topology).findings().notes.isEmpty)
    }

    @Test("that the kernel does not say where it sends what has a foreign source is no missing route")
    func foreignSource() {
        let probe = Probe(kind: .tcp(flags: .ack), source: "198.51.100.9", sourcePort: 80, destinationPort: 40000)
        let walk = probe.walk(
            .lost, through: [.hook("host", .output, .filter), .hook("host", .postrouting, .srcnat)])
        let findings = network.findings(walk) { context in
            context.routes = [
                decision {
                    $0.namespace = "host"
                    $0.tuple.source = address("198.51.100.9")
                    ($0.kind, $0.outDevice, $0.gateway, $0.errorNumber) = (nil, nil, nil, 101)
                }
            ]
        }
        #expect(findings.allSatisfy { $0.code != "no-route" })
    }

    private mutating func proxy() {
        network.add(
            iptables(
                "filter", "FORWARD",
                rules: [
                    "-p tcp -m tcp --dport 80 -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY --mss 1460",
                    "-m conntrack --ctstate INVALID -j DROP",
                ]))
    }

    @Test("what a SYN proxy takes is no loss, whatever the rules after it say")
    mutating func taken() {
        proxy()
        let probe = Probe(
            kind: .tcp(flags: .ack), source: "172.19.0.2", sourcePort: 40000, destinationPort: 80, length: 52)
        let walk = probe.walk(.lost, through: toBridge + [.hook("host", .forward, .filter)])
        let (findings, ended) = network.explained(walk)
        #expect(findings.isEmpty)
        #expect(ended.outcome == .delivered)
    }

    @Test("the answer to a SYN that a proxy made in the name of a client may go to that client")
    mutating func madeByProxy() {
        proxy()
        let syn = Probe.tcp(80, to: "198.51.100.1")
        let request = syn.walk(.delivered, through: [.out("host", "eth0"), .into("wan", "wan0")])
        let reply = syn.reply.walk(
            .delivered, through: [.out("wan", "wan0"), .into("host", "eth0"), .into("mynamespace", "veth1")])
        let walk = network.explained(request, reply: reply).walk
        #expect(Exchange(request: walk, reply: reply).arrived)
        #expect(!Exchange(request: request, reply: reply).arrived)
    }

    @Test("a packet that its own sender gets back by another device asks for accept_local there")
    mutating func cameBack() {
        network.change("host", link: "eth0") { $0.addresses.append(prefix("172.19.0.9/32")) }
        let probe = Probe(source: "172.19.0.1", destination: "203.0.113.2")
        let walk = probe.walk(
            .dropped, through: [.sent("host"), .out("host", "mybridge"), .into("host", "eth0")],
            stop: Stop(
                namespace: "host", device: "eth0",
                cause: .kernelDrop(reason: "IP_LOCAL_SOURCE", location: "ip_rcv_finish_core")))
        let first = network.findings(walk).first
        #expect(first?.code == "kernel-refusal")
        #expect(first?.severity == .error)
        #expect(first?.remedy?.commands == ["sysctl -w net.ipv4.conf.eth0.accept_local=1"])
    }

    @Test("a wrong checksum over IPv6 may be none at all")
    func checksum() {
        let stop = Stop(
            namespace: "wan", hook: .input, cause: .kernelDrop(reason: "UDP_CSUM", location: "__udp6_lib_rcv"))
        let six = Probe.udp(53, to: "2001:db8:51::1", from: "fd00:172:19::2").walk(.dropped, through: toWan, stop: stop)
        #expect(network.findings(six).first?.message.contains("a checksum of 0") == true)
        let four = Probe.udp(53, to: "198.51.100.1").walk(.dropped, through: toWan, stop: stop)
        #expect(network.findings(four).first?.message.contains("a checksum of 0") == false)
    }

    @Test("the asker's own socket is not among those that listen")
    mutating func ownSocket() {
        network.change("mynamespace") {
            $0.listeners = [
                Listener(protocol: "udp", address: "0.0.0.0", port: 40000, process: "asker"),
                Listener(protocol: "udp", address: "0.0.0.0", port: 68, process: "dhclient"),
            ]
        }
        let probe = Probe.udp(53, to: "172.19.0.2")
        let walk = probe.walk(
            .dropped, through: [.sent("mynamespace"), .out("mynamespace", "lo"), .into("mynamespace", "lo")],
            stop: Stop(namespace: "mynamespace", cause: .kernelDrop(reason: "NO_SOCKET", location: "__udp4_lib_rcv")))
        let first = network.findings(walk).first
        #expect(first?.code == "no-listener")
        #expect(first?.message.contains("dhclient") == true)
        #expect(first?.message.contains("asker") == false)
    }

    @Test("a broadcast to a network that the receiver does not have there")
    mutating func broadcast() {
        network.change("mynamespace", link: "veth1") { $0.addresses = [prefix("172.19.0.2/24")] }
        network.change("host", link: "mybridge") { $0.addresses = [prefix("172.19.0.1/25")] }
        network.change("host") { $0.listeners = [Listener(protocol: "udp", address: "0.0.0.0", port: 5000)] }
        let walk = Probe.udp(5000, to: "172.19.0.255").walk(
            .dropped, through: toBridge,
            stop: Stop(
                namespace: "host", device: "mybridge",
                cause: .kernelDrop(reason: "IP_INADDRERRORS", location: "ip_error")))
        let first = network.findings(walk).first
        #expect(first?.code == "wrong-netmask")
        #expect(first?.severity == .error)
        #expect(first?.where == Finding.Place(namespace: "host", device: "mybridge"))
        #expect(first?.remedy == nil)
    }

    @Test("a macvlan in mode source takes frames only from the senders in its list")
    mutating func source() {
        network.change("host") { host in
            host.links.removeAll { $0.name == "veth0" || $0.name == "mybridge" }
            host.links.append(
                Link(
                    name: "veth0", index: 3, kind: "veth", mac: mac(0x10),
                    peer: Link.Peer(namespace: "mynamespace", device: "veth1")))
        }
        var upper = Link(
            name: "eth0", index: 2, kind: "macvlan", mac: mac(0x60), addresses: [prefix("172.19.0.3/24")],
            lower: "veth0")
        (upper.lowerNamespace, upper.mode, upper.sources) = ("host", .source, [mac(0x99)])
        network.topology.namespaces.append(
            Namespace(
                name: "pod", inode: 5, path: "/run/netns/pod", links: [loopback(), upper],
                routes: [Route(destination: prefix("172.19.0.0/24"), device: "eth0", origin: "kernel")],
                sysctls: sysctls(forwarding: false, devices: ["eth0"])))
        network.change("mynamespace") {
            $0.neighbors = [Neighbor(address: address("172.19.0.3"), device: "veth1", state: .failed)]
        }
        let walk = Probe(destination: "172.19.0.3").walk(
            .rejected, through: [.sent("mynamespace"), .hook("mynamespace", .postrouting, .srcnat)],
            stop: Stop(
                namespace: "mynamespace", hook: .postrouting,
                cause: .kernelDrop(reason: "NEIGH_FAILED", location: "neigh_invalidate")))
        let first = network.findings(walk).first
        #expect(first?.code == "macvlan-isolated")
        #expect(
            first?.remedy?.commands == [
                "ip -n pod link set eth0 type macvlan macaddr add 02:00:00:00:00:11"
            ])
    }
}
