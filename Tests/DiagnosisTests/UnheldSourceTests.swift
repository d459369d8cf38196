import Network
import Observations
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// SNAT to an address that the router does not have.
@Suite("A translated source that nobody has")
struct UnheldSourceTests {
    var network = BaseNetwork()

    init() {
        network.masquerade(nil)
        network.change("host") { host in
            host.netfilter.chains.removeAll { $0.table == "nat" }
            host.netfilter.chains.append(
                iptables("nat", "POSTROUTING", rules: ["-s 172.19.0.0/24 -o eth0 -j SNAT --to-source 203.0.113.77"]))
        }
    }

    private var translated: Probe {
        var probe = Probe.ping
        probe.source = "203.0.113.77"
        return probe
    }

    /// The ping arrived in wan; its reply was not sent, since nobody answered ARP.
    private func first() -> Finding? {
        let request = Probe.ping.walk(.delivered, through: toWan, changed: [4: translated])
        let reply = translated.reply.walk(
            .lost, through: [.sent("wan")],
            stop: Stop(namespace: "wan", cause: .kernelDrop(reason: "NEIGH_FAILED", location: "arp_error_report")),
            answers: request.id)
        return network.findings(request, reply: reply).first
    }

    /// What is said where the far end can't be seen.
    private mutating func hidden() -> Finding? {
        network.topology.namespaces.removeAll { $0.name == "wan" }
        network.change("host", link: "eth0") {
            $0.peer = nil
            $0.kind = "ethernet"
        }
        let request = Probe.ping.walk(.left, through: toBridge + [.out("host", "eth0")], changed: [4: translated])
        return network.findings(request).first
    }

    @Test("the next router looks for it on the link: certain")
    func visible() {
        let finding = first()
        #expect(finding?.code == "source-nat-unheld")
        #expect(finding?.severity == .error)
        #expect(finding?.where == Finding.Place(namespace: "host", hook: .postrouting, device: "eth0"))
        #expect(finding?.message.contains("wan looks for it on the link of wan0") == true)
        #expect(
            finding?.remedy?.commands == [
                "iptables -t nat -I POSTROUTING 1 -o eth0 -s 172.19.0.2 -d 198.51.100.1 -p icmp -j MASQUERADE"
            ])
    }

    @Test("nobody beyond can be seen: a warning")
    mutating func unseen() {
        let finding = hidden()
        #expect(finding?.code == "source-nat-unheld")
        #expect(finding?.severity == .warning)
    }

    @Test("an address that the host has, has a local route for, or replies for, is no cause")
    mutating func held() {
        let broken = network
        network.change("host", link: "eth0") { $0.addresses.append(prefix("203.0.113.77/32")) }
        #expect(hidden()?.code != "source-nat-unheld")
        network = broken
        network.change("host") {
            $0.routes.append(Route(destination: prefix("203.0.113.64/28"), kind: .local, table: .local, device: "lo"))
        }
        #expect(hidden()?.code != "source-nat-unheld")
    }

    @Test("the next router has a route for it that leads back, or a permanent neighbour entry")
    mutating func routed() {
        let broken = network
        network.change("wan") {
            $0.routes.append(Route(destination: prefix("203.0.113.77/32"), gateway: "203.0.113.2", device: "wan0"))
        }
        #expect(first()?.code != "source-nat-unheld")
        network = broken
        network.change("wan") {
            $0.neighbors.append(
                Neighbor(address: "203.0.113.77", device: "wan0", mac: mac(0x30), state: "permanent"))
        }
        #expect(first()?.code != "source-nat-unheld")
    }

    @Test("somebody else on the link has the address: replies go there")
    mutating func elsewhere() {
        network.change("wan", link: "wan0") { $0.addresses.append(prefix("203.0.113.77/24")) }
        #expect(first()?.code != "source-nat-unheld")
    }
}
