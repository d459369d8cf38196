import Diagnosis
import Observations
import TestSupport
import Testing
import Network
import WalkModel
import Wire

/// Devices that stand on themselves, on each other, or on namesakes in other namespaces: a snapshot may say anything,
/// and the diagnosis must come to an end on all of it.
@Suite("Topologies in circles")
struct EndlessTopologyTests {
    @Test("a macvlan with its parent's name in another namespace, as container engines make it")
    func namesakes() {
        var network = BaseNetwork()
        network.change("mynamespace", link: "veth1") {
            $0.kind = "macvlan"
            $0.peer = nil
            $0.lower = "veth1"
            $0.lowerNamespace = "wan"
        }
        network.change("wan") {
            $0.links.append(
                Link(
                    name: "veth1", index: 7, kind: "ethernet", mac: mac(0x77),
                    addresses: [prefix("172.19.0.1/24")]))
        }
        let walk = Probe.ping.walk(.lost, through: [.sent("mynamespace"), .out("mynamespace", "veth1")])
        _ = network.explained(walk)
    }

    @Test("a device that stands on itself")
    func itself() {
        var network = BaseNetwork()
        for kind in [LinkKind.macvlan, .vlan, .bridge, .veth] {
            network.change("mynamespace", link: "veth1") {
                $0.kind = kind
                $0.peer = kind == .veth ? Link.Peer(namespace: "mynamespace", device: "veth1") : nil
                $0.lower = "veth1"
                $0.master = "veth1"
            }
            let walk = Probe.ping.walk(.lost, through: [.sent("mynamespace"), .out("mynamespace", "veth1")])
            _ = network.explained(walk)
        }
    }

    @Test("links joined at random", arguments: 0..<200 as Range<UInt64>)
    func random(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var network = BaseNetwork()
        let names = network.topology.namespaces.map(\.name)
        let devices = network.topology.namespaces.flatMap { $0.links.map(\.name) }
        for name in names {
            network.change(name) { namespace in
                for index in namespace.links.indices {
                    namespace.links[index].kind =
                        [LinkKind.bridge, .macvlan, .vlan, .veth, .vxlan, .loopback, .ethernet]
                        .randomElement(using: &generator) ?? .veth
                    namespace.links[index].master =
                        Bool.random(using: &generator) ? devices.randomElement(using: &generator) : nil
                    namespace.links[index].lower = devices.randomElement(using: &generator)
                    namespace.links[index].lowerNamespace = names.randomElement(using: &generator)
                    namespace.links[index].peer =
                        Bool.random(using: &generator)
                        ? Link.Peer(
                            namespace: names.randomElement(using: &generator),
                            device: devices.randomElement(using: &generator) ?? "lo") : nil
                }
                for index in namespace.routes.indices {
                    namespace.routes[index].device = devices.randomElement(using: &generator)
                }
            }
        }
        for outcome in [Walk.Outcome.lost, .dropped, .unsent, .delivered] {
            let walk = Probe.ping.walk(outcome, through: [.sent("mynamespace"), .out("mynamespace", "veth1")])
            _ = network.explained(walk)
        }
    }

    @Test("chains of rules that jump to each other")
    func jumps() {
        var network = BaseNetwork()
        network.change("host") {
            $0.netfilter.chains.append(iptables("filter", "FORWARD", rules: ["-j LOOP", "-g LOOP"]))
            $0.netfilter.chains.append(iptables("filter", "LOOP", rules: ["-j FORWARD", "-j LOOP", "-g LOOP"]))
        }
        let walk = Probe.ping.walk(.lost, through: [.sent("mynamespace"), .out("mynamespace", "veth1")])
        _ = network.explained(walk)
    }
}
