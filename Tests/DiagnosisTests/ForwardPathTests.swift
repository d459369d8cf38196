import Ruleset
import Network
import Observations
import Testing
import WalkModel
import Wire

@testable import Diagnosis

@Suite("A forwarding path")
struct ForwardPathTests {
    var network = BaseNetwork()

    private func path(
        _ destination: String, from start: PathStart = .send(namespace: "mynamespace"), ttl: UInt8 = 64
    ) -> ForwardPath {
        let packet = PacketState(
            source: address("172.19.0.2"), destination: address(destination), ipProtocol: .icmp, icmpType: 8, ttl: ttl,
            length: 84)
        return ForwardPath(of: packet, from: start, PathInputs(DiagnosisContext(topology: network.topology)))
    }

    /// `route mynamespace`, `hook host forward`, …: what decides something, and where.
    private func words(_ path: ForwardPath) -> [String] {
        path.steps.compactMap { step in
            switch step {
            case .route(let step): "route \(step.namespace.name)"
            case .hook(let step): "hook \(step.traversal.site.namespace.name) \(step.traversal.hook.rawValue)"
            case .neighbour(let step): "neighbour \(step.namespace.name) \(step.hop)"
            case .wire(let step): "wire \(step.nearLink.name) \(step.farLink.name)"
            case .bridge(let step): "bridge \(step.bridge.name)"
            case .source(let step): "source \(step.namespace.name)"
            case .forwarding(let step): "forwarding \(step.namespace.name)"
            case .router(let step): "router \(step.namespace.name) TTL \(step.packet.ttl ?? 0)"
            case .socket(let step): "socket \(step.namespace.name)"
            case .conntrack, .transmit, .device, .programs, .queue, .tunnel, .carrier, .sibling, .stray, .sighting: nil
            }
        }
    }

    @Test("has the steps of the kernel's packet flow in their order, over a bridge, a router and two wires")
    func order() {
        let path = path("198.51.100.1")
        #expect(
            words(path) == [
                "route mynamespace", "hook mynamespace output", "hook mynamespace postrouting",
                "neighbour mynamespace 172.19.0.1", "wire veth1 veth0", "bridge mybridge", "hook host prerouting",
                "source host", "forwarding host", "route host", "router host TTL 64", "hook host forward",
                "hook host postrouting", "neighbour host 203.0.113.1", "wire eth0 wan0", "hook wan prerouting",
                "source wan", "hook wan input", "socket wan",
            ])
        #expect(path.end == .delivered(namespace: "wan"))
        #expect(!path.isBlocked)
        #expect(path.routers.map(\.namespace) == ["mynamespace", "host"])
    }

    @Test("carries the packet as it is at each step: translated, and with its TTL lowered")
    func packet() throws {
        let path = path("198.51.100.1")
        let arrived = path.steps.lazy.compactMap { if case .socket(let step) = $0 { step.packet } else { nil } }.first
        let packet = try #require(arrived)
        #expect(packet.source == address("203.0.113.2"))
        #expect(packet.ttl == 63)
        #expect(path.origin.source == address("172.19.0.2"))
    }

    @Test("continues past a rule that drops the packet, and ends where it cannot physically go on")
    mutating func ends() {
        network.add(iptables("filter", "FORWARD", policy: "drop", rules: []))
        #expect(path("198.51.100.1").end == .delivered(namespace: "wan"))
        network.change("wan", link: "wan0") { $0.isUp = false }
        let blocked = path("198.51.100.1")
        #expect(blocked.end == .stopped)
        #expect(blocked.isBlocked)
        #expect(words(blocked).last == "wire eth0 wan0")
    }

    @Test("taken up at a hook leaves out what the packet has passed")
    func resumed() {
        let start = PathStart.hook(
            namespace: "host", hook: .forward, priority: 0, inDevice: "mybridge", outDevice: "eth0")
        #expect(
            words(path("198.51.100.1", from: start)).prefix(3) == [
                "hook host forward", "hook host postrouting", "neighbour host 203.0.113.1",
            ])
    }

    @Test("through a tunnel whose far end is reached through itself comes to an end")
    mutating func tunnelThroughItself() {
        func tunnel(_ own: String, _ other: String, _ last: UInt64) -> Link {
            Link(
                name: "vx", index: 9, kind: "vxlan", mac: mac(last), addresses: [prefix("\(own)/24")],
                vxlan: Link.VXLAN(identifier: 1, port: 4789, remote: address(other), local: address(own)))
        }
        network.change("mynamespace") {
            $0.links.append(tunnel("10.9.0.1", "10.9.0.2", 0x91))
            $0.routes.append(Route(destination: prefix("10.9.0.0/24"), device: "vx"))
        }
        network.change("wan") {
            $0.links.append(tunnel("10.9.0.2", "10.9.0.1", 0x92))
            $0.routes.append(Route(destination: prefix("10.9.0.0/24"), device: "vx"))
        }
        let path = path("10.9.0.2")
        #expect(path.steps.contains { $0.kind == .carrier })
        #expect(path.stations <= PathWalker.stationLimit)
    }

    @Test("shows an obstacle by its own kinds of steps only")
    func kinds() {
        let path = path("198.51.100.1", ttl: 1)
        let found = PathFindings(path)
        #expect(found.candidates.map(\.finding.code) == ["ttl-expired"])
        #expect(found.checks.allSatisfy { $0.holds == false })
    }
}
