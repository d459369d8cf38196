internal import Network
internal import WalkModel
internal import Wire

extension ChangeCatalogue {
    /// VXLAN: every other end that can be seen, as remote of this one; its number and port.
    func tunnels(_ link: Link, _ namespace: Namespace) -> [Candidate] {
        guard let vxlan = link.vxlan else { return [] }
        var result: [Candidate] = []
        for other in topology.namespaces where other.name != namespace.name {
            for end in other.links {
                guard let tunnel = end.vxlan else { continue }
                let outer = other.links.filter { $0.vxlan == nil }.flatMap(\.addresses).map(\.address).filter {
                    !$0.isLinkLocal && !$0.isLoopback && !end.addresses.map(\.address).contains($0)
                }
                for address in [tunnel.local].compactMap(\.self) + outer {
                    result.append(
                        Candidate(
                            .link,
                            [
                                .run(
                                    namespace,
                                    "bridge fdb append 00:00:00:00:00:00 dev \(link.name) dst \(address)")
                            ], condition: "\(address) as a remote of \(link.name) in \(namespace.name)",
                            code: "vxlan-unreachable", place: place(namespace, device: link.name),
                            object: "\(namespace.name) \(link.name) remote \(address)"))
                }
                if tunnel.identifier != vxlan.identifier || tunnel.port != vxlan.port {
                    result.append(remade(link, vxlan, like: tunnel, of: other, namespace))
                }
                result += joined(link, vxlan, with: tunnel, of: other, namespace)
            }
        }
        return result
    }

    /// Between addresses of one network that both ends have, where it lies between others.
    private func joined(
        _ link: Link, _ vxlan: Link.VXLAN, with tunnel: Link.VXLAN, of other: Namespace, _ namespace: Namespace
    ) -> [Candidate] {
        func outer(_ namespace: Namespace) -> [(device: String, prefix: IPPrefix)] {
            namespace.links.filter { $0.isUp && !$0.isLoopback && $0.vxlan == nil }.flatMap { link in
                link.addresses.filter { !$0.address.isLinkLocal }.map { (link.name, $0) }
            }
        }
        let pairs = outer(namespace).flatMap { own in
            outer(other).filter {
                own.prefix.contains($0.prefix.address) && !namespace.holds($0.prefix.address)
                    && !other.holds(own.prefix.address)
            }.map { (own, $0.prefix.address) }
        }
        let isJoined = pairs.contains { own, remote in
            vxlan.remote == remote && vxlan.local ?? own.prefix.address == own.prefix.address
        }
        if isJoined { return [] }
        return pairs.prefix(4).map { own, remote in
            var ends = vxlan
            (ends.local, ends.remote, ends.device) = (own.prefix.address, remote, own.device)
            return Candidate(
                .link, remaking(link, ends, like: tunnel, namespace),
                condition: "\(link.name) between \(own.prefix.address) and \(remote) in \(namespace.name)",
                code: "vxlan-unreachable", place: place(namespace, device: link.name),
                object: "\(namespace.name) \(link.name)")
        }
    }

    private func remade(
        _ link: Link, _ vxlan: Link.VXLAN, like tunnel: Link.VXLAN, of other: Namespace, _ namespace: Namespace
    ) -> Candidate {
        Candidate(
            .link, remaking(link, vxlan, like: tunnel, namespace),
            condition:
                "number \(tunnel.identifier) and port \(tunnel.port) at \(link.name) in \(namespace.name), as in \(other.name)",
            code: "vxlan-unreachable", place: place(namespace, device: link.name),
            object: "\(namespace.name) \(link.name)")
    }

    /// A VXLAN device keeps its number, port and ends: it is made again, between the ends that `vxlan` says.
    private func remaking(
        _ link: Link, _ vxlan: Link.VXLAN, like tunnel: Link.VXLAN, _ namespace: Namespace
    ) -> [RemedyAction] {
        var words: CommandWords =
            "link add \(link.name) type vxlan id \(tunnel.identifier) dstport \(tunnel.port)"
        if let remote = vxlan.remote { words += "remote \(remote)" }
        if let local = vxlan.local { words += "local \(local)" }
        if let device = vxlan.device { words += "dev \(device)" }
        if !vxlan.learning { words += "nolearning" }
        var actions: [RemedyAction] = [.ip(namespace, "link del \(link.name)"), .ip(namespace, words)]
        for prefix in link.addresses where !prefix.address.isLinkLocal {
            actions.append(.ip(namespace, "address add \(prefix) dev \(link.name)"))
        }
        if let master = link.master { actions.append(.ip(namespace, "link set dev \(link.name) master \(master)")) }
        actions.append(.ip(namespace, "link set dev \(link.name) up"))
        return actions
    }
}
