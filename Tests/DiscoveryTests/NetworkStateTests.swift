import FoundationEssentials
import Netlink
import TestSupport
import Testing
import Wire

@testable import Discovery
@testable import Network

/// What the kernel said (Linux 6.18) in a namespace made by
/// ```
/// ip link add br0 type bridge mcast_snooping 1; ip link add v0 type veth peer name v1 netns far
/// ip link set v0 master br0 arp off; ip link set br0 up promisc on
/// ip addr add 192.0.2.1/24 dev br0
/// ip addr add 192.0.2.2/24 dev br0 label br0:second noprefixroute valid_lft 3000 preferred_lft 0
/// ip addr add 198.51.100.1 peer 198.51.100.2 dev br0 scope link
/// ip -6 addr add 2001:db8::1/64 dev br0 nodad noprefixroute
/// ip nexthop add id 5 via 192.0.2.7 dev br0; ip nexthop add id 6 via 192.0.2.6 dev br0
/// ip nexthop add id 7 blackhole; ip nexthop add id 10 group 5,3/6
/// ip route add 192.0.2.128/25 nhid 10
/// ip route add 203.0.113.0/24 tos 0x10 via 192.0.2.9 mtu lock 1300 advmss 1200 hoplimit 9
/// ip rule add lookup main suppress_prefixlength 0 prio 50
/// ip rule add ipproto tcp sport 1000-2000 dport 80 uidrange 5-6 tun_id 77 lookup 100 prio 55
/// ip rule add goto 60 prio 56; ip rule add not fwmark 0xca6c lookup 100 prio 60
/// ip neigh add proxy 198.51.100.77 dev br0; ip -6 neigh add proxy 2001:db8::77 dev br0
/// bridge mdb add dev br0 port v0 grp 239.1.1.2 src 192.0.2.33 temp
/// bridge mdb add dev br0 port v0 grp ff05::77 permanent
/// tc qdisc add dev v0 root handle 1: htb default 10; tc qdisc add dev v0 parent 1:10 handle 20: pfifo limit 5
/// tc qdisc add dev v0 clsact
/// ```
/// Attributes that nobody reads are left out.
@Suite struct NetworkStateTests {
    private typealias Message = (type: UInt16, lines: [String])

    private static let links: [Message] = [
        (
            16,
            [
                "00000100020000004311010000000000",  // struct ifinfomsg: index 2, IFF_PROMISC among its flags
                "0800030062723000", "08000d00e8030000",  // IFLA_IFNAME br0, IFLA_TXQLEN 1000
                "34001200", "0b0001006272696467650000",  // IFLA_LINKINFO, IFLA_INFO_KIND bridge
                "24000200",  // IFLA_INFO_DATA
                "0800010090010000", "0800040088130000",  // IFLA_BR_FORWARD_DELAY 400, IFLA_BR_AGEING_TIME 5000
                "0600090000400000", "0500170001000000",  // IFLA_BR_GROUP_FWD_MASK, IFLA_BR_MCAST_SNOOPING
            ]
        ),
        (
            16,
            [
                "0000010003000000c310010000000000",  // index 3, IFF_NOARP
                "0700030076300000", "08000d00f4010000", "08000a0002000000",  // v0, IFLA_TXQLEN 500, IFLA_MASTER 2
                "50001200", "09000100766574680000000" + "0",  // veth
                "0b000400627269646765000034000500",  // IFLA_INFO_SLAVE_KIND bridge, IFLA_INFO_SLAVE_DATA
                "0500010003000000",  // IFLA_BRPORT_STATE forwarding
                "0500050001000000", "0500060001000000",  // IFLA_BRPORT_GUARD, IFLA_BRPORT_PROTECT
                "05001b0000000000",  // IFLA_BRPORT_MCAST_FLOOD
                "0500200001000000", "05000a0001000000",  // IFLA_BRPORT_NEIGH_SUPPRESS, IFLA_BRPORT_PROXYARP
            ]
        ),
    ]

    private static let addresses: [Message] = [
        (
            20,
            [
                "022080fd02000000", "08000100c6336402", "08000200c6336401",  // scope link; IFA_ADDRESS, IFA_LOCAL
                "0800030062723000", "0800080080000000", "14000600ffffffffffffffff39d91b0039d91b00",
            ]
        ),
        (
            20,
            [
                "0218800002000000", "08000100c0000201", "08000200c0000201", "0800030062723000", "0800080080000000",
                "14000600ffffffffffffffff36d91b0036d91b00",
            ]
        ),
        (
            20,
            [
                "0218210002000000", "08000100c0000202", "08000200c0000202",
                "0f0003006272303a7365636f6e640000", "0800080021020000",  // IFA_LABEL br0:second, IFA_FLAGS 0x221
                "14000600000000009e0b000038d91b0038d91b00",  // struct ifa_cacheinfo: preferred 0, valid 2974
            ]
        ),
        (
            20,
            [
                "0a40820002000000", "1400010020010db8000000000000000000000001",
                "14000600ffffffffffffffff3bd91b003bd91b00", "0800080082020000",
            ]
        ),
    ]

    private static let routes: [Message] = [
        (
            24,
            [
                "02190000fe03000100000000", "08000f00fe000000", "08000100c0000280", "08001e000a000000",  // RTA_NH_ID
                // RTA_MULTIPATH: the first rtnexthop with RTNH_F_DEAD and RTNH_F_LINKDOWN, as with its device down
                "24000900100011020200000008000500c0000207100000000200000008000500c0000206",
            ]
        ),
        (
            24,
            [
                "02180010fe03000100000000", "08000f00fe000000", "08000100cb007100",  // struct rtmsg: TOS 0x10
                // RTA_METRICS: lock, MTU 1300, advertised MSS, hop limit
                "240008000800010004000000080002001405000008000800b004000008000a0009000000",
                "08000500c0000209", "0800040002000000",
            ]
        ),
        (24, ["02180000fe02fd0100000000", "08000f00fe000000", "08000100c0000200", "0800040002000000"]),
    ]

    private static let nextHops: [Message] = [
        (104, ["02fd000000000000", "0800010005000000", "0800050002000000", "08000600c0000207"]),
        (104, ["0200000000000000", "0800010007000000", "04000400"]),  // NHA_BLACKHOLE
        (
            104,
            ["0000000000000000", "080001000a000000", "0600030000000000", "1400020005000000020000000600000000000000"]
        ),
    ]

    private static let rules: [Message] = [
        (32, ["02000000ff00000100000000", "08000f00ff000000", "08000e00ffffffff", "0500150002000000"]),
        (32, ["02000000fe00000100000000", "08000f00fe000000", "08000e0000000000", "0800060032000000"]),
        (
            32,
            [
                "020000006400000100000000", "08000f0064000000", "08000e00ffffffff", "0800060037000000",
                "0c000c00000000000000004d", "0c0014000500000006000000",  // FRA_TUN_ID, FRA_UID_RANGE
                "08001700e803d007", "0800180050005000", "0500160006000000",  // FRA_SPORT_RANGE, …DPORT_RANGE, IP_PROTO
            ]
        ),
        (32, ["020000000000000200000000", "08000e00ffffffff", "0800060038000000", "080004003c000000"]),  // FRA_GOTO
        (
            32,
            [
                "020000006400000102000000", "08000f0064000000", "08000e00ffffffff", "080006003c000000",
                "08000a006cca0000", "08001000ffffffff",
            ]
        ),
    ]

    private static let proxies: [Message] = [
        (28, ["020000000200000000000801", "08000100c633644d"]),
        (28, ["0a0000000200000000000801", "1400010020010db8000000000000000000000077"]),
    ]

    private static let multicast: [Message] = [
        (
            86,
            [
                "0000000002000000", "6c000100",  // struct br_port_msg: bridge 2; MDBA_MDB
                // MDBA_MDB_ENTRY, MDBA_MDB_ENTRY_INFO; struct br_mdb_entry: port 3, permanent, ff05::77
                "2c0001002800010003000000010000" + "00ff05000000000000000000000000007786dd00000800010000000000",
                // Port 3, temporary, 239.1.1.2; MDBA_MDB_EATTR_SOURCE
                "3c000100380001000300000000000000ef0101020000000000000000000000000800000008000100255c0000",
                "08000400c00002210500050004000000",
                "10000200", "0c00010003000000255c0000",  // MDBA_ROUTER, MDBA_ROUTER_PORT 3 (made by hand)
            ]
        ),
        (84, ["0700000004000000", "04000100"]),  // Of a VXLAN device: none.
    ]

    private static let disciplines: [Message] = [
        (36, ["000000000300000000000100ffffffff03000000", "0800010068746200"]),
        (36, ["0000000003000000000020001000010001000000", "0a000100706669666f000000", "0800020005000000"]),
        (36, ["00000000030000000000fffff1ffffff01000000", "0b000100636c736163740000"]),
    ]

    private static func reading() throws -> NamespaceReading {
        try NamespaceReading(
            over: RecordedChannel([
                .init(type: 18): links, .init(type: 22): addresses, .init(type: 26): routes, .init(type: 34): rules,
                .init(type: 30): proxies, .init(type: 106): nextHops, .init(type: 86, family: 7): multicast,
                .init(type: 38): disciplines,
            ]))
    }

    private func message(_ type: UInt16, _ lines: [String]) throws -> NetlinkMessage {
        let bytes = RecordedChannel.message(type, RecordedChannel.bytes(lines))
        return try #require(try NetlinkMessage.split(bytes).first)
    }

    @Test("the flags and the queue length of a device")
    func devices() throws {
        let links = try Self.reading().links
        #expect(links.map(\.flags) == [[.promiscuous], [.noARP]])
        #expect(links.map(\.transmitQueueLength) == [1000, 500])
    }

    @Test("addresses with peer, scope, flags, label and lifetimes, where they are out of the ordinary")
    func addresses() throws {
        let bridge = try #require(try Self.reading().links.first)
        #expect(
            bridge.addresses.map(\.description) == [
                "198.51.100.1/32", "192.0.2.1/24", "192.0.2.2/24", "2001:db8::1/64",
            ])
        let prefixes = bridge.addresses
        #expect(
            bridge.addressDetails == [
                Link.AddressDetail(address: prefixes[0], peer: IPPrefix("198.51.100.2/32"), scope: .link),
                Link.AddressDetail(
                    address: prefixes[2], flags: [.secondary, .deprecated, .noPrefixRoute], label: "br0:second",
                    validSeconds: 2974, preferredSeconds: 0),
                Link.AddressDetail(address: prefixes[3], flags: [.noDuplicateDetection, .noPrefixRoute]),
            ])
        #expect(bridge.detail(of: prefixes[1].address) == nil)
    }

    @Test("a route's TOS, scope, metrics and next hop object")
    func routes() throws {
        let reading = try Self.reading()
        #expect(reading.routes.map(\.tos) == [nil, 0x10, nil])
        #expect(reading.routes.map(\.scope) == [.global, .global, .link])
        #expect(reading.routes[1].mtu == 1300 && reading.routes[1].lockedMetrics == ["mtu"])
        #expect(reading.routes[1].metrics == ["advmss": 1200, "hoplimit": 9])
        #expect(reading.routes[0].nextHopIdentifier == 10)
        #expect(reading.routes[0].nextHops.map(\.weight) == [3, 1])
        #expect(reading.routes[0].nextHops.map(\.flags) == [[.linkDown, .dead], nil])
        #expect(
            reading.nextHopObjects == [
                NextHopObject(identifier: 5, gateway: IPAddress("192.0.2.7"), device: "br0"),
                NextHopObject(identifier: 7, isBlackhole: true),
                NextHopObject(
                    identifier: 10, group: [.init(identifier: 5, weight: 3), .init(identifier: 6, weight: 1)]),
            ])
    }

    @Test("a rule's selectors, as values and as ip-rule(8) takes them")
    func rules() throws {
        let rules = try Self.reading().rules
        #expect(
            rules.map(\.detail) == [
                nil, "suppress_prefixlength 0", "tun_id 77 ipproto tcp sport 1000-2000 dport 80 uidrange 5-6",
                "goto 60",
                "not",
            ])
        #expect(rules.map(\.selectors?.isInverted) == [nil, false, false, false, true])
        let selectors = try #require(rules[2].selectors)
        #expect(selectors.ipProtocol == 6 && selectors.tunnel == 77 && selectors.users == 5...6)
        #expect(selectors.sourcePorts == 1000...2000 && selectors.destinationPorts == 80...80)
        #expect(rules[1].selectors?.suppressPrefixLength == 0 && rules[3].selectors?.target == 60)
    }

    @Test("addresses that are answered for")
    func proxies() throws {
        #expect(
            try Self.reading().proxyNeighbors.map { "\($0.address) \($0.device ?? "")" } == [
                "198.51.100.77 br0", "2001:db8::77 br0",
            ])
    }

    @Test("a bridge with its timers and groups, and what its port floods, blocks and answers")
    func bridge() throws {
        let links = try Self.reading().links
        let bridge = try #require(links[0].bridge)
        #expect(bridge.ageingTime == 5000 && bridge.forwardDelay == 400)
        #expect(bridge.groupForwardMask == 0x4000 && bridge.multicastSnooping == true)
        #expect(
            bridge.mdb == [
                MDBEntry(group: IPAddress("ff05::77"), device: "v0", permanent: true),
                MDBEntry(group: IPAddress("239.1.1.2"), source: IPAddress("192.0.2.33"), device: "v0"),
            ])
        #expect(bridge.multicastRouters == ["v0"])
        let port = try #require(links[1].bridgePort)
        #expect(port.guardsBPDU == true && port.rootBlock == true && port.multicastFlooding == false)
        #expect(port.suppressesNeighbors == true && port.proxiesARP == true && port.isLocked == nil)
    }

    @Test("the disciplines below the root, by parent")
    func disciplines() throws {
        let port = try Self.reading().links[1]
        #expect(port.queue?.handle == "1:")
        #expect(
            port.disciplines == [
                Link.Discipline(
                    kind: "pfifo", parent: "1:10", queue: Link.Queue(handle: "20:", limitPackets: 5)),
                Link.Discipline(kind: "clsact", parent: "ffff:fff1", queue: Link.Queue(handle: "ffff:")),
            ])
    }

    @Test("tells tun from tap, and reads whom a macvlan receives")
    func modes() throws {
        let tap = LinkRecord(
            try message(
                16,
                [
                    "00000100050000000210000000000000", "090003007461703700000000", "180012000800010074756e00",
                    "0c0002000500030002000000",  // IFLA_INFO_DATA, IFLA_TUN_TYPE: IFF_TAP
                ]))
        #expect(tap?.link.mode == "tap")
        let macvlan = LinkRecord(
            try message(
                16,
                [
                    "00000100030000000210000000000000", "070003006d760000",
                    "4c0012000c0001006d6163766c616e003c000200080001001000000006000200000000000800060001000000",
                    "100005000a000400020000000099000008000700e803000008000800e8030000",
                ]))
        #expect(macvlan?.link.mode == "source")
        #expect(macvlan?.link.sources == [MACAddress("02:00:00:00:00:99")].compactMap(\.self))
    }

    @Test("a VXLAN's TTL, and whether it answers ARP or is told its ends")
    func vxlan() throws {
        let record = LinkRecord(
            try message(
                16,
                [
                    "00000100040000000210000000000000", "0700030076790000",
                    "3c0012000a00010076786c616e000000" + "2c000200",  // vxlan
                    "080001002b000000", "08000200cb007109",  // IFLA_VXLAN_ID, IFLA_VXLAN_GROUP
                    "0500050007000000", "05000b0001000000", "0500190000000000",  // …TTL, PROXY, COLLECT_METADATA
                ]))
        let vxlan = try #require(record?.link.vxlan)
        #expect(vxlan.ttl == 7 && vxlan.proxiesARP == true && vxlan.isExternal == false)
        #expect(vxlan.remote == IPAddress("203.0.113.9"))
    }

    /// Made by hand from linux/if_link.h and linux/if_tunnel.h: the kernel at hand has none of these devices.
    @Test("tunnels, bonds, VRFs and ipvlans")
    func others() throws {
        func link(_ data: [String]) throws -> LinkRecord? {
            // struct ifinfomsg, IFLA_IFNAME a, IFLA_LINKINFO
            let length = RecordedChannel.bytes(data).count + 4
            let head = RecordedChannel.number(UInt16(length)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            let lines = ["00000100040000000210000000000000", "0600030061000000", head.joined() + "1200"] + data
            return LinkRecord(try message(16, lines))
        }
        let gre = try link([
            "0800010067726500", "34000200",  // gre
            "0600020020000000", "0600030000000000",  // IFLA_GRE_IFLAGS GRE_KEY, IFLA_GRE_OFLAGS
            "0800040000000005", "0800050000000006",  // IFLA_GRE_IKEY, IFLA_GRE_OKEY
            "08000600c0000201", "0800070000000000",  // IFLA_GRE_LOCAL, IFLA_GRE_REMOTE
        ])
        var expected = Link.Tunnel(local: IPAddress("192.0.2.1"))
        expected.inputKey = 5
        expected.headerLength = 4
        #expect(gre?.link.tunnel == expected)
        let ipip = try link([
            "0900010069706970" + "00000000", "1c000200", "0800010002000000",  // ipip, IFLA_IPTUN_LINK
            "08000300c0000209", "0500040009000000",  // IFLA_IPTUN_REMOTE, IFLA_IPTUN_TTL
        ])
        expected = Link.Tunnel(remote: IPAddress("192.0.2.9"))
        expected.ttl = 9
        #expect(ipip?.link.tunnel == expected && ipip?.underlayIndex == 2)
        let bond = try link([
            "09000100626f6e6400000000", "14000200", "0500010001000000", "0800020003000000",
        ])
        #expect(bond?.link.bond == Link.Bond(mode: .activeBackup) && bond?.activePortIndex == 3)
        #expect(try link(["0800010076726600", "0c000200", "080001004d000000"])?.link.vrfTable == 77)
        #expect(try link(["0b0001006970766c616e0000", "0c000200", "0600010001000000"])?.link.mode == "l3")
    }

    @Test("the limits of the neighbour tables, told once for each family")
    func neighborTables() throws {
        let table = try message(
            64,
            [
                "02000000", "0e0001006172705f6361636865000000", "0800020080000000", "0800030000020000",
                "0800040000040000",
            ])
        #expect(
            NeighborTableRecord(table)?.limits == [
                "net.ipv4.neigh.default.gc_thresh1": "128", "net.ipv4.neigh.default.gc_thresh2": "512",
                "net.ipv4.neigh.default.gc_thresh3": "1024",
            ])
        #expect(NeighborTableRecord(table)?.table == nil)
        #expect(NeighborTableRecord(try message(64, ["02000000", "0e0001006172705f6361636865000000"])) == nil)
    }

    @Test("how full a neighbour table is, and how often it was too full")
    func neighborTableUse() throws {
        let table = try message(
            64,
            [
                "0a000000", "10000100" + "6e646973635f636163686500",
                "0800020080000000", "0800030000020000", "0800040000040000",
                // NDTA_CONFIG, struct ndt_config: lengths of key and entry, 1024 entries, times, the hash, proxies.
                "24000500", "10006001", "00040000", "d82c7202", "4c5d0400", "2fdb3a7e", "ff010000", "00000000",
                "00000000",
                // NDTA_STATS, struct ndt_stats: allocations, …, runs of the collector, forced ones, 7 refusals.
                "5c000700", "c1a6000000000000", "baa6000000000000", "0600000000000000", "0f01000000000000",
                "f5c3070000000000", "d26a000000000000", "0000000000000000", "0000000000000000", "910a000000000000",
                "0900000000000000", "0700000000000000",
            ])
        #expect(
            NeighborTableRecord(table)?.table
                == NeighborTable(name: "ndisc_cache", entries: 1024, limit: 1024, refusals: 7))
    }

    @Test("what was read is the same after it was written as JSON and read again")
    func roundTrip() throws {
        let reading = try Self.reading()
        var namespace = Namespace(
            name: "n", inode: 1, path: "", links: reading.links, routes: reading.routes, rules: reading.rules,
            netfilter: Netfilter())
        namespace.proxyNeighbors = reading.proxyNeighbors
        namespace.nextHopObjects = reading.nextHopObjects
        namespace.netfilter.ipSets = [IPSet(name: "s", type: "hash:net", family: .ip, members: ["192.0.2.0/24"])]
        var tunnel = Link.Tunnel(local: IPAddress("192.0.2.1"), device: "br0")
        tunnel.ttl = 3
        tunnel.inputKey = 1
        tunnel.outputKey = 2
        tunnel.isExternal = true
        namespace.links[0].tunnel = tunnel
        namespace.links[0].bond = Link.Bond(mode: .lacp, activePort: "v0")
        namespace.links[0].vrfTable = 77
        namespace.links[0].sources = [MACAddress("02:00:00:00:00:99")].compactMap(\.self)
        namespace.links[0].bridge?.multicastQuerier = true
        namespace.links[1].bridgePort?.broadcastFlooding = false
        namespace.links[1].bridgePort?.isLocked = true
        namespace.links[1].vxlan = Link.VXLAN(identifier: 1, port: 4789)
        namespace.links[1].vxlan?.ttl = 9
        namespace.links[1].vxlan?.isExternal = true
        namespace.links[1].vxlan?.proxiesARP = true
        namespace.rules[0].selectors = RoutingRule.Selectors()
        namespace.rules[0].selectors?.tos = 8
        namespace.rules[0].selectors?.usesVRF = true
        namespace.rules[0].selectors?.suppressGroup = 4
        let topology = Topology(host: "h", time: "t", namespaces: [namespace])
        let json = try JSONEncoder().encode(topology)
        #expect(try JSONDecoder().decode(Topology.self, from: json) == topology)
    }

    @Test("damaged messages give values or nothing")
    func survivesDamage() throws {
        var random = SeededGenerator(seed: 0x5eed_0003)
        print("seed \(0x5eed_0003)")
        let messages = (Self.addresses + Self.routes + Self.nextHops + Self.rules + Self.proxies + Self.multicast)
            .map { RecordedChannel.message($0.type, RecordedChannel.bytes($0.lines)) }
        for original in messages {
            for _ in 0..<300 {
                var damaged = original
                damaged[Int(random.next() % UInt64(damaged.count))] = UInt8(truncatingIfNeeded: random.next())
                if random.next() % 2 == 0 { damaged.removeLast(Int(random.next() % UInt64(damaged.count))) }
                for part in (try? NetlinkMessage.split(damaged)) ?? [] {
                    #expect(part.payload.endIndex <= damaged.count)
                    _ = AddressRecord(part)
                    _ = Route(part, names: [:])
                    _ = RoutingRule(part)
                    _ = NextHopObject(part, names: [2: "br0"])
                    _ = MulticastRecord(part, names: [2: "br0", 3: "v0"])
                    _ = NeighborRecord(part)?.proxy(names: [:])
                }
            }
        }
    }
}
