import Netlink
import Testing
import Wire

@testable import Discovery
@testable import Network

/// Tunnels as `ipgre_fill_info`, `ip6gre_fill_info` and `ipip_fill_info` write them (linux/if_tunnel.h); attributes that
/// nobody reads are left out.
@Suite struct TunnelRecordTests {
    private static let head = "00000a0309000000d100010000000000"  // struct ifinfomsg: ARPHRD_IPGRE, index 9, up
    private static let name = "0900030074756e3000000000"  // IFLA_IFNAME tun0

    private static let gre = [
        head, name,
        "50001200",  // IFLA_LINKINFO
        "0800010067726500",  // IFLA_INFO_KIND gre
        "44000200",  // IFLA_INFO_DATA
        "0800010002000000",  // IFLA_GRE_LINK 2
        "0600020020000000",  // IFLA_GRE_IFLAGS: key
        "06000300a0000000",  // IFLA_GRE_OFLAGS: checksum, key
        "0800040000000007",  // IFLA_GRE_IKEY 7
        "0800050000000008",  // IFLA_GRE_OKEY 8
        "08000600c0000201",  // IFLA_GRE_LOCAL 192.0.2.1
        "08000700c0000202",  // IFLA_GRE_REMOTE 192.0.2.2
        "05000a0001000000",  // IFLA_GRE_PMTUDISC
    ]
    private static let ip6gre = [
        head, name,
        "54001200",  // IFLA_LINKINFO
        "0b0001006970366772650000",  // IFLA_INFO_KIND ip6gre
        "44000200",  // IFLA_INFO_DATA
        "0600030000000000",  // IFLA_GRE_OFLAGS: none
        "1400060020010db8000000000000000000000001",  // IFLA_GRE_LOCAL 2001:db8::1
        "1400070020010db8000000000000000000000002",  // IFLA_GRE_REMOTE 2001:db8::2
        "05000b0004000000",  // IFLA_GRE_ENCAP_LIMIT 4
        "08000d0000000000",  // IFLA_GRE_FLAGS
    ]
    private static let ipip = [
        head, name,
        "2c001200",  // IFLA_LINKINFO
        "090001006970697000000000",  // IFLA_INFO_KIND ipip
        "1c000200",  // IFLA_INFO_DATA
        "08000200c0000201",  // IFLA_IPTUN_LOCAL 192.0.2.1
        "0800030000000000",  // IFLA_IPTUN_REMOTE: any
        "05000a0000000000",  // IFLA_IPTUN_PMTUDISC: no
    ]

    private func record(_ lines: [String]) throws -> LinkRecord {
        let message = RecordedChannel.message(16, RecordedChannel.bytes(lines))
        let first = try #require(try NetlinkMessage.split(message).first)
        return try #require(LinkRecord(first))
    }

    @Test("GRE with different keys and a checksum: twelve bytes")
    func greKeys() throws {
        let record = try record(Self.gre)
        #expect(record.link.kind == .gre)
        #expect(
            record.link.tunnel
                == Link.Tunnel(
                    local: IPAddress("192.0.2.1"), remote: IPAddress("192.0.2.2"), inputKey: 7, outputKey: 8,
                    headerLength: 12, setsDontFragment: true))
        #expect(record.underlayIndex == 2)
    }

    @Test("GRE over IPv6 with an encapsulation limit: eight bytes more")
    func greOverIPv6() throws {
        let record = try record(Self.ip6gre)
        #expect(record.link.kind == .ip6GRE)
        #expect(
            record.link.tunnel
                == Link.Tunnel(
                    local: IPAddress("2001:db8::1"), remote: IPAddress("2001:db8::2"), headerLength: 12))
    }

    @Test("IP in IP to anywhere, without DF")
    func ipipAnywhere() throws {
        #expect(
            try record(Self.ipip).link.tunnel
                == Link.Tunnel(local: IPAddress("192.0.2.1"), setsDontFragment: false))
    }
}
