import Network
import Observations
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// A reply that conntrack does not take for one: it is looked up in another zone than the request's entry, or not tracked.
@Suite("A reply that conntrack does not recognise")
struct ConntrackZoneTests {
    var network = BaseNetwork()

    private static let zone = #"{"mangle":{"key":{"ct":{"key":"zone"}},"value":1}}"#
    private static let originalZone = #"{"mangle":{"key":{"ct":{"key":"zone","dir":"original"}},"value":1}}"#

    private static func device(_ name: String) -> String {
        #"{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"\#(name)"}}"#
    }

    private mutating func addNFT(_ rules: (String, String)...) {
        network.add(nft("ip", "zones", "pre", hook: .prerouting, priority: -300, rules: rules))
    }

    /// A ping through MASQUERADE whose reply came to host and was delivered there.
    private func exchange(hidden: Bool = false) -> (request: Walk, reply: Walk) {
        var translated = Probe.ping
        translated.source = "203.0.113.2"
        let way: [Sight] = toBridge + [.out("host", "eth0")] + (hidden ? [] : [.into("wan", "wan0")])
        let request = Probe.ping.walk(hidden ? .left : .delivered, through: way, changed: [4: translated])
        let sights: [Sight] = (hidden ? [] : [.sent("wan"), .out("wan", "wan0")]) + [.into("host", "eth0")]
        return (request, translated.reply.walk(.delivered, through: sights, answers: request.id))
    }

    private func findings(_ pair: (request: Walk, reply: Walk)) -> [Finding] {
        network.findings(pair.request, reply: pair.reply)
    }

    private func commands(_ finding: Finding?) -> [String] {
        finding?.remedy?.commands ?? []
    }

    @Test("taken by the router that translated the request: iptables, far end seen or not", arguments: [true, false])
    mutating func taken(hidden: Bool) {
        network.add(iptables("raw", "PREROUTING", rules: ["-i mybridge -j CT --zone 1"]))
        let first = findings(exchange(hidden: hidden)).first
        #expect(first?.code == "conntrack-zones")
        #expect(first?.severity == .error)
        #expect(first?.where == Finding.Place(namespace: "host", hook: .prerouting, device: "eth0"))
        #expect(first?.message.contains("203.0.113.2 is not translated back to 172.19.0.2") == true)
        #expect(
            commands(first) == [
                "iptables -t raw -I PREROUTING 1 -i mybridge -s 172.19.0.2 -d 198.51.100.1 -p icmp -j CT --zone-orig 1"
            ])
    }

    @Test("a zone on each side: both rules are to leave the replies' zone alone")
    mutating func both() {
        addNFT(
            ("iifname mybridge ct zone set 1", "[\(Self.device("mybridge")),\(Self.zone)]"),
            (
                "iifname eth0 ct zone set 2",
                "[\(Self.device("eth0")),\(Self.zone.replacing("1}", with: "2}"))]"
            ))
        let first = findings(exchange()).first
        #expect(first?.code == "conntrack-zones")
        #expect(first?.message.contains("zone 1, set by nft ip zones pre 1") == true)
        #expect(first?.message.contains("zone 2, set by nft ip zones pre 2") == true)
        #expect(
            commands(first) == [
                "nft insert rule ip zones pre handle 4 iifname mybridge ip saddr 172.19.0.2 ip daddr 198.51.100.1 meta l4proto icmp ct original zone set 1",
                "nft insert rule ip zones pre handle 5 iifname eth0 ip saddr 198.51.100.1 ip daddr 203.0.113.2 meta l4proto icmp ct original zone set 2",
            ])
    }

    @Test("the same zone on both sides, or one for the original direction alone, is no cause")
    mutating func recognised() {
        addNFT(("ct zone set 1", "[\(Self.zone)]"))
        let same = findings(exchange())
        #expect(!same.contains { $0.code == "conntrack-zones" })
        #expect(same.first?.code == "no-answer")
        #expect(same.first?.severity == .warning)
        network = BaseNetwork()
        addNFT(("ct original zone set 1", "[\(Self.device("mybridge")),\(Self.originalZone)]"))
        #expect(!findings(exchange()).contains { $0.code == "conntrack-zones" })
    }

    @Test("a zone that a mark decides, or set after conntrack has seen the packet, is not guessed at")
    mutating func unknown() {
        network.add(
            iptables(
                "raw", "PREROUTING", rules: ["-m set --match-set a src -j CT --zone 3", "-i mybridge -j CT --zone 1"]))
        #expect(!findings(exchange()).contains { $0.code == "conntrack-zones" })
        network = BaseNetwork()
        network.add(iptables("mangle", "PREROUTING", rules: ["-i mybridge -j CT --zone 1"]))
        #expect(!findings(exchange()).contains { $0.code == "conntrack-zones" })
    }

    @Test("zones from a named map, by device, or by device and address")
    mutating func namedMap() {
        let byDevice =
            #"{"mangle":{"key":{"ct":{"key":"zone"}},"value":{"map":{"key":{"meta":{"key":"iifname"}},"data":"@zones"}}}}"#
        addNFT(("ct zone set iifname map @zones", "[\(byDevice)]"))
        network.change("host") {
            $0.netfilter.sets = [
                NamedSet(
                    family: .ip, table: "zones", name: "zones", isMap: true,
                    elements: #"[["mybridge",1],["eth0",2]]"#)
            ]
        }
        let first = findings(exchange()).first
        #expect(first?.code == "conntrack-zones")
        #expect(first?.severity == .error)
        #expect(first?.message.contains("is in zone 1") == true)
        #expect(first?.message.contains("looked up in zone 2") == true)
        // A map that gives both the same, or is not known, is no cause.
        for elements in [#"[["mybridge",1],["eth0",1]]"#, nil] {
            network.change("host") { host in
                host.netfilter.sets =
                    elements.map {
                        [NamedSet(family: .ip, table: "zones", name: "zones", isMap: true, elements: $0)]
                    } ?? []
            }
            #expect(!findings(exchange()).contains { $0.code == "conntrack-zones" })
        }
        let byAddress =
            #"{"mangle":{"key":{"ct":{"key":"zone"}},"value":{"map":{"key":{"concat":[{"meta":{"key":"iifname"}},{"payload":{"protocol":"ip","field":"saddr"}}]},"data":"@zones"}}}}"#
        network = BaseNetwork()
        addNFT(("ct zone set iifname . ip saddr map @zones", "[\(byAddress)]"))
        network.change("host") {
            $0.netfilter.sets = [
                NamedSet(
                    family: .ip, table: "zones", name: "zones", isMap: true,
                    elements:
                        #"[[{"concat":["mybridge",{"prefix":{"addr":"172.19.0.0","len":24}}]},5]]"#)
            ]
        }
        #expect(findings(exchange()).first?.message.contains("is in zone 5") == true)
    }

    @Test("zones that a bridge's own chains set, by port: the firewall between its ports drops the reply")
    mutating func bridged() {
        network.attachSecond()
        network.add(
            nft(
                "bridge", "zones", "pre", hook: .prerouting, priority: -300,
                rules: [
                    (
                        "iifname \"veth0\" ct zone set 1",
                        "[\(Self.device("veth0")),\(Self.zone)]"
                    )
                ]),
            nft(
                "bridge", "fw", "forward", hook: .forward, policy: "drop",
                rules: [
                    (
                        "ct state established accept",
                        #"[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"established"}},{"accept":null}]"#
                    ), ("iifname \"veth0\" accept", "[\(Self.device("veth0")),{\"accept\":null}]"),
                ]))
        var probe = Probe.ping
        probe.destination = "172.19.0.3"
        let request = probe.walk(
            .delivered,
            through: [
                .sent("mynamespace"), .out("mynamespace", "veth1"), .into("host", "veth0"), .out("host", "veth2"),
                .into("other", "veth3"),
            ])
        let reply = probe.reply.walk(
            .dropped, through: [.sent("other"), .out("other", "veth3"), .into("host", "veth2")],
            stop: Stop(
                namespace: "host", hook: .forward,
                cause: .kernelDrop(reason: "NETFILTER_DROP", location: "nft_do_chain")), answers: request.id)
        let first = findings((request, reply)).first
        #expect(first?.code == "conntrack-zones")
        #expect(first?.message.contains("is in zone 1, set by nft bridge zones pre 1") == true)
        #expect(first?.message.contains("looked up in zone 0") == true)
        // Without the zone it is recognised.
        network.change("host") { $0.netfilter.chains.removeAll { $0.table == "zones" } }
        #expect(!findings((request, reply)).contains { $0.code == "conntrack-zones" })
    }

    @Test("a reply that is not tracked: the exemption is named")
    mutating func untracked() {
        network.add(iptables("raw", "PREROUTING", rules: ["-i eth0 -p icmp -j CT --notrack"]))
        let first = findings(exchange()).first
        #expect(first?.code == "connection-untracked")
        #expect(first?.severity == .error)
        #expect(first?.message.contains("NOTRACK") == true)
        #expect(
            commands(first) == [
                "iptables -t raw -I PREROUTING 1 -i eth0 -s 198.51.100.1 -d 203.0.113.2 -p icmp -j ACCEPT"
            ])
    }

    @Test("a firewall that accepts what is established: the rule that dropped the reply is not to blame")
    mutating func stateful() {
        network.masquerade(nil)
        network.add(
            iptables(
                "filter", "FORWARD", policy: "drop",
                rules: ["-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-i mybridge -j ACCEPT"]),
            iptables("raw", "PREROUTING", rules: ["-i mybridge -j CT --zone 1"]))
        let request = Probe.ping.walk(.delivered, through: toWan)
        let reply = Probe.ping.reply.walk(
            .dropped,
            through: [
                .sent("wan"), .out("wan", "wan0"), .into("host", "eth0"), .hook("host", .prerouting, .dstnat),
            ],
            stop: Stop(
                namespace: "host", hook: .forward,
                cause: .kernelDrop(reason: "NETFILTER_DROP", location: "nft_do_chain")), answers: request.id)
        let first = findings((request, reply)).first
        #expect(first?.code == "conntrack-zones")
        #expect(first?.severity == .error)
        #expect(first?.message.contains("its state is invalid") == true)
        // The same without a zone: the replies are let in.
        network.change("host") { $0.netfilter.chains.removeAll { $0.table == "raw" } }
        #expect(findings((request, reply)).first?.code != "conntrack-zones")
    }

    @Test("a reply from a published port, whose source is not translated back")
    mutating func published() {
        network.masquerade(nil)
        network.add(
            iptables(
                "nat", "PREROUTING",
                rules: ["-d 203.0.113.2/32 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.19.0.2:80"]),
            iptables("raw", "PREROUTING", rules: ["-i mybridge -j CT --zone 1"]))
        let asked = Probe.tcp(8080, to: "203.0.113.2", from: "203.0.113.1")
        let inside = Probe.tcp(80, to: "172.19.0.2", from: "203.0.113.1")
        let request = asked.walk(
            .delivered,
            through: [
                .sent("wan"), .out("wan", "wan0"), .into("host", "eth0"), .out("host", "mybridge"),
                .out("host", "veth0"), .into("mynamespace", "veth1"),
            ], changed: [3: inside])
        let reply = inside.reply.walk(
            .delivered,
            through: [
                .sent("mynamespace"), .out("mynamespace", "veth1"), .into("host", "veth0"),
                .into("host", "mybridge"), .out("host", "eth0"), .into("wan", "wan0"),
            ], answers: request.id)
        let first = findings((request, reply)).first
        #expect(first?.code == "conntrack-zones")
        #expect(first?.message.contains("its source is not translated back to 203.0.113.2") == true)
    }

    @Test("an exchange whose reply ended elsewhere did not succeed")
    func astray() {
        let pair = exchange()
        #expect(Exchange(request: pair.request, reply: pair.reply).isReplyAstray)
        #expect(!Exchange(request: pair.request, reply: pair.reply).arrived)
        let ordinary = Probe.ping.reply.walk(
            .delivered,
            through: [.sent("wan"), .out("wan", "wan0"), .into("host", "eth0"), .into("mynamespace", "veth1")])
        #expect(Exchange(request: pair.request, reply: ordinary).arrived)
    }
}
