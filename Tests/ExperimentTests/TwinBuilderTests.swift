import Testing
import Twin

@testable import Experiment

@Suite("Steps of a rebuilt network without a shell")
struct TwinBuilderTests {
    @Test("one program reads what follows each other in one namespace")
    func joined() {
        let steps: [TwinStep] = [
            .feed(function: "ip_batch", namespace: "web", input: ["link set lo up"]), .remark("# addresses"),
            .feed(function: "ip_batch", namespace: "web", input: ["addr add 192.0.2.1/24 dev lo"]),
            .feed(function: "ip_batch", namespace: nil, input: ["link set lo up"]),
            .feed(function: "nft_rules", namespace: nil, input: ["table ip one {", "}"]),
            .feed(function: "nft_rules", namespace: nil, input: ["table ip two {", "}"]),
        ]
        #expect(
            TwinBuilder.joined(steps) == [
                .feed(
                    function: "ip_batch", namespace: "web", input: ["link set lo up", "addr add 192.0.2.1/24 dev lo"]),
                .feed(function: "ip_batch", namespace: nil, input: ["link set lo up"]),
                .feed(function: "nft_rules", namespace: nil, input: ["table ip one {", "}"]),
                .feed(function: "nft_rules", namespace: nil, input: ["table ip two {", "}"]),
            ])
    }

    @Test("what iproute2 says of a line is told with the line")
    func failures() {
        let errors = """
            RTNETLINK answers: File exists
            Command failed -:2
            Error: argument "x" is wrong: "index" value is invalid

            Command failed -:3
            RTNETLINK answers: File exists
            Command failed -:4

            """
        let lines = [
            "one", "route add 192.0.2.0/24 dev eth0 proto 2 scope link", "link add x",
            "route add 192.0.2.0/24 dev eth0 proto 3",
        ]
        #expect(
            TwinBuilder.failures(errors, of: lines) == [
                #"link add x: Error: argument "x" is wrong: "index" value is invalid"#,
                "route add 192.0.2.0/24 dev eth0 proto 3: RTNETLINK answers: File exists",
            ])
    }

    @Test("a setting's file has slashes for dots, and dots for slashes")
    func settings() throws {
        let setting = try #require(KernelSetting(line: "net.ipv4.conf.eth0/100.rp_filter = 2"))
        #expect(setting == KernelSetting("net.ipv4.conf.eth0/100.rp_filter", "2"))
        #expect(setting.path == "net/ipv4/conf/eth0.100/rp_filter")
        #expect(
            KernelSetting(line: "net.ipv4.ip_local_port_range = 1 2")
                == KernelSetting("net.ipv4.ip_local_port_range", "1 2"))
        #expect(KernelSetting(line: "net.ipv4.x = ") == KernelSetting("net.ipv4.x", ""))
        #expect(KernelSetting(line: "net.ipv4.x") == nil)
    }
}
