import LinuxSystem
import Network
import Testing
import Wire

@testable import Discovery
@testable import Ruleset

/// Rule sets of real hosts, where they are at hand beside the repository; known packets through them.
///
/// What each packet meets was read from the rule sets by hand.
@Suite("Rule sets from the field", .enabled(if: FieldRules.isPresent))
struct FieldRuleTests {
    func run(
        _ file: String, _ hook: NetfilterHook, from source: String, to destination: String, in inDevice: String?,
        out outDevice: String? = nil, port: UInt16? = 80, mark: UInt32 = 0, connection: ConnectionState = .new,
        protocol: IPProtocol = .tcp
    ) throws -> HookResult {
        var packet = PacketState(
            source: address(source), destination: address(destination), ipProtocol: `protocol`, sourcePort: 40000,
            destinationPort: port, tcpFlags: 2, ttl: 64, length: 60, mark: mark, connection: connection)
        packet.isSourceTranslated = false
        packet.isDestinationTranslated = false
        let namespace = try FieldRules.namespace(file)
        let site = RuleSite(namespace: namespace, inDevice: inDevice, outDevice: outDevice)
        return HookTraversal(site: site, hook: hook, families: ["ip", "inet"]).run(packet)
    }

    @Test("every file: every chain of every hook, any packet, no trap", arguments: FieldRules.files)
    func all(file: String) throws {
        for hook in [NetfilterHook.prerouting, .input, .forward, .output, .postrouting] {
            for number in [IPProtocol.tcp, .udp, .icmp] {
                _ = try run(
                    file, hook, from: "203.0.113.9", to: "192.0.2.2", in: "eth0", out: "bridge1", protocol: number)
            }
        }
    }

    @Test(
        "Docker, a published port: DNAT, then accepted in DOCKER; another port falls to DOCKER's drop",
        arguments: ["iptables/usernet-portmap.iptables-save", "nftables/usernet-portmap.nft"])
    func published(file: String) throws {
        // The host's own address is 203.0.113.2, which `addrtype LOCAL` asks for.
        let arrival = try run(file, .prerouting, from: "203.0.113.9", to: "203.0.113.2", in: "eth0", port: 8080)
        #expect(arrival.packet.destination == address("192.0.2.2"))
        #expect(arrival.packet.destinationPort == 80)
        let passing = try run(
            file, .forward, from: "203.0.113.9", to: "192.0.2.2", in: "eth0", out: "bridge1", port: 80)
        #expect(passing.ending == nil)
        let other = try run(file, .forward, from: "203.0.113.9", to: "192.0.2.2", in: "eth0", out: "bridge1", port: 81)
        #expect(other.ending?.kind == .drop)
        #expect(other.isCertain)
        let isNft = file.hasSuffix(".nft")
        #expect(other.ending?.rule.chain == (isNft ? "filter-forward-in__bridge1" : "DOCKER"))
        #expect(other.ending?.path.count == (isNft ? 1 : 3))
    }

    @Test(
        "Docker: direct access to a container is dropped in raw",
        arguments: ["iptables/usernet-portmap.iptables-save", "nftables/usernet-portmap.nft"])
    func direct(file: String) throws {
        let result = try run(file, .prerouting, from: "203.0.113.9", to: "192.0.2.2", in: "eth0")
        #expect(result.ending?.kind == .drop)
        #expect(result.ending?.rule.chain == (file.hasSuffix(".nft") ? "raw-PREROUTING" : "PREROUTING"))
        let own = try run(file, .prerouting, from: "192.0.2.3", to: "192.0.2.2", in: "bridge1")
        #expect(own.ending == nil)
    }

    @Test(
        "Docker: what leaves a network is translated, what stays in it is not",
        arguments: ["iptables/usernet-portmap.iptables-save", "nftables/usernet-portmap.nft"])
    func masquerade(file: String) throws {
        let out = try run(file, .postrouting, from: "192.0.2.2", to: "198.51.100.1", in: "bridge1", out: "eth0")
        #expect(out.translation != nil)
        let inside = try run(file, .postrouting, from: "192.0.2.2", to: "192.0.2.3", in: "bridge1", out: "bridge1")
        #expect(inside.translation == nil)
    }

    @Test("no inter-container communication: DOCKER-FORWARD's own drop")
    func noICC() throws {
        let result = try run(
            "iptables/usernet-portmap-noicc.iptables-save", .forward, from: "192.0.2.2", to: "192.0.2.3", in: "bridge1",
            out: "bridge1")
        #expect(result.ending?.rule.chain == "DOCKER-FORWARD")
        #expect(result.ending?.rule.text == "-A DOCKER-FORWARD -i bridge1 -o bridge1 -j DROP")
        #expect(result.ending?.unmatched.last?.because == "came in by bridge1")
    }

    @Test("Calico's node: a service without endpoints is rejected, the cluster's DNS among them")
    func calico() throws {
        let result = try run(
            "iptables/calico-node.iptables-save", .forward, from: "192.168.1.5", to: "10.96.0.10", in: "cali1",
            out: "eth0", port: 53)
        #expect(result.ending?.kind == .reject("icmp-port-unreachable"))
        #expect(result.ending?.rule.text?.contains("kube-dns:dns-tcp has no endpoints") == true)
        #expect(result.ending?.path.map(\.chain) == ["FORWARD"])
    }

    @Test("Calico's node: marked by kube-proxy a packet passes FORWARD, unmarked it meets the policy")
    func calicoMark() throws {
        let file = "iptables/calico-node.iptables-save"
        let marked = try run(file, .forward, from: "192.168.1.5", to: "10.128.0.183", in: "a", out: "b", mark: 0x4000)
        #expect(marked.ending == nil)
        let plain = try run(file, .forward, from: "192.168.1.5", to: "10.128.0.183", in: "a", out: "b")
        #expect(plain.ending?.kind == .policy)
        #expect(plain.ending?.rule.chain == "FORWARD")
    }

    @Test("Calico's node: the API's ClusterIP is translated four chains deep")
    func calicoService() throws {
        let result = try run(
            "iptables/calico-node.iptables-save", .prerouting, from: "192.168.1.5", to: "10.96.0.1", in: "cali1",
            port: 443)
        #expect(result.packet.destination == address("10.128.0.183"))
        #expect(result.packet.destinationPort == 6443)
        #expect(result.translation?.rule.chain == "KUBE-SEP-QAX236RR3UXXQODE")
    }

    @Test("Azure NPM's sets can't be looked into: its drops are possible, never certain")
    func azure() throws {
        let file = "iptables/azure-npm-node.iptables-save"
        let result = try run(file, .forward, from: "10.240.0.5", to: "10.240.0.6", in: "a", out: "b")
        #expect(result.ending == nil)
        #expect(!result.possible.isEmpty)
        #expect(!result.isCertain)
        let platform = try run(file, .forward, from: "10.240.0.5", to: "168.63.129.16", in: "a", out: "b", port: 80)
        #expect(platform.ending?.rule.text == "-A FORWARD -d 168.63.129.16/32 -p tcp -m tcp --dport 80 -j DROP")
        #expect(!platform.isCertain)
    }
}

enum FieldRules {
    static let folder: String = {
        let parts = #filePath.split(separator: "/").dropLast(4)
        let beside = "/" + parts.joined(separator: "/") + "/shared/field"
        let above = "/" + parts.dropLast().joined(separator: "/") + "/shared/field"
        return directoryNames(beside).isEmpty ? above : beside
    }()
    static var isPresent: Bool { !directoryNames(folder).isEmpty }
    static var files: [String] {
        directoryNames("\(folder)/iptables").map { "iptables/\($0)" }
            + (canListNftables ? directoryNames("\(folder)/nftables").map { "nftables/\($0)" } : [])
    }
    static let canListNftables: Bool = {
        (try? Command(["unshare", "-Urn", "nft", "list", "ruleset"]).run().status) == 0
    }()

    static func namespace(_ file: String) throws -> Namespace {
        let text = try readFile("\(folder)/\(file)")
        var namespace = RuleNamespace.host
        if file.hasSuffix(".nft") {
            let ruleset = try nftables(text)
            namespace.netfilter = Netfilter(chains: ruleset.chains, sets: ruleset.sets)
        } else {
            namespace.netfilter.chains = try IPTablesSave(parsing: text).chains.map {
                RuleChain(saved: $0, backend: "iptables-nft", family: "ip")
            }
        }
        return namespace
    }

    /// As the kernel takes and libnftables lists them, in a namespace of their own.
    private static func nftables(_ text: [UInt8]) throws -> NFTablesRuleset {
        // Older nft knows the name `dstnat` at prerouting only.
        let text = [UInt8](
            String(decoding: text, as: UTF8.self)
                .replacing("hook output priority dstnat", with: "hook output priority -100").utf8)
        let script = "nft -f - && nft -j list ruleset && printf '\\0' && nft -a -s list ruleset"
        let output = try Command(["unshare", "-Urn", "sh", "-c", script]).run(input: text)
        let parts = output.standardOutput.split(separator: 0, maxSplits: 1)
        return try NFTablesRuleset(json: Array(parts.first ?? []), text: parts.count > 1 ? Array(parts[1]) : [])
    }
}
