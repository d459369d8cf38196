internal import Network
internal import Probes
internal import Snapshot
internal import WalkModel
internal import Wire

extension ChangeCatalogue {
    /// Chains that may end the packet, each with the packet's two directions accepted before its rules.
    func accepts(_ namespace: Namespace) -> [Candidate] {
        let ending: Set<NetfilterHook> = [.input, .forward, .output, .prerouting, .postrouting]
        return namespace.netfilter.chains.compactMap { chain in
            guard concerns(chain), let hook = chain.hook, ending.contains(hook), chain.kind ?? .filter == .filter,
                [isIPv4 ? .ip : .ip6, .inet].contains(chain.family)
            else { return nil }
            // Where nothing ends a packet, accepting it early only keeps it from marks and the like.
            let table = namespace.netfilter.chains.filter {
                $0.table == chain.table && $0.family == chain.family && $0.backend == chain.backend
            }
            guard chain.policy == .drop || table.flatMap(\.rules).contains(where: \.endsPackets) else { return nil }
            let word = isIPv4 ? "ip" : "ip6"
            let actions: [RemedyAction] = ["daddr", "saddr"].map { direction in
                if chain.backend == .nft {
                    return .nft(
                        namespace,
                        "insert rule \(chain.family) \(chain.table) \(chain.name) \(word) \(direction) \(request.destination) accept"
                    )
                }
                return .run(
                    namespace,
                    "\(Self.tool(chain)) -t \(chain.table) -I \(chain.name) \(direction == "daddr" ? "-d" : "-s") \(request.destination) -j ACCEPT"
                )
            }
            return Candidate(
                .rule, actions,
                condition:
                    "\(request.destination) accepted first in \(chain.table) \(chain.name) in \(namespace.name)",
                code: chain.policy == .drop ? "policy-drop" : "rule-drop", place: place(namespace, hook: hook),
                breadth: .flow,
                object:
                    "\(namespace.name) \(chain.backend.rawValue) \(chain.family) \(chain.table) \(chain.name) accept"
            )
        }
    }

    /// The rules that every namespace begins with for its tables local and main, where one is missing.
    func defaultRules(_ namespace: Namespace) -> [Candidate] {
        guard !namespace.rules.isEmpty else { return [] }
        let wanted: [(priority: UInt32, table: RoutingTable, code: FindingCode)] = [
            (0, .local, "local-rule-missing"), (32_766, .main, "no-route"),
        ]
        return wanted.compactMap { rule in
            let isThere = namespace.rules.contains { $0.covers(family) && $0.table == rule.table && $0.selectsAll }
            if isThere { return nil }
            return Candidate(
                .routeRemoval,
                [.ip(namespace, family, "rule add priority \(rule.priority) lookup \(rule.table)")],
                condition: "the routing rule \(rule.priority) lookup \(rule.table) in \(namespace.name)",
                code: rule.code, place: place(namespace), breadth: .rule,
                object: "\(namespace.name) rule \(rule.priority) \(rule.table)")
        }
    }

    /// Links that have the MAC address of another namespace's link, each with one of its own.
    func hardwareAddresses(_ namespace: Namespace) -> [Candidate] {
        namespace.links.compactMap { link in
            guard let mac = link.mac, !link.isLoopback, link.lower == nil, link.bridge == nil,
                link.addresses.contains(where: { !$0.address.isLinkLocal })
            else { return nil }
            let others = topology.namespaces.filter { other in
                other.name != namespace.name
                    && other.links.contains { $0.mac == mac && $0.addresses.contains { !$0.address.isLinkLocal } }
            }
            guard let other = others.first else { return nil }
            // Locally administered; the number keeps two links apart.
            let own = "02:00:5e:00:\(Self.hex(namespace.inode)):\(Self.hex(UInt64(link.index)))"
            return Candidate(
                .address, [.ip(namespace, "link set dev \(link.name) address \(own)")],
                condition:
                    "\(own) instead of \(mac), which \(other.name) has too, at \(link.name) in \(namespace.name)",
                code: "duplicate-mac", place: place(namespace, device: link.name),
                object: "MAC address \(mac)")
        }
    }

    private static func hex(_ number: UInt64) -> String {
        let text = String(number & 0xff, radix: 16)
        return text.count < 2 ? "0\(text)" : text
    }

    /// The packet's destination at the links of whose network it is; for a sender without an address, one of that network.
    func missingAddresses(_ namespace: Namespace) -> [Candidate] {
        var result: [Candidate] = []
        let destination = request.destination
        let isMulticast = destination.isMulticast || destination.isIPv4 && destination.low == 0xffff_ffff
        let isHeld = topology.namespaces.contains { $0.holds(destination) }
        for link in namespace.links where !link.isLoopback && link.isUp {
            let networks = link.addresses.filter { $0.address.family == family && !$0.address.isLinkLocal }
            let isOnNetwork = networks.contains { $0.contains(destination) && $0.length < destination.bitWidth }
            let isHere = networks.contains { $0.address == destination }
            if !isMulticast, isOnNetwork, !isHere, namespace.name != from, !isHeld || namespace.holds(destination) {
                result.append(
                    Candidate(
                        .address,
                        [.ip(namespace, "address add \(destination)/\(destination.bitWidth) dev \(link.name)")],
                        condition: "\(destination) at \(link.name) in \(namespace.name)",
                        code: isHeld ? "address-on-other-device" : "neighbor-unresolved",
                        place: place(namespace, device: link.name), breadth: .flow, object: "address \(destination)"))
            }
            if namespace.name == from, networks.isEmpty, link.master == nil, link.bridge == nil {
                result += ownAddresses(link, namespace)
            }
        }
        return result
    }

    /// A free address of each network that another namespace has.
    private func ownAddresses(_ link: Link, _ namespace: Namespace) -> [Candidate] {
        freeAddresses(besides: namespace).map { address in
            Candidate(
                .address, [.ip(namespace, "address add \(address) dev \(link.name)")],
                condition: "an address of \(address.network) at \(link.name) in \(namespace.name)",
                code: "link-local-source", place: place(namespace, device: link.name),
                object: "\(namespace.name) \(link.name) own address")
        }
    }

    /// One that nobody has, with its length, of each network of other namespaces.
    private func freeAddresses(besides namespace: Namespace) -> [IPPrefix] {
        let all = topology.namespaces.filter { $0.name != namespace.name }.flatMap(\.links).flatMap(\.addresses)
        let held = Set(all.map(\.address))
        var networks: [IPPrefix] = []
        for prefix in all where prefix.address.family == family && !prefix.address.isLinkLocal {
            if prefix.address.isLoopback || prefix.length > prefix.address.bitWidth - 3 { continue }
            if !networks.contains(where: { $0 == prefix.network }) { networks.append(prefix.network) }
        }
        return networks.prefix(8).compactMap { network in
            let host = network.length <= network.address.bitWidth - 8 ? UInt64(200) : 2
            let address = (0..<4).lazy.map { network.address.plus(host + $0) }.first { !held.contains($0) }
            return address.flatMap { IPPrefix($0, length: network.length) }
        }
    }

    /// IPv6 on again at a link where it is off, by its setting or by a smaller MTU than IPv6 asks for: the kernel took its addresses
    /// and routes away then, so with an address that others have as their gateway and nobody holds, or one of each network that
    /// it may have had, and a default route by who forwards there.
    func families(_ namespace: Namespace) -> [Candidate] {
        guard !isIPv4, let values = snapshot[namespace: namespace.name]?.sysctls else { return [] }
        return namespace.links.flatMap { link -> [Candidate] in
            guard !link.isLoopback, link.master == nil else { return [] }
            let name = "net.ipv6.conf.\(link.name.replacing(".", with: "/")).disable_ipv6"
            var actions: [RemedyAction] = []
            if link.isTooSmallForIPv6 {
                actions.append(.ip(namespace, "link set dev \(link.name) mtu \(Link.leastIPv6MTU)"))
            }
            if values[name] == "1" {
                actions.append(.sysctl(namespace, "net.ipv6.conf.DEVICE.disable_ipv6", device: link.name, "0"))
            }
            if actions.isEmpty { return [] }
            return lostGateways(besides: namespace).map { restored(link, namespace, actions, at: $0, router: nil) }
                + freeAddresses(besides: namespace).map { address in
                    let router = topology.namespaces.filter { $0.name != namespace.name && forwards($0) }
                        .flatMap(\.links).flatMap(\.addresses).map(\.address).first { address.contains($0) }
                    return restored(link, namespace, actions, at: address, router: router)
                }
        }
    }

    private func restored(
        _ link: Link, _ namespace: Namespace, _ actions: [RemedyAction], at address: IPPrefix, router: IPAddress?
    ) -> Candidate {
        var actions = actions + [.ip(namespace, "address add \(address) dev \(link.name) nodad")]
        if let router {
            actions.append(.ip(namespace, family, "route replace default via \(router) dev \(link.name)"))
        }
        let route = router.map { " and a default route via \($0)" } ?? ""
        return Candidate(
            .setting, actions,
            condition: "IPv6 on at \(link.name) in \(namespace.name), an address of \(address.network)\(route)",
            code: "family-disabled", place: place(namespace, device: link.name), breadth: .device,
            object: "\(namespace.name) \(link.name) family")
    }

    /// Addresses that routes of other namespaces lead to and nobody has, with the length of the network that they are in.
    private func lostGateways(besides namespace: Namespace) -> [IPPrefix] {
        let held = Set(topology.namespaces.flatMap(\.links).flatMap(\.addresses).map(\.address))
        var result: [IPPrefix] = []
        for other in topology.namespaces where other.name != namespace.name {
            let networks = other.links.flatMap(\.addresses)
            for gateway in other.routes.flatMap(\.gateways) where gateway.family == family && !held.contains(gateway) {
                guard let network = networks.first(where: { $0.contains(gateway) && !$0.address.isLinkLocal }),
                    let address = IPPrefix(gateway, length: network.length), !result.contains(address)
                else { continue }
                result.append(address)
            }
        }
        return result
    }

    /// Bridges without VLAN filtering, without the rules that bridged packets meet, without multicast snooping.
    func bridges(_ namespace: Namespace) -> [Candidate] {
        namespace.links.flatMap { link -> [Candidate] in
            guard let bridge = link.bridge else { return [] }
            var result: [Candidate] = []
            func option(_ words: String, _ text: String, _ code: FindingCode) {
                result.append(
                    Candidate(
                        .port,
                        [.ip(namespace, "link set dev \(link.name) type bridge \(words: Self.commandWords(words))")],
                        condition: "\(text) at \(link.name) in \(namespace.name)", code: code,
                        place: place(namespace, device: link.name), breadth: .rule,
                        object: "\(namespace.name) \(link.name) \(words)"))
            }
            if bridge.vlanFiltering { option("vlan_filtering 0", "VLAN filtering off", "bridge-port-blocked") }
            if bridge.callsIPTables == true, isIPv4 {
                option("nf_call_iptables 0", "nf_call_iptables off", "bridge-netfilter")
            }
            if bridge.callsIP6Tables == true, !isIPv4 {
                option("nf_call_ip6tables 0", "nf_call_ip6tables off", "bridge-netfilter")
            }
            // Neighbour discovery rests on multicast.
            if bridge.multicastSnooping != false, request.destination.isMulticast || !isIPv4 {
                option("mcast_snooping 0", "multicast snooping off", "multicast-snooping")
            }
            return result
        }
    }

    static func commandWords(_ text: String) -> CommandWords {
        CommandWords(text.split(separator: " ").map { String($0) })
    }

    /// Settings that differ from what the kernel begins with, and are not among those that decide by their meaning.
    func defaultSettings(_ namespace: Namespace) -> [Candidate] {
        guard let values = snapshot[namespace: namespace.name]?.sysctls else { return [] }
        return values.sorted { $0.key < $1.key }.compactMap { name, value in
            guard let usual = NamespaceSnapshot.usualSetting(name), usual != value else { return nil }
            if name.contains(isIPv4 ? ".ipv6." : ".ipv4.conf.") { return nil }
            return Candidate(
                .setting, [.sysctl(namespace, name, usual)],
                condition: "\(name) = \(usual), as the kernel begins, in \(namespace.name)", code: "kernel-refusal",
                place: place(namespace), breadth: .policy, object: "\(namespace.name) \(name)")
        }
    }

    /// Without IPsec's policies, which demand what no state gives.
    func policiesOfIPsec(_ namespace: Namespace) -> [Candidate] {
        guard let own = snapshot[namespace: namespace.name]?.policies, !own.isEmpty else { return [] }
        return [
            Candidate(
                .program, [.ip(namespace, "xfrm policy flush")], condition: "no IPsec policy in \(namespace.name)",
                code: "kernel-refusal", place: place(namespace), breadth: .policy,
                object: "\(namespace.name) IPsec policies")
        ]
    }

    /// ARP and neighbour discovery for the destination answered by each other namespace on its network.
    func proxies(_ namespace: Namespace) -> [Candidate] {
        guard namespace.name != from, !namespace.holds(request.destination) else { return [] }
        return namespace.links.compactMap { link in
            guard !link.isLoopback, link.master == nil, link.isUp else { return nil }
            let networks = link.addresses.filter { $0.address.family == family && !$0.address.isLinkLocal }
            guard networks.contains(where: { $0.contains(request.destination) }) else { return nil }
            var actions: [RemedyAction] = []
            if !isIPv4 {
                actions.append(.sysctl(namespace, "net.ipv6.conf.DEVICE.proxy_ndp", device: link.name, "1"))
            }
            actions.append(.ip(namespace, "neighbor add proxy \(request.destination) dev \(link.name)"))
            return Candidate(
                .entry, actions,
                condition: "a proxy entry for \(request.destination) at \(link.name) in \(namespace.name)",
                code: "proxy-missing", place: place(namespace, device: link.name), breadth: .flow,
                object: "\(namespace.name) \(link.name) proxy")
        }
    }
}

extension RoutingRule {
    /// Whether it looks into its table for every packet.
    fileprivate var selectsAll: Bool {
        action == .lookup && source == nil && destination == nil && mark == nil && inDevice == nil && outDevice == nil
            && selectors == nil
    }
}

extension IPAddress {
    fileprivate func plus(_ number: UInt64) -> IPAddress {
        isIPv4 ? IPAddress(ipv4: UInt32(truncatingIfNeeded: low &+ number)) : IPAddress(high: high, low: low &+ number)
    }
}
