public import Wire

extension Topology {
    /// A namespace by the inode of its file.
    public func namespace(inode: UInt64) -> Namespace? {
        namespaces.first { $0.inode == inode }
    }

    /// Every place that holds `address`. Costs a pass over all links; for many questions use `TopologyIndex`.
    public func holders(of address: IPAddress) -> [(namespace: Namespace, link: Link)] {
        namespaces.flatMap { namespace in
            namespace.links.filter { $0.addresses.contains { $0.address == address } }.map { (namespace, $0) }
        }
    }

    /// The other end of a veth pair.
    public func peer(of link: Link) -> (namespace: Namespace, link: Link)? {
        guard let peer = link.peer, let namespace = peer.namespace.flatMap({ self[namespace: $0] }),
            let far = namespace[device: peer.device]
        else { return nil }
        return (namespace, far)
    }
}

extension Namespace {
    /// A device by its interface index.
    public func link(index: UInt32) -> Link? {
        links.first { $0.index == index }
    }

    /// The bridge that `port` belongs to; nil for a port of a bond, or of nothing.
    public func bridge(of port: Link) -> Link? {
        port.master.flatMap { self[device: $0] }.flatMap { $0.bridge == nil ? nil : $0 }
    }

    /// The ports of a bridge.
    public func ports(of bridge: Link) -> [Link] {
        links.filter { $0.master == bridge.name }
    }

    /// The route that the longest prefix gives in one table, the lowest metric among equals.
    ///
    /// For display: the kernel's own answer (RTM_GETROUTE) also weighs rules, marks, source and the state of links.
    public func route(to address: IPAddress, table: UInt32 = 254) -> Route? {
        routes.filter { $0.table == table && $0.destination.contains(address) }
            .min { ($1.destination.length, $0.metric) < ($0.destination.length, $1.metric) }
    }

    /// The chains of a hook in the order in which a packet of `family` (`ip`, `ip6`, `bridge`, `netdev`, `arp`) meets
    /// them: by priority. `inet` chains count for both `ip` and `ip6`.
    public func chains(at hook: NetfilterHook, family: String) -> [RuleChain] {
        netfilter.chains.filter { chain in
            chain.hook == hook
                && (chain.family == family || chain.family == "inet" && (family == "ip" || family == "ip6"))
        }.enumerated().sorted {
            ($0.element.priority ?? 0, $0.offset) < ($1.element.priority ?? 0, $1.offset)
        }.map(\.element)
    }
}
