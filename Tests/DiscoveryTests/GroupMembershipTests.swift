import Netlink
import Testing
import Wire

@testable import Discovery
@testable import Network

/// What Linux 6.18 said of `ip addr add 239.1.2.3/32 dev ve0 autojoin` and `ip addr add ff0e::1234/128 dev ve0 autojoin`.
@Suite struct GroupMembershipTests {
    private static let ipv4: [(type: UInt16, lines: [String])] = [
        (58, ["0220800001000000", "08000700e0000001"]),
        (58, ["0220800003000000", "08000700ef010203"]),  // struct ifaddrmsg: index 3; IFA_MULTICAST 239.1.2.3
        (58, ["0220800003000000", "08000700e0000001"]),
    ]
    private static let ipv6: [(type: UInt16, lines: [String])] = [
        (58, ["0a80800003000000", "14000700ff0200000000000000000001ff001234"]),
        (58, ["0a80800003000000", "14000700ff0e0000000000000000000000001234"]),  // IFA_MULTICAST ff0e::1234
        (58, ["0a80800003000000", "14000700ff020000000000000000000000000001"]),
    ]

    @Test("groups by netlink, without those that every device is in")
    func netlink() throws {
        var reading = NamespaceReading()
        reading.links = [Link(name: "lo", index: 1, kind: .loopback), Link(name: "ve0", index: 3, kind: .veth)]
        let channel = RecordedChannel([
            RecordedChannel.Request(type: 58, family: 2): Self.ipv4,
            RecordedChannel.Request(type: 58, family: 10): Self.ipv6,
        ])
        reading.readMemberships(over: channel)
        let groups = try ["239.1.2.3", "ff0e::1234"].map { try #require(IPAddress($0)) }
        #expect(reading.memberships == groups.map { GroupMembership(device: "ve0", group: $0) })
    }

    @Test("groups by /proc/net/igmp, where netlink does not tell of IPv4")
    func file() throws {
        let text = """
            Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter
            1\tlo        :     1      V3
            \t\t\t\t010000E0     1 0:00000000\t\t0
            12\tlongdevicename:     2      V3
            \t\t\t\t030201EF     1 0:00000000\t\t0
            \t\t\t\t010000E0     1 0:00000000\t\t0
            """
        let group = try #require(IPAddress("239.1.2.3"))
        #expect(
            GroupMembership.read(igmp: text) == [GroupMembership(device: "longdevicename", group: group)])
    }
}
