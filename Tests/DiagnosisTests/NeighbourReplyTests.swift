import Network
import Ruleset
import Testing
import Wire

@testable import Diagnosis

/// Who replies to the question for an address, by arp_process and ndisc_recv_ns of the kernel.
@Suite("The reply to an ARP request or a neighbour solicitation")
struct NeighbourReplyTests {
    /// 172.19.0.3/24 and fd00::3/64 on eth0, 172.19.0.9/32 and fd00::9/128 on addresses.
    private func namespace(_ settings: [String: String] = [:], rules: [RoutingRule] = []) -> Namespace {
        Namespace(
            name: "other", inode: 4, path: "/run/netns/other",
            links: [
                loopback(),
                Link(
                    name: "eth0", index: 2, kind: "veth", mac: mac(0x50),
                    addresses: [prefix("172.19.0.3/24"), prefix("fd00::3/64")]),
                Link(
                    name: "addresses", index: 3, kind: "bridge",
                    addresses: [prefix("172.19.0.9/32"), prefix("fd00::9/128")]),
            ],
            routes: [
                Route(destination: prefix("172.19.0.0/24"), device: "eth0", origin: "kernel"),
                Route(destination: prefix("198.51.100.0/24"), gateway: address("172.19.0.1"), device: "eth0"),
                Route(destination: prefix("203.0.113.0/24"), device: "addresses"),
            ], rules: rules,
            sysctls: ["net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1"].merging(settings) { $1 })
    }

    private func reply(_ namespace: Namespace, _ target: IPAddress, from sender: IPAddress = "172.19.0.2") -> String {
        switch NeighbourInquiry(namespace: namespace, device: "eth0", target: target, sender: sender).reply {
        case .own: "own"
        case .proxy: "proxy"
        case .unconcerned: "unconcerned"
        case .silent(.noARP): "no ARP"
        case .silent(.ignored(let setting, let holder)): "\(setting.key) \(setting.number) \(holder)"
        case .silent(.filtered(_, let back)): "filtered \(back.device ?? "")"
        case .silent(.reversePath(let check)): "reverse path \(check.mode)"
        case .silent(.impossibleSender): "impossible sender"
        case .silent(.noLocalRule(let choice)): "no local rule \(choice.kind?.rawValue ?? "")"
        case .silent(.otherDevice(let device)): "on \(device)"
        case .silent(.unusable(let address)): address.isDuplicate ? "refused" : "tentative"
        case .silent(.proxy(.noRoute, _)): "proxy without a route"
        case .silent(.proxy(.notForwarding, _)): "proxy without forwarding"
        case .silent(.proxy(.noEntry, _)): "proxy without an entry"
        }
    }

    @Test("IPv6: not for an address that is tentative, or that duplicate address detection refused")
    func unusable() {
        var namespace = namespace()
        namespace.links[1].addressDetails = [Link.AddressDetail(address: prefix("fd00::3/64"), flags: [.tentative])]
        #expect(reply(namespace, "fd00::3", from: "fe80::2") == "tentative")
        namespace.links[1].addressDetails?[0].flags = [.tentative, .optimistic]
        #expect(reply(namespace, "fd00::3", from: "fe80::2") == "own")
        namespace.links[1].duplicateAddresses = [prefix("fd00::4/64")]
        #expect(reply(namespace, "fd00::4", from: "fe80::2") == "refused")
    }

    @Test("IPv4: any address of the namespace, on any device")
    func anyDevice() {
        #expect(reply(namespace(), "172.19.0.3") == "own")
        #expect(reply(namespace(), "172.19.0.9") == "own")
        #expect(reply(namespace(), "172.19.0.4") == "unconcerned")
    }

    @Test(
        "arp_ignore, of the device or of all, the greater of them",
        arguments: [
            ("0", "0", "own", "own"), ("1", "0", "own", "net.ipv4.conf.eth0.arp_ignore 1 addresses"),
            ("0", "1", "own", "net.ipv4.conf.all.arp_ignore 1 addresses"),
            ("1", "8", "net.ipv4.conf.all.arp_ignore 8 eth0", "net.ipv4.conf.all.arp_ignore 8 addresses"),
            ("4", "0", "own", "own"),
        ])
    func ignored(device: String, all: String, near: String, far: String) {
        let namespace = namespace([
            "net.ipv4.conf.eth0.arp_ignore": device, "net.ipv4.conf.all.arp_ignore": all,
        ])
        #expect(reply(namespace, "172.19.0.3") == near)
        #expect(reply(namespace, "172.19.0.9") == far)
    }

    @Test("arp_ignore = 2 asks for a sender of the same subnet")
    func subnet() {
        let namespace = namespace(["net.ipv4.conf.eth0.arp_ignore": "2"])
        #expect(reply(namespace, "172.19.0.3", from: "172.19.0.77") == "own")
        #expect(reply(namespace, "172.19.0.3", from: "198.51.100.7") == "net.ipv4.conf.eth0.arp_ignore 2 eth0")
    }

    @Test("arp_filter asks that the route back uses the device")
    func filter() {
        let namespace = namespace(["net.ipv4.conf.all.arp_filter": "1"])
        #expect(reply(namespace, "172.19.0.3", from: "198.51.100.7") == "own")
        #expect(reply(namespace, "172.19.0.3", from: "203.0.113.7") == "filtered addresses")
    }

    @Test("the sender is checked as a packet's source is")
    func sender() {
        let strict = namespace(["net.ipv4.conf.eth0.rp_filter": "1"])
        #expect(reply(strict, "172.19.0.3", from: "198.51.100.7") == "own")
        #expect(reply(strict, "172.19.0.3", from: "203.0.113.7") == "reverse path 1")
        #expect(reply(namespace(), "172.19.0.3", from: "203.0.113.7") == "own")
        #expect(reply(namespace(), "172.19.0.3", from: "127.0.0.1") == "impossible sender")
        #expect(reply(namespace(), "172.19.0.3", from: "172.19.0.9") == "impossible sender")
        // Duplicate address detection asks without an address.
        #expect(reply(strict, "172.19.0.3", from: "0.0.0.0") == "own")
    }

    @Test("without a rule for the table local no address is its own")
    func localRule() {
        let rules = [
            RoutingRule(priority: 32766, family: 2, table: .main),
            RoutingRule(priority: 32767, family: 2, table: .default),
        ]
        #expect(reply(namespace(rules: rules), "172.19.0.3") == "no local rule unicast")
        let late = rules + [RoutingRule(priority: 32768, family: 2, table: .local)]
        #expect(reply(namespace(rules: late), "172.19.0.3") == "no local rule unicast")
        let first = rules + [RoutingRule(priority: 0, family: 2, table: .local)]
        #expect(reply(namespace(rules: first), "172.19.0.3") == "own")
    }

    @Test("proxy ARP wants forwarding and a route by another device")
    func proxyARP() {
        let on = ["net.ipv4.conf.eth0.proxy_arp": "1"]
        #expect(reply(namespace(on), "203.0.113.9") == "proxy")
        #expect(reply(namespace(on), "172.19.0.4") == "unconcerned")
        #expect(reply(namespace(on), "169.254.1.1") == "proxy without a route")
        let off = on.merging(["net.ipv4.ip_forward": "0"]) { $1 }
        #expect(reply(namespace(off), "203.0.113.9") == "proxy without forwarding")
    }

    @Test("IPv6: the device's own addresses only, and those entered for proxy NDP")
    func discovery() {
        let asker: IPAddress = "fe80::2"
        #expect(reply(namespace(), "fd00::3", from: asker) == "own")
        #expect(reply(namespace(), "fd00::9", from: asker) == "on addresses")
        var proxy = namespace(["net.ipv6.conf.eth0.proxy_ndp": "1"])
        #expect(reply(proxy, "fd00::77", from: asker) == "unconcerned")
        proxy.proxyNeighbors = []
        #expect(reply(proxy, "fd00::77", from: asker) == "proxy without an entry")
        proxy.proxyNeighbors = [ProxyNeighbor(address: "fd00::77", device: "eth0")]
        #expect(reply(proxy, "fd00::77", from: asker) == "proxy")
        proxy.sysctls["net.ipv6.conf.all.forwarding"] = "0"
        #expect(reply(proxy, "fd00::77", from: asker) == "proxy without forwarding")
    }

    @Test("a device without ARP does not reply")
    func noARP() {
        var namespace = namespace()
        namespace.links[1].flags = [.noARP]
        #expect(reply(namespace, "172.19.0.3") == "no ARP")
    }

    /// Who the sender says it is, by arp_announce (ip-sysctl): any address of its own, one of the target's subnet where
    /// the source is none, always the best one for the target.
    @Test(
        "arp_announce chooses the sender's address of a request",
        arguments: [
            ("0", "198.51.100.9", "198.51.100.9"), ("1", "198.51.100.9", "172.19.0.3"),
            ("1", "172.19.0.9", "172.19.0.9"), ("2", "172.19.0.9", "172.19.0.3"), ("0", "10.0.0.1", "172.19.0.3"),
        ] as [(String, IPAddress, IPAddress)])
    func announced(mode: String, source: IPAddress, asker: IPAddress) {
        var namespace = namespace(["net.ipv4.conf.eth0.arp_announce": mode])
        namespace.links[2].addresses.append(prefix("198.51.100.9/32"))
        let step = NeighbourStep(
            namespace: namespace, link: namespace.links[1],
            packet: PacketState(source: source, destination: "172.19.0.2", ipProtocol: .udp), choice: RouteChoice(),
            hop: "172.19.0.2", entry: nil, holders: [], resolution: .nobody, isKnown: false)
        #expect(step.asker == asker)
    }
}
