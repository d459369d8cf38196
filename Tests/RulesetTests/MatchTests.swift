import Network
import TestSupport
import Testing
import Wire

@testable import Ruleset

/// Single rules against single packets: what holds, what fails and in which words, what can't be told.
@Suite("Conditions of rules")
struct MatchTests {
    static let packet = RuleNamespace.packet
    static let site = RuleNamespace.site()

    enum Expected: Equatable {
        case matches
        case fails(String)
        case unknown
    }

    static func judge(_ rule: CompiledRule, _ packet: PacketState = packet, _ site: RuleSite = site) -> Expected {
        var isUnsure = false
        for match in rule.matches {
            switch match.evaluate(packet, at: site) {
            case .holds: continue
            case .fails: return .fails(match.explanation(packet, at: site))
            case .unknown: isUnsure = true
            }
        }
        return isUnsure ? .unknown : .matches
    }

    @Test(
        "iptables matches",
        arguments: [
            ("-s 172.19.0.0/24 -d 198.51.100.1/32 -j DROP", Expected.matches),
            ("-s 172.19.0.0/255.255.255.0 -j DROP", .matches),
            ("! -s 172.19.0.0/24 -j DROP", .fails("its source is 172.19.0.2")),
            ("-d 198.51.100.2/32 -j DROP", .fails("its destination is 198.51.100.1")),
            ("-i mybridge -o eth+ -j DROP", .matches), ("-i lo -j DROP", .fails("came in by mybridge")),
            ("! -o eth0 -j DROP", .fails("leaves by eth0")), ("-p icmp -j DROP", .fails("it is TCP")),
            ("-p tcp -m tcp --dport 443 -j DROP", .matches), ("-p tcp -m tcp --dport 400:500 -j DROP", .matches),
            ("-p tcp -m tcp --dport 80 -j DROP", .fails("its destination port is 443")),
            ("-p tcp -m tcp ! --sport 1024: -j DROP", .fails("its source port is 40000")),
            ("-p tcp -m multiport --dports 80,443,8000:8100 -j DROP", .matches),
            ("-p tcp -m multiport ! --dports 80,443 -j DROP", .fails("its destination port is 443")),
            ("-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j DROP", .matches),
            ("-p tcp -m tcp --syn -j DROP", .matches),
            ("-p tcp -m tcp ! --syn -j DROP", .fails("its TCP flags are others")),
            ("-m conntrack --ctstate NEW,RELATED -j DROP", .matches),
            ("-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", .fails("the connection is new")),
            ("-m conntrack ! --ctstate ESTABLISHED -j DROP", .matches),
            ("-m state --state INVALID -j DROP", .fails("the connection is new")),
            ("-m mark --mark 0x12 -j DROP", .matches), ("-m mark --mark 0x2/0xf -j DROP", .matches),
            ("-m mark ! --mark 0x2/0xf -j DROP", .fails("its mark is 0x12")),
            (
                "-m addrtype --dst-type LOCAL -j DNAT --to-destination 1.2.3.4",
                .fails("198.51.100.1 is no address of host")
            ),
            ("-m addrtype ! --dst-type LOCAL -j DROP", .matches),
            ("-m iprange --src-range 172.19.0.1-172.19.0.9 -j DROP", .matches),
            ("-m ttl --ttl-lt 10 -j DROP", .fails("its TTL is 64")),
            ("-m comment --comment \"a -j DROP in words\" -j ACCEPT", .matches),
            ("-m set --match-set bad src -j DROP", .unknown), ("-m set ! --match-set bad src -j DROP", .unknown),
            ("-m limit --limit 5/min -j ACCEPT", .unknown),
            ("-m statistic --mode random --probability 0.5 -j DROP", .unknown),
            ("-i lo -m set --match-set bad src -j DROP", .fails("came in by mybridge")),
            ("-m physdev --physdev-in veth0 -j DROP", .fails("it is not at a bridge's port")),
        ])
    func iptablesMatch(text: String, expected: Expected) {
        #expect(Self.judge(compile(text)) == expected)
    }

    @Test(
        "nftables matches, as libnftables writes them",
        arguments: [
            (
                #"{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["established","related"]}}"#,
                Expected.fails("the connection is new")
            ),
            (#"{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":{"set":["tcp","udp"]}}}"#, .matches),
            (
                #"{"match":{"op":"==","left":{"payload":{"protocol":"th","field":"dport"}},"right":80}}"#,
                .fails("its destination port is 443")
            ),
            (
                #"{"match":{"op":"==","left":{"&":[{"payload":{"protocol":"tcp","field":"flags"}},["syn","ack"]]},"right":"syn"}}"#,
                .matches
            ),
            (
                #"{"match":{"op":"==","left":{"&":[{"payload":{"protocol":"tcp","field":"flags"}},["syn","ack"]]},"right":["syn","ack"]}}"#,
                .fails("its TCP flags are others")
            ),
            (
                #"{"match":{"op":"==","left":{"concat":[{"payload":{"protocol":"ip","field":"saddr"}},{"payload":{"protocol":"tcp","field":"dport"}}]},"right":{"set":[{"concat":["172.19.0.2",443]}]}}}"#,
                .matches
            ),
            (#"{"match":{"op":"==","left":{"&":[{"meta":{"key":"mark"}},15]},"right":2}}"#, .matches),
            (#"{"match":{"op":"!=","left":{"meta":{"key":"iifname"}},"right":"my*"}}"#, .fails("came in by mybridge")),
            (#"{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"@s"}}"#, .matches),
            (
                #"{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"@nowhere"}}"#,
                .unknown
            ),
            (
                #"{"match":{"op":"==","left":{"fib":{"result":"type","flags":["daddr"]}},"right":"local"}}"#,
                .fails("198.51.100.1 is no address of host")
            ),
            (
                #"{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":{"range":["198.51.100.0","198.51.100.9"]}}}"#,
                .matches
            ),
            (
                #"{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"echo-request"}}"#,
                .fails("it is TCP")
            ),
            (
                #"{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"saddr"}},"right":{"prefix":{"addr":"fd00::","len":8}}}}"#,
                .fails("it is IPv4")
            ),
            (
                #"{"match":{"op":"!=","left":{"payload":{"protocol":"ip6","field":"saddr"}},"right":"fd00::1"}}"#,
                .fails("it is IPv4")
            ),
            (#"{"match":{"op":"==","left":{"meta":{"key":"nfproto"}},"right":"ipv4"}}"#, .matches),
            (
                #"{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"set":[80,{"range":[400,500]}]}}}"#,
                .matches
            ),
            (
                #"{"match":{"op":"!=","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"set":[{"prefix":{"addr":"172.16.0.0","len":12}},"192.0.2.1"]}}}"#,
                .fails("its source is 172.19.0.2")
            ),
            (#"{"limit":{"rate":5,"burst":5,"per":"second"}}"#, .unknown),
            (#"{"xt":{"type":"match","name":"owner"}}"#, .unknown),
        ])
    func nftablesMatch(json: String, expected: Expected) {
        let set = NamedSet(
            family: "inet", table: "t", name: "s", elements: #"[{"prefix":{"addr":"172.19.0.0","len":24}}]"#)
        #expect(Self.judge(compile(json: "[\(json),{\"drop\":null}]", sets: [set])) == expected)
    }

    @Test("ports are those of every protocol that has some; a type of ICMPv6 is asked of IPv6 alone")
    func protocolsWithPorts() {
        var packet = Self.packet
        packet.ipProtocol = .dccp
        #expect(Self.judge(compile("-p dccp -m dccp --dport 443 -j DROP"), packet) == .matches)
        #expect(Self.judge(compile("-p dccp -m multiport --dports 80,443 -j DROP"), packet) == .matches)
        packet.ipProtocol = .icmpv6
        packet.icmpType = 128
        let type = #"[{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":128}}]"#
        #expect(Self.judge(compile(json: type), packet) != .matches)
    }

    @Test("any text is some rule", arguments: [1, 2, 3, 4] as [UInt64])
    func anyText(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let words = [
            "-A", "FORWARD", "!", "-s", "-d", "-i", "-o", "-p", "-m", "-j", "-g", "tcp", "--dport", "1:2:3", ":",
            "99999",
            "10.0.0.0/99", "::/0", "conntrack", "--ctstate", "NEW,,", "--mark", "0x/0x", "\"", "\\", "multiport",
            "--dports",
            "DNAT", "--to-destination", "[::1", "]:", "--tcp-flags", "--icmp-type", "300/1", "--src-range", "-", "--",
            "é",
        ]
        for _ in 0..<3000 {
            let text = (0..<Int.random(in: 0...14, using: &random)).map { _ in
                words[Int.random(in: 0..<words.count, using: &random)]
            }.joined(separator: Bool.random(using: &random) ? " " : "")
            _ = Self.judge(compile(text))
        }
    }

    @Test("any JSON is some nftables rule", arguments: [5, 6, 7, 8] as [UInt64])
    func anyJSON(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let keys = [
            "match", "op", "left", "right", "payload", "protocol", "field", "meta", "key", "ct", "set", "range",
            "prefix",
            "addr", "len", "vmap", "data", "concat", "&", "jump", "target", "dnat", "port", "elem", "val", "fib",
            "flags",
        ]
        func value(_ depth: Int) -> String {
            switch Int.random(in: 0..<(depth > 4 ? 4 : 7), using: &random) {
            case 0: return "null"
            case 1: return String(Int.random(in: -5...100_000, using: &random))
            case 2:
                return ["\"tcp\"", "\"dport\"", "\"@s\"", "\"10.0.0.1\"", "\"state\"", "\"==\""].randomElement(
                    using: &random) ?? "1"
            case 3: return "true"
            case 4, 5:
                let members = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                    "\"\(keys[Int.random(in: 0..<keys.count, using: &random)])\":\(value(depth + 1))"
                }
                return "{\(members.joined(separator: ","))}"
            default:
                return
                    "[\((0..<Int.random(in: 0...3, using: &random)).map { _ in value(depth + 1) }.joined(separator: ","))]"
            }
        }
        for _ in 0..<1500 {
            let rule = compile(json: "[\(value(0)),\(value(0))]")
            _ = Self.judge(rule)
            _ = rule.description
            for case .verdictMap(let map) in rule.actions { _ = map.look(Self.packet, at: Self.site) }
        }
    }
}
