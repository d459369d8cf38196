import Network
import Observations
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// Drops whose rule is not the one that decided, and what hands packets over.
@Suite("Who decided")
struct RuleDecisionTests {
    var network = BaseNetwork()

    private func findings(_ walk: Walk, reply: Walk? = nil) -> [Finding] {
        network.findings(walk, reply: reply)
    }

    private func dropped(
        _ probe: Probe = .ping, reason: DropReason = "NETFILTER_DROP", at location: String = "nft_do_chain"
    )
        -> Walk
    {
        probe.walk(
            .dropped, through: toBridge,
            stop: Stop(namespace: "host", cause: .kernelDrop(reason: reason, location: location)))
    }

    @Test("a mark: the rule that sent the packet to where it is set is named")
    mutating func mark() {
        network.add(
            iptables("mangle", "PREROUTING", rules: ["-j GUARD"]),
            iptables("mangle", "GUARD", rules: ["-s 172.19.0.0/24 -m comment --comment guests -j FORBID"]),
            iptables("mangle", "FORBID", rules: ["-j MARK --set-xmark 0x100/0x100"]),
            iptables("filter", "FORWARD", rules: ["-m mark --mark 0x100/0x100 -j DROP"]))
        let first = findings(dropped()).first
        #expect(first?.code == "rule-drop")
        #expect(first?.rule?.chain == "FORWARD")
        #expect(
            first?.message.contains(
                "the mark 0x100 was set by iptables mangle FORBID 1, to which iptables mangle GUARD 1 sent the packet")
                == true)
    }

    @Test("kube-proxy's mark for a service without local endpoints")
    mutating func noLocalEndpoints() {
        network.add(
            iptables(
                "mangle", "PREROUTING",
                rules: ["-m comment --comment \"default/web:http has no local endpoints\" -j KUBE-MARK-DROP"]),
            iptables("mangle", "KUBE-MARK-DROP", rules: ["-j MARK --set-xmark 0x8000/0x8000"]),
            iptables("filter", "FORWARD", rules: ["-m mark --mark 0x8000/0x8000 -j DROP"]))
        let first = findings(dropped()).first
        #expect(first?.code == "service-without-endpoints")
        #expect(first?.message.contains("default/web:http has no local endpoints") == true)
        #expect(first?.remedy == nil)
    }

    @Test("NFQUEUE: dropped where no program reads the queue and there is no bypass")
    mutating func queue() {
        network.add(iptables("filter", "FORWARD", rules: ["-j NFQUEUE --queue-num 3"]))
        let walk = dropped(reason: "NOT_SPECIFIED", at: "nf_queue")
        // What was not read proves nothing.
        #expect(findings(walk).first?.code == "unknown-drop")
        network.change("host") { $0.netfilter.queues = [1, 4] }
        let first = findings(walk).first
        #expect(first?.code == "queue-without-program")
        #expect(first?.severity == .error)
        network.change("host") { $0.netfilter.queues = [3] }
        #expect(findings(walk).first?.code == "unknown-drop")
    }

    @Test("NFQUEUE with a bypass lets the packet go on")
    mutating func bypass() {
        network.add(iptables("filter", "FORWARD", rules: ["-j NFQUEUE --queue-num 3 --queue-bypass"]))
        network.change("host") { $0.netfilter.queues = [] }
        #expect(findings(dropped(reason: "NOT_SPECIFIED", at: "nf_queue")).first?.code == "unknown-drop")
    }

    @Test("TPROXY: dropped where no socket listens on its port", arguments: [true, false])
    mutating func proxy(listens: Bool) {
        network.add(
            iptables(
                "mangle", "PREROUTING", rules: ["-p tcp -j TPROXY --on-port 7893 --on-ip 0.0.0.0 --tproxy-mark 0x1"]))
        network.change("host") {
            $0.listeners = [Listener(protocol: "tcp", address: "0.0.0.0", port: listens ? 7893 : 22)]
        }
        let first = findings(dropped(.tcp(80, to: "198.51.100.1"))).first
        #expect((first?.code == "proxy-not-listening") == !listens)
    }

    @Test("TPROXY: a listener without IP_TRANSPARENT is given nothing")
    mutating func ordinarySocket() {
        network.add(iptables("mangle", "PREROUTING", rules: ["-p tcp -j TPROXY --on-port 7893 --tproxy-mark 0x1"]))
        network.change("host") {
            var listener = Listener(protocol: "tcp", address: "0.0.0.0", port: 7893)
            listener.isTransparent = false
            $0.listeners = [listener]
        }
        let first = findings(dropped(.tcp(80, to: "198.51.100.1"))).first
        #expect(first?.code == "proxy-not-listening")
        #expect(first?.message.contains("tcp 0.0.0.0:7893 listens there without IP_TRANSPARENT") == true)
    }

    /// A transparent proxy in host, and a SYN that the kernel dropped in ip_forward.
    private mutating func proxied(_ rules: [RoutingRule], _ routes: [Route] = []) -> [Finding] {
        network.add(iptables("mangle", "PREROUTING", rules: ["-p tcp -j TPROXY --on-port 7893 --tproxy-mark 0x1"]))
        network.change("host") {
            var listener = Listener(protocol: "tcp", address: "0.0.0.0", port: 7893)
            listener.isTransparent = true
            $0.listeners = [listener]
            $0.rules =
                [RoutingRule(priority: 0, family: 4, table: .local)] + rules
                + [RoutingRule(priority: 32766, family: 4, table: .main)]
            $0.routes += routes
        }
        return findings(
            Probe.tcp(80, to: "198.51.100.1").walk(
                .dropped, through: toBridge,
                stop: Stop(
                    namespace: "host", cause: .kernelDrop(reason: "NOT_SPECIFIED", location: "ip_forward"))))
    }

    @Test("TPROXY without a routing rule for its mark: what the socket was given is not forwarded")
    mutating func unroutedProxy() {
        let first = proxied([]).first
        #expect(first?.code == "proxy-not-routed")
        #expect(first?.severity == .error)
        #expect(first?.rule?.chain == "PREROUTING")
        #expect(first?.message.contains("no routing rule sends what bears the mark 0x1") == true)
        #expect(
            first?.remedy?.commands == [
                "ip rule add fwmark 0x1 lookup 100", "ip route add local default dev lo table 100",
            ])
    }

    @Test("TPROXY whose routing rule leads to a table without a local route, or with one", arguments: [false, true])
    mutating func proxyTable(isLocal: Bool) {
        let local = Route(destination: prefix("0.0.0.0/0"), kind: .local, table: 77, device: "lo")
        let rule = RoutingRule(priority: 100, family: 4, mark: 1, markMask: .max, table: 77)
        let first = proxied([rule], isLocal ? [local] : []).first
        #expect((first?.code == "proxy-not-routed") == !isLocal)
        if isLocal { return }
        #expect(first?.remedy?.commands == ["ip route add local default dev lo table 77"])
    }

    @Test("nft tproxy without a socket: the packet goes on, and whatever ends it is not to blame")
    mutating func unservedTproxy() {
        network.add(
            nft(
                "ip", "divert", "pre", hook: .prerouting, priority: -150,
                rules: [
                    (
                        "meta l4proto tcp tproxy to :7893 meta mark set 1 accept",
                        #"[{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"tcp"}},{"tproxy":{"port":7893}},{"mangle":{"key":{"meta":{"key":"mark"}},"value":1}},{"accept":null}]"#
                    )
                ]), nft("ip", "fw", "forward", hook: .forward, policy: "drop", rules: []))
        network.change("host") { $0.listeners = [Listener(protocol: "tcp", address: "0.0.0.0", port: 22)] }
        let first = findings(dropped(.tcp(80, to: "198.51.100.1"))).first
        #expect(first?.code == "proxy-not-listening")
        #expect(first?.rule?.table == "fw")
        #expect(first?.message.hasPrefix("nft ip divert pre 1 in host gives 172.19.0.2 > 198.51.100.1") == true)
        #expect(first?.message.contains("goes on without, and the policy of nft ip fw forward ends it") == true)
        #expect(first?.remedy == nil)
    }

    @Test("REDIRECT to where nobody listens: the rule is named")
    mutating func redirect() {
        network.add(
            iptables("nat", "PREROUTING", rules: ["-p tcp -m tcp --dport 80 -j REDIRECT --to-ports 15001"]))
        network.change("host") { $0.listeners = [Listener(protocol: "tcp", address: "0.0.0.0", port: 22)] }
        let probe = Probe.tcp(80, to: "198.51.100.1")
        var changed = probe
        changed.destination = "172.19.0.1"
        changed.destinationPort = 15001
        let sights = toBridge + [.hook("host", .input, .filter)]
        let walk = probe.walk(.delivered, through: sights, changed: [sights.count - 1: changed])
        let reset = probe.refusal
        let reply = reset.walk(.delivered, through: [.sent("host"), .into("mynamespace", "veth1")], answers: "x")
        let first = findings(walk, reply: reply).first
        #expect(first?.code == "no-listener")
        #expect(
            first?.message.contains("iptables nat PREROUTING 1 in host sent it there instead of to 198.51.100.1:80")
                == true)
    }
}
