import Testing
import Wire

@testable import Network

@Suite("Services of Kubernetes by their names") struct KubernetesServiceTests {
    private func topology(_ netfilter: Netfilter) -> Topology {
        Topology(
            host: "node", time: "",
            namespaces: [Namespace(name: "host", inode: 1, path: "", netfilter: netfilter)])
    }

    @Test("kube-proxy's comments in its iptables mode")
    func iptables() {
        let rules = [
            #"-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU"#,
            #"-A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-A"#,
            #"-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "shop/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-B"#,
            #"-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS"#,
        ]
        let chain = RuleChain(
            backend: "iptables-nft", family: "ip", table: "nat", name: "KUBE-SERVICES",
            rules: rules.enumerated().map { Rule(position: $0.offset + 1, text: $0.element) })
        let found = topology(Netfilter(chains: [chain]))
        #expect(found.kubernetesService("kube-dns") == IPAddress("10.96.0.10"))
        #expect(found.kubernetesService("web.shop") == IPAddress("10.96.0.2"))
        #expect(found.kubernetesService("web.default.svc.cluster.local") == IPAddress("10.96.0.1"))
        // There are two of that name.
        #expect(found.kubernetesService("web") == nil)
        #expect(found.kubernetesService("kube-dns", for: .ipv6) == nil)
        #expect(found.kubernetesService("web.shop.example.com") == nil)
    }

    @Test("its map of service addresses in its nftables mode")
    func nftables() {
        let set = NamedSet(
            family: "ip", table: "kube-proxy", name: "service-ips", isMap: true,
            elements:
                #"[[{"concat":["10.96.0.10","udp",53]},{"goto":{"target":"service-NWBZK7IH-kube-system/kube-dns/udp/dns"}}],[{"concat":["10.96.0.11","tcp",80]},{"drop":null}]]"#
        )
        let found = topology(Netfilter(sets: [set]))
        #expect(found.kubernetesService("kube-dns.kube-system.svc") == IPAddress("10.96.0.10"))
    }
}
