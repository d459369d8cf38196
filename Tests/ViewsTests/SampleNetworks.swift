import Network
import Wire

/// Topologies as the labs' commands make them, written by hand.
enum SampleNetworks {
    static func prefix(_ text: String) -> [IPPrefix] {
        text.split(separator: " ").compactMap { IPPrefix(String($0)) }
    }

    static func loopback(up: Bool = true, _ addresses: String = "127.0.0.1/8 ::1/128") -> Link {
        Link(
            name: "lo", index: 1, kind: "loopback", state: up ? "unknown" : "down", isUp: up, hasCarrier: up,
            mtu: 65536, addresses: up ? prefix(addresses) : [])
    }

    static func veth(
        _ name: String, _ index: UInt32, to peer: (String?, String), _ addresses: String = "", master: String? = nil,
        up: Bool = true, carrier: Bool = true
    ) -> Link {
        Link(
            name: name, index: index, kind: "veth", state: up ? (carrier ? "up" : "lowerlayerdown") : "down", isUp: up,
            hasCarrier: up && carrier, addresses: prefix(addresses), master: master,
            peer: Link.Peer(namespace: peer.0, device: peer.1),
            bridgePort: master == nil ? nil : Link.BridgePort(state: carrier ? "forwarding" : "disabled"))
    }

    static func bridge(_ name: String, _ index: UInt32, _ addresses: String = "") -> Link {
        Link(
            name: name, index: index, kind: "bridge", addresses: prefix(addresses),
            bridge: Link.Bridge(vlanFiltering: false))
    }

    static func route(_ destination: String, via gateway: String? = nil, on device: String, table: RoutingTable = 254)
        -> [Route]
    {
        prefix(destination == "default" ? "0.0.0.0/0" : destination).map {
            Route(
                destination: $0, table: table, gateway: gateway.flatMap { IPAddress($0) }, device: device,
                origin: gateway == nil ? "kernel" : "boot")
        }
    }

    static let masquerade = NATRule(
        kind: "masquerade",
        rule: RuleReference(
            family: "ip", table: "nat", chain: "POSTROUTING", position: 1, handle: 4,
            text: "-A POSTROUTING -s 172.19.0.0/24 -j MASQUERADE", backend: "iptables-nft"),
        match: "172.19.0.0/24")

    static let wan = Namespace(
        name: "wan", inode: 4_026_532_003, path: "/run/netns/wan",
        links: [
            loopback(up: true, "127.0.0.1/8 198.51.100.1/32"), veth("wan0", 2, to: ("host", "eth0"), "203.0.113.1/24"),
        ],
        routes: route("203.0.113.0/24", on: "wan0"))

    /// The base network, with a second namespace that has no default route.
    static let base = Topology(
        host: "lab", time: "2026-11-23T01:58:14Z",
        namespaces: [
            Namespace(
                name: "host", inode: 4_026_532_000, path: "/proc/self/ns/net",
                links: [
                    loopback(), veth("veth0", 3, to: ("mynamespace", "veth1"), "fe80::1/64", master: "mybridge"),
                    veth("veth2", 5, to: ("other", "veth3"), master: "mybridge"),
                    bridge("mybridge", 7, "172.19.0.1/24"), veth("eth0", 9, to: ("wan", "wan0"), "203.0.113.2/24"),
                ],
                routes: route("default", via: "203.0.113.1", on: "eth0") + route("172.19.0.0/24", on: "mybridge"),
                sysctls: ["net.ipv4.ip_forward": "1"],
                netfilter: Netfilter(backend: ["iptables-nft"], nat: [masquerade])),
            Namespace(
                name: "mynamespace", inode: 4_026_532_001, path: "/run/netns/mynamespace",
                links: [loopback(), veth("veth1", 2, to: ("host", "veth0"), "172.19.0.2/24")],
                routes: route("default", via: "172.19.0.1", on: "veth1") + route("172.19.0.0/24", on: "veth1")),
            Namespace(
                name: "other", inode: 4_026_532_002, path: "/run/netns/other",
                links: [loopback(up: false), veth("veth3", 2, to: ("host", "veth2"), "172.19.0.3/24")],
                routes: route("172.19.0.0/24", on: "veth3")),
            wan,
        ])

    /// Step 3 of the tutorial: the far end of the pair is down.
    static let farEndDown = Topology(
        host: "lab", time: "2026-11-23T01:58:14Z",
        namespaces: [
            Namespace(
                name: "host", inode: 4_026_532_000, path: "/proc/self/ns/net",
                links: [
                    loopback(), veth("veth0", 3, to: ("mynamespace", "veth1"), "172.19.0.1/24", carrier: false),
                ]),
            Namespace(
                name: "mynamespace", inode: 4_026_532_001, path: "/run/netns/mynamespace",
                links: [loopback(up: false), veth("veth1", 2, to: ("host", "veth0"), up: false)]),
        ])

    /// Two hosts with a VXLAN between their bridges, a published port, policy routing, a wire into the unknown.
    static let overlay: Topology = {
        func host(_ number: Int) -> Namespace {
            let other = number == 1 ? 2 : 1
            let name = number == 1 ? "host" : "host2"
            var namespace = Namespace(
                name: name, inode: 4_026_532_000 + UInt64(number), path: "/run/netns/\(name)",
                links: [
                    loopback(), bridge("br0", 2),
                    veth("veth0", 3, to: ("pod\(number)", "veth1"), master: "br0"),
                    Link(
                        name: "vxlan42", index: 4, kind: "vxlan", state: "unknown", mtu: 1450, master: "br0",
                        bridgePort: Link.BridgePort(state: "forwarding"),
                        vxlan: Link.VXLAN(
                            identifier: 42, port: 4789, remote: IPAddress("203.0.113.\(other)"), device: "eth0")),
                    veth("eth0", 5, to: (number == 1 ? "host2" : "host", "eth0"), "203.0.113.\(number)/24"),
                ], routes: route("203.0.113.0/24", on: "eth0"))
            if number == 1 {
                namespace.links += [
                    veth("eth1", 6, to: (nil, "if12"), "192.0.2.2/24"),
                    Link(
                        name: "macvlan0", index: 8, kind: "macvlan", addresses: prefix("192.0.2.7/24"), lower: "eth1"),
                ]
                namespace.routes += route("default", via: "192.0.2.1", on: "eth1", table: 100)
                namespace.rules = [
                    RoutingRule(priority: 0, family: 2, table: 255),
                    RoutingRule(priority: 100, family: 2, source: IPPrefix("10.42.0.0/24"), table: 100),
                ]
                namespace.sysctls = ["net.ipv4.ip_forward": "0", "net.bridge.bridge-nf-call-iptables": "1"]
                namespace.netfilter = Netfilter(
                    backend: ["nft"],
                    nat: [
                        NATRule(
                            kind: "dnat",
                            rule: RuleReference(
                                family: "ip", table: "nat", chain: "prerouting", handle: 6, backend: "nft"),
                            match: "tcp dport 8080", to: "10.42.0.2:80")
                    ],
                    chains: [
                        RuleChain(
                            backend: "iptables-nft", family: "ip", table: "filter", name: "FORWARD", hook: .forward,
                            policy: "drop")
                    ])
            }
            return namespace
        }
        func pod(_ number: Int) -> Namespace {
            Namespace(
                name: "pod\(number)", inode: 4_026_532_010 + UInt64(number), path: "/run/netns/pod\(number)",
                containers: ["k8s_web_pod\(number)"],
                links: [
                    loopback(),
                    veth("veth1", 2, to: (number == 1 ? "host" : "host2", "veth0"), "10.42.0.\(number + 1)/24"),
                ], routes: route("10.42.0.0/24", on: "veth1"))
        }
        return Topology(
            host: "lab", time: "2026-11-23T01:58:14Z", namespaces: [host(1), host(2), pod(1), pod(2)],
            warnings: ["netns:4026532999 could not be entered: Operation not permitted"])
    }()

    /// `count` namespaces on one bridge behind one MASQUERADE; the fifth is down at its own end.
    static func many(_ count: Int) -> Topology {
        var host = base.namespaces[0]
        host.links = [loopback(), bridge("mybridge", 2, "172.19.0.1/16"), base.namespaces[0].links[4]]
        var others: [Namespace] = []
        for number in 1...count {
            let index = UInt32(number)
            let isUp = number != 5
            host.links.append(
                veth("v\(number)", 10 + index, to: ("n\(number)", "eth0"), master: "mybridge", carrier: isUp))
            others.append(
                Namespace(
                    name: "n\(number)", inode: 4_026_533_000 + UInt64(number), path: "/run/netns/n\(number)",
                    links: [
                        loopback(),
                        veth(
                            "eth0", 2, to: ("host", "v\(number)"), "172.19.\(number / 250).\(number % 250 + 2)/16",
                            up: isUp),
                    ], routes: route("default", via: "172.19.0.1", on: "eth0")))
        }
        return Topology(host: "lab", time: "2026-11-23T01:58:14Z", namespaces: [host, wan] + others)
    }

    static let named: [(String, Topology)] = [
        ("base", base), ("far-end-down", farEndDown), ("overlay", overlay), ("many", many(200)),
    ]
}
