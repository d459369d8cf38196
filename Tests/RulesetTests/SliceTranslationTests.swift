import Network
import Ruleset
import Testing
import Wire

/// To which addresses rules may send on what is sent to 203.0.113.2.
@Suite("What rules may translate the packets of a slice to")
struct SliceTranslationTests {
    private static func targets(
        _ chains: [RuleChain], sets: [NamedSet] = [], to destination: String = "203.0.113.2", port: UInt16? = 80,
        _ ipProtocol: IPProtocol? = .tcp
    ) -> [String] {
        var netfilter = Netfilter(chains: chains, sets: sets)
        for chain in netfilter.compiled.chains { netfilter.nat += chain.rules.compactMap { NATRule($0) } }
        let reach = NetworkSlice.Reach(
            .init(ipProtocol: ipProtocol, destinationPort: port), addresses: [address(destination)])
        return netfilter.translations(of: reach).map {
            $0.addresses.lowerBound == $0.addresses.upperBound
                ? "\($0.addresses.lowerBound)" : "\($0.addresses.lowerBound)-\($0.addresses.upperBound)"
        }
    }

    @Test("of published ports the one that is asked for, through the chain that leads there")
    func publishedPorts() {
        let chains = [
            iptables("nat", "PREROUTING", rules: ["-m addrtype --dst-type LOCAL -j DOCKER"]),
            iptables(
                "nat", "DOCKER",
                rules: [
                    "! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80",
                    "! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.3:8080",
                    "! -i docker0 -p udp -m udp --dport 80 -j DNAT --to-destination 172.17.0.4:80",
                    "-d 203.0.113.9/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.5:80",
                    "-d 203.0.113.0/24 -j DNAT --to-destination 172.17.0.6-172.17.0.8",
                ]),
            iptables("nat", "LONELY", rules: ["-j DNAT --to-destination 172.17.0.9"]),
        ]
        #expect(Self.targets(chains) == ["172.17.0.3", "172.17.0.6-172.17.0.8"])
        #expect(Self.targets(chains, port: 8080) == ["172.17.0.2", "172.17.0.6-172.17.0.8"])
        #expect(Self.targets(chains, port: 80, .udp) == ["172.17.0.4", "172.17.0.6-172.17.0.8"])
        // An echo request has no port; of a tunnel's packets nothing is known.
        #expect(Self.targets(chains, port: nil, .icmp) == ["172.17.0.6-172.17.0.8"])
        #expect(
            Self.targets(chains, port: nil, nil) == [
                "172.17.0.2", "172.17.0.3", "172.17.0.4", "172.17.0.6-172.17.0.8",
            ])
    }

    @Test("a chain behind a rule that does not match is not looked at; a port above 32768 may be a reply's")
    func jumps() {
        let chains = [
            iptables(
                "nat", "PREROUTING",
                rules: ["-d 10.96.0.1/32 -p tcp -m tcp --dport 443 -j SVC-ONE", "-p tcp -m tcp --dport 80 -j SVC-TWO"]),
            iptables("nat", "SVC-ONE", rules: ["-j DNAT --to-destination 10.0.0.1"]),
            iptables("nat", "SVC-TWO", rules: ["-p tcp -j DNAT --to-destination 10.0.0.2:8080"]),
            iptables("nat", "OUTPUT", rules: ["-p tcp -m tcp --dport 40000 -j DNAT --to-destination 10.0.0.3"]),
        ]
        #expect(Self.targets(chains).sorted() == ["10.0.0.2", "10.0.0.3"])
        #expect(Self.targets(chains, to: "10.96.0.1", port: 443).sorted() == ["10.0.0.1", "10.0.0.3"])
    }

    @Test("source addresses, networks and copies count too; masquerade and filter rules say nothing")
    func otherKinds() {
        let chains = [
            iptables(
                "nat", "POSTROUTING",
                rules: ["-o eth0 -j MASQUERADE", "-j SNAT --to-source 192.0.2.77", "-j NETMAP --to 10.8.0.0/24"]),
            iptables("mangle", "PREROUTING", rules: ["-j TEE --gateway 192.0.2.88"]),
            iptables("filter", "FORWARD", rules: ["-d 192.0.2.99/32 -j DROP"]),
        ]
        #expect(Self.targets(chains) == ["192.0.2.77", "10.8.0.0-10.8.0.255", "192.0.2.88"])
    }

    @Test("of an nft map the entry for the port; of an address that is computed, any")
    func maps() {
        let byPort =
            #"[{"dnat":{"family":"ip","addr":{"map":{"key":{"payload":{"protocol":"tcp","field":"dport"}},"data":{"set":[[80,"10.0.0.1"],[443,"10.0.0.2"]]}}}}}]"#
        #expect(Self.targets([nft("pre", hook: .prerouting, rules: [byPort])]) == ["10.0.0.1"])
        let atRandom =
            #"[{"dnat":{"family":"ip","addr":{"map":{"key":{"numgen":{"mode":"random","mod":2,"offset":0}},"data":{"set":[[0,"10.0.0.1"],[1,"10.0.0.2"]]}}}}}]"#
        #expect(Self.targets([nft("pre", hook: .prerouting, rules: [atRandom])]) == ["10.0.0.1", "10.0.0.2"])
        let computed =
            #"[{"dnat":{"family":"ip","addr":{"&":[{"payload":{"protocol":"ip","field":"daddr"}},"255.255.255.0"]}}}]"#
        #expect(Self.targets([nft("pre", hook: .prerouting, rules: [computed])]).contains("0.0.0.0-255.255.255.255"))
    }

    @Test("a verdict map leads to the chain of the packet's own key")
    func verdictMaps() {
        let map =
            #"[{"vmap":{"key":{"concat":[{"payload":{"protocol":"ip","field":"daddr"}},{"payload":{"protocol":"tcp","field":"dport"}}]},"data":{"set":[[{"concat":["203.0.113.2",80]},{"goto":{"target":"one"}}],[{"concat":["203.0.113.2",81]},{"goto":{"target":"two"}}]]}}}]"#
        func to(_ address: String) -> String { #"[{"dnat":{"family":"ip","addr":"\#(address)"}}]"# }
        let chains = [
            nft("pre", hook: .prerouting, rules: [map]), nft("one", rules: [to("10.0.0.1")]),
            nft("two", rules: [to("10.0.0.2")]),
        ]
        #expect(Self.targets(chains) == ["10.0.0.1"])
    }
}
