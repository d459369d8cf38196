import Netlink
import TestSupport
import Testing
import Wire

@testable import LinuxSystem
@testable import Discovery
@testable import Network

/// What the kernel said (Linux 6.18) in a namespace made by
/// ```
/// ip link add br0 address 02:00:00:00:00:01 type bridge; ip link set br0 up; ip addr add 172.19.0.1/24 dev br0
/// ip link add v0 address 02:00:00:00:00:02 mtu 1400 type veth peer name v1 netns far; ip link set v0 master br0 up
/// bridge link set dev v0 isolated on hairpin on
/// ip link add vx type vxlan id 42 remote 203.0.113.9 dstport 4789 dev br0
/// ip route add 198.51.100.0/24 nexthop via 172.19.0.8 weight 2 nexthop via 172.19.0.9
/// ip route add blackhole 192.0.2.0/24 table 100 metric 7
/// ip rule add from 172.19.0.0/24 fwmark 0x1/0xff dport 80 ipproto tcp table 100 prio 50
/// ip neigh add 172.19.0.7 lladdr 02:00:00:00:00:07 dev br0; ip neigh add 172.19.0.6 dev br0 nud failed
/// bridge fdb add 02:00:00:00:00:aa dev v0 master
/// ```
/// Attributes that nobody reads are left out.
@Suite struct NamespaceReadingTests {
    static let links: [(type: UInt16, lines: [String])] = [
        (
            16,
            [
                "00000403010000004900010000000000",  // struct ifinfomsg: ARPHRD_LOOPBACK, index 1, up
                "070003006c6f0000",  // IFLA_IFNAME lo
                "0500100000000000",  // IFLA_OPERSTATE
                "0800040000000100",  // IFLA_MTU
                "0a0001000000000000000000",  // IFLA_ADDRESS
                "0c0006006e6f717565756500",  // IFLA_QDISC noqueue
            ]
        ),
        (
            16,
            [
                "00000100020000004310010000000000",  // struct ifinfomsg: ARPHRD_ETHER, index 2, up
                "0800030062723000",  // IFLA_IFNAME br0
                "0500100006000000",  // IFLA_OPERSTATE up
                "0800040078050000",  // IFLA_MTU
                "0a0001000200000000010000",  // IFLA_ADDRESS
                "2c001200",  // IFLA_LINKINFO
                "0b00010062726964676500001c000200",  // IFLA_INFO_KIND bridge, IFLA_INFO_DATA
                "0800050000000000",  // IFLA_BR_STP_STATE
                "0500070000000000",  // IFLA_BR_VLAN_FILTERING
                "0500240000000000",  // IFLA_BR_NF_CALL_IPTABLES
            ]
        ),
        (
            16,
            [
                "00000100030000004310010000000000",  // struct ifinfomsg: index 3, up
                "0700030076300000",  // IFLA_IFNAME v0
                "0500100006000000",  // IFLA_OPERSTATE up
                "0800040078050000",  // IFLA_MTU 1400
                "08000a0002000000",  // IFLA_MASTER 2
                "0a0001000200000000020000",  // IFLA_ADDRESS
                "6c011200",  // IFLA_LINKINFO
                "0900010076657468000000000b00040062726964676500005001050005000100030000000600020020000000",
                "0800030002000000050004000100000005000500000000000500060000000000050007000000000005001c0000000000",
                "0500080001000000050009000100000005001b000100000005001e000100000005000a000000000005000c0000000000",
                "0c000d0080000200000000010c000e00800002000000000106000f000180000006001000010000000600110000000000",
                "06001200010000000500130000000000050014000000000005001d000000000006001f00000000000500200000000000",
                "0500230000000000050024000000000005002100010000000500270000000000050028000000000005002b0000000000",
                "0c00150000000000000000000c0016008f050000000000000c0017000000000000000000050019000100000008002500",
                "000200000800260000000000080029000100000008002a0000000000",
                "0800250000000000",  // IFLA_LINK_NETNSID 0
                "0800050002000000",  // IFLA_LINK 2
            ]
        ),
        (
            16,
            [
                "00000100040000000210000000000000",  // struct ifinfomsg: index 4, down
                "0700030076780000",  // IFLA_IFNAME vx
                "0500100002000000",  // IFLA_OPERSTATE down
                "0800040046050000",  // IFLA_MTU
                "0a0001004a8b920f4ffb0000",  // IFLA_ADDRESS
                "3c0012000a00010076786c616e0000002c000200",  // IFLA_LINKINFO: vxlan
                "080001002a000000",  // IFLA_VXLAN_ID 42
                "08000200cb007109",  // IFLA_VXLAN_GROUP 203.0.113.9
                "0800030002000000",  // IFLA_VXLAN_LINK 2
                "0500070001000000",  // IFLA_VXLAN_LEARNING
                "06000f0012b50000",  // IFLA_VXLAN_PORT 4789
            ]
        ),
    ]

    static let addresses: [(type: UInt16, lines: [String])] = [
        (20, ["0218800002000000", "08000100ac130001", "08000200ac130001", "0800030062723000"]),
        (20, ["0a40c0fd02000000", "14000100fe80000000000000000000fffe000001", "08000800c0000000"]),
    ]

    static let routes: [(type: UInt16, lines: [String])] = [
        (24, ["021800006403000600000000", "08000f0064000000", "08000100c0000200", "0800060007000000"]),
        (
            24,
            [
                "02180000fe02fd0100000000",  // struct rtmsg: /24, main, kernel, link, unicast
                "08000f00fe000000", "08000100ac130000", "08000700ac130001", "0800040002000000",
            ]
        ),
        (
            24,
            [
                "02180000fe03000100000000",
                "08000f00fe000000", "08000100c6336400",
                // RTA_MULTIPATH: two struct rtnexthop with a RTA_GATEWAY each
                "24000900100000010200000008000500ac130008100000000200000008000500ac130009",
            ]
        ),
        (24, ["0a400000fe02000100000000", "08000f00fe000000", "1400010020010db8000000000000000000000000"]),
        // RTM_F_CLONED: an exception that the kernel keeps for itself.
        (24, ["02200000fe02000100020000", "08000100c6336401"]),
    ]

    static let rules: [(type: UInt16, lines: [String])] = [
        (32, ["02000000ff00000100000000", "08000f00ff000000", "08000e00ffffffff", "0500150002000000"]),
        (
            32,
            [
                "020018006400000100000000", "08000f0064000000", "08000e00ffffffff",
                "0800060032000000",  // FRA_PRIORITY 50
                "08000a0001000000", "08001000ff000000",  // FRA_FWMARK, FRA_FWMASK
                "0800180050005000",  // FRA_DPORT_RANGE
                "0500160006000000",  // FRA_IP_PROTO
                "08000200ac130000",  // FRA_SRC
            ]
        ),
        // RTNL_FAMILY_IPMR: multicast routing has rules of its own.
        (32, ["80000000fd00000100000000", "08000f00fd000000"]),
    ]

    static let neighbors: [(type: UInt16, lines: [String])] = [
        (28, ["020000000200000040000005", "08000100e0000016", "0a00020001005e0000160000"]),  // NUD_NOARP
        (28, ["020000000200000080000001", "08000100ac130007", "0a0002000200000000070000"]),
        (28, ["020000000200000020000001", "08000100ac130006"]),
    ]

    static let forwarding: [(type: UInt16, lines: [String])] = [
        (28, ["070000000200000080000200", "0a0002003333000000010000"]),  // NTF_SELF, not a bridge's table
        (28, ["070000000300000080000000", "0a0002000200000000aa0000", "0800090002000000"]),  // NDA_MASTER 2
        (28, ["070000000300000002000000", "0a0002000200000000030000", "0800090002000000"]),
        (28, ["070000000400000082000201", "0a0002000000000000000000", "08000100cb007109", "0800080002000000"]),
    ]

    static func channel() -> RecordedChannel {
        RecordedChannel([
            .init(type: 18): links, .init(type: 22): addresses, .init(type: 26): routes, .init(type: 34): rules,
            .init(type: 30): neighbors, .init(type: 30, family: 7): forwarding,
        ])
    }

    @Test("reads links with kind, state, address and master")
    func readsLinks() throws {
        let reading = try NamespaceReading(over: Self.channel())
        #expect(reading.links.map(\.name) == ["lo", "br0", "v0", "vx"])
        #expect(reading.links.map(\.kind) == ["loopback", "bridge", "veth", "vxlan"])
        #expect(reading.links.map(\.state) == ["unknown", "up", "up", "down"])
        #expect(reading.links.map(\.isUp) == [true, true, true, false])
        #expect(reading.links.map(\.mtu) == [65536, 1400, 1400, 1350])
        #expect(reading.links[2].mac == MACAddress("02:00:00:00:00:02"))
        #expect(reading.links[2].master == "br0")
        #expect(
            reading.links[1].addresses
                == [
                    IPPrefix("172.19.0.1/24"), IPPrefix("fe80::ff:fe00:1/64"),
                ].compactMap { $0 })
    }

    @Test("reads the settings of a bridge and of its port")
    func readsBridge() throws {
        let reading = try NamespaceReading(over: Self.channel())
        let bridge = try #require(reading.links[1].bridge)
        #expect(!bridge.vlanFiltering && !bridge.stp && bridge.callsIPTables == false)
        #expect(bridge.fdb.map(\.mac.description) == ["02:00:00:00:00:aa", "02:00:00:00:00:03"])
        #expect(bridge.fdb.map(\.device) == ["v0", "v0"])
        #expect(bridge.fdb.map(\.permanent) == [true, false])
        let port = try #require(reading.links[2].bridgePort)
        #expect(port.state == "forwarding" && port.isolated && port.hairpin && port.learning && port.flooding)
    }

    @Test("reads a VXLAN with its remote ends")
    func readsVXLAN() throws {
        let vxlan = try #require(try NamespaceReading(over: Self.channel()).links[3].vxlan)
        #expect(vxlan.identifier == 42 && vxlan.port == 4789 && vxlan.device == "br0" && vxlan.learning)
        #expect(vxlan.remote == IPAddress("203.0.113.9") && vxlan.local == nil)
        #expect(vxlan.fdb.map(\.destination) == [IPAddress("203.0.113.9")])
    }

    @Test("keeps where a veth's far end lies")
    func keepsFarEnd() throws {
        #expect(
            try NamespaceReading(over: Self.channel()).farEnds == [.init(device: 2, index: 2, netnsid: 0)])
    }

    @Test("reads routes of all tables, with several next hops or none")
    func readsRoutes() throws {
        let routes = try NamespaceReading(over: Self.channel()).routes
        #expect(
            routes.map(\.destination.description) == [
                "192.0.2.0/24", "172.19.0.0/24", "198.51.100.0/24", "2001:db8::/64",
            ])
        #expect(routes.map(\.kind) == ["blackhole", "unicast", "unicast", "unicast"])
        #expect(routes.map(\.table) == [100, 254, 254, 254])
        #expect(routes[0].metric == 7 && routes[0].device == nil && routes[0].origin == "boot")
        #expect(routes[1].device == "br0" && routes[1].preferredSource == IPAddress("172.19.0.1"))
        #expect(routes[1].origin == "kernel")
        #expect(
            routes[2].nextHops == [
                .init(gateway: IPAddress("172.19.0.8"), device: "br0", weight: 2),
                .init(gateway: IPAddress("172.19.0.9"), device: "br0", weight: 1),
            ])
    }

    @Test("reads routing rules, with conditions that have no field of their own as text")
    func readsRules() throws {
        let rules = try NamespaceReading(over: Self.channel()).rules
        #expect(rules.map(\.priority) == [0, 50])
        #expect(rules.map(\.table) == [255, 100])
        #expect(rules[0].mark == nil && rules[0].detail == nil)
        #expect(rules[1].source == IPPrefix("172.19.0.0/24"))
        #expect(rules[1].mark == 1 && rules[1].markMask == 0xff)
        #expect(rules[1].detail == "ipproto tcp dport 80")
    }

    @Test("reads neighbours but not what the kernel enters for itself")
    func readsNeighbors() throws {
        let neighbors = try NamespaceReading(over: Self.channel()).neighbors
        #expect(neighbors.map(\.address.description) == ["172.19.0.7", "172.19.0.6"])
        #expect(neighbors.map(\.state) == ["permanent", "failed"])
        #expect(neighbors.map(\.mac) == [MACAddress("02:00:00:00:00:07"), nil])
    }

    @Test("messages cut short anywhere, or with any byte changed, give values or an error")
    func survivesDamage() throws {
        let seed: UInt64 = 0x5eed_0001
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let messages =
            (Self.links + Self.addresses + Self.routes + Self.rules + Self.neighbors + Self.forwarding).map {
                RecordedChannel.message($0.type, RecordedChannel.bytes($0.lines))
            }
        for original in messages {
            for _ in 0..<300 {
                var damaged = original
                damaged[Int(random.next() % UInt64(damaged.count))] = UInt8(truncatingIfNeeded: random.next())
                if random.next() % 2 == 0 { damaged.removeLast(Int(random.next() % UInt64(damaged.count))) }
                guard let parts = try? NetlinkMessage.split(damaged) else { continue }
                for part in parts {
                    // The message must stay inside the datagram whatever its lengths say.
                    #expect(part.payload.endIndex <= damaged.count)
                    _ = LinkRecord(part)
                    _ = AddressRecord(part)
                    _ = Route(part, names: [:])
                    _ = RoutingRule(part)
                    _ = NeighborRecord(part)
                    _ = PortVLANs(part)
                    _ = TrafficControlRecord(part)
                    _ = NFTablesChain(part)
                }
            }
        }
    }

    @Test("an error of the kernel is thrown with its number")
    func throwsKernelError() {
        var conversation = NetlinkConversation(RecordedChannel([:]))
        #expect(throws: SystemError("read a namespace's number", errorNumber: 95)) {
            try conversation.namespaceIdentifier(of: 0)
        }
    }
}
