public import Wire

extension Topology {
    /// The address of a Service of Kubernetes, as kube-proxy's rules have it; nil where they know no such name, or it is in more
    /// than one namespace of Kubernetes.
    ///
    /// - Parameters:
    ///   - name: `web`, `web.default`, or with what the cluster's DNS has behind it (`web.default.svc.cluster.local`).
    ///   - family: nil for either, IPv4 first.
    public func kubernetesService(_ name: String, for family: IPAddress.Family? = nil) -> IPAddress? {
        let parts = name.split(separator: ".").map { String($0) }
        guard let wanted = parts.first, parts.count < 3 || parts[2] == "svc" else { return nil }
        let services = namespaces.flatMap(\.netfilter.kubernetesServices).filter { service in
            service.name == wanted && (parts.count < 2 || service.space == parts[1])
                && (family.map { service.address.family == $0 } ?? true)
        }
        guard Set(services.map(\.space)).count == 1 else { return nil }
        return (services.first { $0.address.isIPv4 } ?? services.first)?.address
    }
}

struct KubernetesService: Hashable {
    var space: String
    var name: String
    var address: IPAddress
}

extension Netfilter {
    /// By kube-proxy's comments (iptables) and its chains' names (nftables).
    var kubernetesServices: [KubernetesService] {
        let commented = chains.filter { $0.name == "KUBE-SERVICES" }.flatMap(\.rules).compactMap { rule in
            KubernetesService(iptables: rule)
        }
        let mapped = sets.filter { $0.table == "kube-proxy" && $0.isMap && $0.name == "service-ips" }.flatMap { set in
            ((try? JSONTree(parsing: Array(set.elements.utf8)))?.elements ?? []).compactMap { KubernetesService($0) }
        }
        return commented + mapped
    }
}

extension KubernetesService {
    /// `-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" …`.
    fileprivate init?(iptables rule: Rule) {
        let words = rule.text.split(separator: " ")
        guard let mark = words.firstIndex(of: "-d"), mark + 1 < words.count,
            let address = words[mark + 1].split(separator: "/").first.flatMap({ IPAddress(String($0)) })
        else { return nil }
        var comment = rule.comment
        if comment == nil, let option = words.firstIndex(of: "--comment"), option + 1 < words.count {
            comment = String(words[option + 1])
        }
        // `namespace/name:port`
        let name = (comment ?? "").drop { $0 == "\"" }.prefix { $0 != " " && $0 != ":" && $0 != "\"" }
        self.init(name.split(separator: "/").map { String($0) }, address)
    }

    /// `[{"concat": ["10.96.0.10", "udp", 53]}, {"goto": {"target": "service-NWBZK7IH-kube-system/kube-dns/udp/dns"}}]`.
    fileprivate init?(_ element: JSONTree) {
        guard let key = element.elements.first,
            let target = element.elements.last?["goto"]?["target"]?.string, target.hasPrefix("service-")
        else { return nil }
        let parts = (key["elem"]?["val"] ?? key)["concat"]?.elements ?? []
        guard let address = parts.first?.string.flatMap({ IPAddress($0) }) else { return nil }
        let name = target.dropFirst(8).drop { $0 != "-" }.dropFirst()
        self.init(name.split(separator: "/").prefix(2).map { String($0) }, address)
    }

    private init?(_ parts: [String], _ address: IPAddress) {
        guard parts.count == 2 else { return nil }
        self.init(space: parts[0], name: parts[1], address: address)
    }
}
