import Network
import Observations
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// Frames that came to a machine that they were not meant for, by hand-written networks.
@Suite("Whom a frame was meant for")
struct HandoverTests {
    /// Two hosts on a switch that can't be seen: mynamespace veth1 172.19.0.2/24, other eth0 172.19.0.3/24.
    var network = BaseNetwork()

    init() {
        network.topology.namespaces.removeAll { $0.name != "mynamespace" }
        network.change("mynamespace", link: "veth1") { $0.peer = nil }
        network.topology.namespaces.append(
            Namespace(
                name: "other", inode: 4, path: "/run/netns/other",
                links: [
                    loopback(),
                    Link(
                        name: "eth0", index: 2, kind: "ethernet", mac: mac(0x50), addresses: [prefix("172.19.0.3/24")]),
                ],
                routes: [Route(destination: prefix("172.19.0.0/24"), device: "eth0", origin: "kernel")],
                sysctls: sysctls(forwarding: false, devices: ["eth0"])))
    }

    private mutating func entry(_ hop: IPAddress, _ state: NeighborState = .reachable, last: UInt64 = 0x50) {
        network.change("mynamespace") {
            $0.neighbors = [Neighbor(address: hop, device: "veth1", mac: mac(last), state: state)]
        }
    }

    /// Of a packet that left mynamespace and came to other, which dropped it.
    private func stopped(_ destination: IPAddress) -> [Finding] {
        let walk = Probe(destination: destination).walk(
            .dropped, through: [.sent("mynamespace"), .out("mynamespace", "veth1"), .into("other", "eth0")],
            stop: Stop(
                namespace: "other", device: "eth0",
                cause: .kernelDrop(reason: "IP_INADDRERRORS", location: "ip_error")))
        return network.findings(walk)
    }

    private func commands(_ findings: [Finding]) -> [String] {
        findings.flatMap { $0.remedy?.commands ?? [] }
    }

    @Test("an entry with the MAC address of a host beyond an unseen switch is named, and that host is made no router")
    mutating func moved() {
        entry("172.19.0.9")
        let findings = stopped("172.19.0.9")
        #expect(findings.first?.code == "stale-neighbor")
        #expect(findings.first?.severity == .warning)
        #expect(findings.first?.where == Finding.Place(namespace: "mynamespace", device: "veth1"))
        #expect(commands(findings) == ["ip -n mynamespace neigh del 172.19.0.9 dev veth1"])
    }

    @Test("an entry that somebody configured is not deleted where it can't be seen who has its address")
    mutating func configured() {
        entry("172.19.0.9", .permanent)
        let findings = stopped("172.19.0.9")
        #expect(findings.first?.code == "stale-neighbor")
        #expect(commands(findings).isEmpty)
    }

    @Test("the gateway's address at another machine: the one that got the packet is no router")
    mutating func gateway() {
        entry("172.19.0.1")
        let findings = stopped("198.51.100.1")
        #expect(findings.first?.code == "stale-neighbor")
        #expect(commands(findings) == ["ip -n mynamespace neigh del 172.19.0.1 dev veth1"])
    }

    @Test("where the entry has gone, the machine that got the packet is still made no router")
    mutating func forgotten() {
        let findings = stopped("172.19.0.9")
        #expect(findings.first?.code == "stale-neighbor")
        #expect(commands(findings).isEmpty)
    }

    @Test("a machine that is the sender's gateway is told to forward")
    mutating func meant() {
        network.change("mynamespace") {
            $0.routes[1].gateway = address("172.19.0.3")
            $0.neighbors = [
                Neighbor(address: address("172.19.0.3"), device: "veth1", mac: mac(0x50), state: .reachable)
            ]
        }
        network.change("other") {
            $0.routes.append(
                Route(destination: prefix("198.51.100.0/24"), gateway: address("10.0.0.1"), device: "eth1"))
        }
        let findings = stopped("198.51.100.1")
        #expect(findings.first?.code == "forwarding-disabled")
        #expect(commands(findings) == ["ip netns exec other sysctl -w net.ipv4.ip_forward=1"])
    }

    @Test("a gateway that nobody has, written as the one other end of a link, stands for that end")
    func staticGateway() {
        var network = BaseNetwork()
        network.change("host") { host in
            host.links.removeAll { $0.name == "mybridge" }
            for index in host.links.indices where host.links[index].name == "veth0" {
                host.links[index].master = nil
                host.links[index].bridgePort = nil
            }
            host.routes[0] = Route(destination: prefix("172.19.0.2/32"), device: "veth0")
            host.sysctls.merge(sysctls(forwarding: false, devices: ["veth0", "eth0"])) { $1 }
        }
        network.change("mynamespace") {
            $0.routes[1].gateway = address("169.254.1.1")
            $0.neighbors = [
                Neighbor(address: address("169.254.1.1"), device: "veth1", mac: mac(0x10), state: .permanent)
            ]
        }
        let walk = Probe.ping.walk(
            .dropped, through: [.sent("mynamespace"), .out("mynamespace", "veth1"), .into("host", "veth0")],
            stop: Stop(
                namespace: "host", device: "veth0",
                cause: .kernelDrop(reason: "IP_INADDRERRORS", location: "ip_error")))
        let findings = network.findings(walk)
        #expect(findings.first?.code == "forwarding-disabled")
        #expect(findings.first?.severity == .error)
    }
}
