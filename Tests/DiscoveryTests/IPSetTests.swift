import Netlink
import Testing
import Wire

@testable import Discovery
@testable import Network

/// What the kernel said (Linux 6.18) of sets made by
/// ```
/// ipset create nets hash:net; ipset add nets 192.0.2.0/24; ipset add nets 192.0.2.7/32 nomatch
/// ipset create web hash:ip,port family inet6
/// ipset add web 2001:db8::1,tcp:443; ipset add web 2001:db8::2,icmpv6:echo-request
/// ipset create trip hash:ip,port,net; ipset add trip 192.0.2.1,udp:53,198.51.100.0/24
/// ipset create ports bitmap:port range 1-100; ipset add ports 22
/// ipset create nif hash:net,iface; ipset add nif 192.0.2.0/24,physdev:eth0
/// ipset create all list:set; ipset add all nets
/// ```
@Suite struct IPSetTests {
    private static let nets = [
        "02000000", "0500010007000000", "090002006e65747300000000",  // struct nfgenmsg, protocol, name
        "0d000300686173683a6e657400000000", "0500050002000000",  // type hash:net, family
        // IPSET_ATTR_ADT: two IPSET_ATTR_DATA, the second with IPSET_FLAG_NOMATCH
        "3c000880180007800c00018008000100c00002000500030018000000200007800c00018008000100c000020705000300200000000800084000000004",
    ]
    private static let others = [
        [
            "02000000", "0500010007000000", "0800020077656200", "11000300686173683a69702c706f727400000000",
            "050005000a000000",
            "5c0008802c000780180001801400020020010db80000000000000000000000010600044001bb000005000700060000002c00078018000180",
            "1400020020010db80000000000000000000000020600044080000000050007003a000000",
        ],
        [
            "02000000", "0500010007000000", "090002007472697000000000",
            "15000300686173683a69702c706f72742c6e657400000000", "0500050002000000",
            "38000880340007800c00018008000100c00002010c00148008000100c6336400060004400035000005001500180000000500070011000000",
        ],
        [
            "02000000", "0500010007000000", "0a000200706f727473000000", "100003006269746d61703a706f727400",
            "0500050000000000", "100008800c0007800600044000160000",
        ],
        [
            "02000000", "0500010007000000", "080002006e696600", "13000300686173683a6e65742c69666163650000",
            "0500050002000000",
            "300008802c0007800c00018008000100c000020005000300180000000900170065746830000000000800084000000002",
        ],
        [
            "02000000", "0500010007000000", "08000200616c6c00", "0d0003006c6973743a73657400000000",
            "0500050000000000", "1400088010000780090012006e65747300000000",
        ],
    ]

    private func sets(_ messages: [[String]]) throws -> [IPSet] {
        var conversation = NetlinkConversation(
            RecordedChannel([.init(type: 0x607): messages.map { (type: 0x607, lines: $0) }]))
        return try conversation.ipSets()
    }

    @Test("members as ipset writes them, of every dimension")
    func members() throws {
        #expect(
            try sets([Self.nets] + Self.others) == [
                IPSet(name: "nets", type: "hash:net", family: .ip, members: ["192.0.2.0/24", "192.0.2.7 nomatch"]),
                IPSet(
                    name: "web", type: "hash:ip,port", family: .ip6,
                    members: ["2001:db8::1,tcp:443", "2001:db8::2,icmpv6:128/0"]),
                IPSet(
                    name: "trip", type: "hash:ip,port,net", family: .ip,
                    members: ["192.0.2.1,udp:53,198.51.100.0/24"]),
                IPSet(name: "ports", type: "bitmap:port", members: ["22"]),
                IPSet(name: "nif", type: "hash:net,iface", family: .ip, members: ["192.0.2.0/24,physdev:eth0"]),
                IPSet(name: "all", type: "list:set", members: ["nets"]),
            ])
    }

    @Test("a set that is told in parts is one set")
    func parts() throws {
        let more = [
            Self.nets[0], Self.nets[1], Self.nets[2],
            "1c000880180007800c00018008000100c63364000500030018000000",
        ]
        let found = try sets([Self.nets, more])
        #expect(found.count == 1)
        #expect(found.first?.members == ["192.0.2.0/24", "192.0.2.7 nomatch", "198.51.100.0/24"])
        // Without the part that says its type there is nothing to tell.
        #expect(try sets([more]).isEmpty)
    }
}
