internal import Network
internal import WalkModel
internal import Wire

extension ChangeCatalogue {
    /// Links that are down, do not ask for neighbours, have a program, or stand outside a bridge.
    func links(_ namespace: Namespace) -> [Candidate] {
        namespace.links.flatMap { link -> [Candidate] in
            var result: [Candidate] = []
            if !link.isUp {
                result.append(
                    Candidate(
                        .link, [.ip(namespace, "link set dev \(link.name) up")],
                        condition: "\(link.name) up in \(namespace.name)",
                        code: link.isLoopback ? "loopback-down" : "link-down",
                        place: place(namespace, device: link.name), object: "\(namespace.name) \(link.name) up"))
            }
            if link.flags?.contains(.noARP) == true, !link.isLoopback {
                result.append(
                    Candidate(
                        .link, [.ip(namespace, "link set dev \(link.name) arp on")],
                        condition: "ARP on at \(link.name) in \(namespace.name)", code: "arp-off",
                        place: place(namespace, device: link.name), object: "\(namespace.name) \(link.name) arp"))
            }
            if let mode = link.mode, mode != .bridge, link.kind == "macvlan" {
                result.append(
                    Candidate(
                        .link, [.ip(namespace, "link set dev \(link.name) type macvlan mode bridge")],
                        condition: "\(link.name) in bridge mode in \(namespace.name)", code: "macvlan-isolated",
                        place: place(namespace, device: link.name), object: "\(namespace.name) \(link.name) mode"))
            }
            result += masters(link, namespace) + ownMacvlan(link, namespace)
            result += tunnels(link, namespace)
            return result
        }
    }

    /// A device and the macvlans on top of it never exchange frames; its own address at one more of them does.
    private func ownMacvlan(_ link: Link, _ namespace: Namespace) -> [Candidate] {
        let isBelow = topology.namespaces.contains { other in
            other.links.contains {
                $0.kind == "macvlan" && $0.lower == link.name && $0.lowerNamespace ?? other.name == namespace.name
            }
        }
        let moved = link.addresses.filter { !$0.address.isLinkLocal && $0.address.family == family }
        guard isBelow, let first = moved.first else { return [] }
        let name = "mv-\(link.name)".prefix(15)
        let actions: [RemedyAction] =
            [.ip(namespace, "link add link \(link.name) name \(name) type macvlan mode bridge")]
            + moved.flatMap { prefix -> [RemedyAction] in
                [
                    .ip(namespace, "address del \(prefix) dev \(link.name)"),
                    .ip(namespace, "address add \(prefix) dev \(name)"),
                ]
            } + [.ip(namespace, "link set dev \(name) up")]
        return [
            Candidate(
                .link, actions, condition: "\(first.address) at a macvlan on \(link.name) in \(namespace.name)",
                code: "macvlan-isolated", place: place(namespace, device: link.name),
                object: "\(namespace.name) \(link.name) macvlan"
            ).adding
        ]
    }

    private func masters(_ link: Link, _ namespace: Namespace) -> [Candidate] {
        let device = place(namespace, device: link.name)
        if let master = link.master, !link.addresses.isEmpty, namespace[device: master]?.bridge != nil {
            let moved = link.addresses.filter { !$0.address.isLinkLocal }
            if moved.isEmpty { return [] }
            let actions = moved.flatMap { prefix -> [RemedyAction] in
                [
                    .ip(namespace, "address del \(prefix) dev \(link.name)"),
                    .ip(namespace, "address add \(prefix) dev \(master)"),
                ]
            }
            return [
                Candidate(
                    .link, actions,
                    condition: "\(moved[0].address) at \(master) instead of its port \(link.name) in \(namespace.name)",
                    code: "address-on-bridge-port", place: device, object: "\(namespace.name) \(link.name) address"),
                Candidate(
                    .link, [.ip(namespace, "link set dev \(link.name) nomaster")],
                    condition: "\(link.name) no port of \(master) in \(namespace.name)",
                    code: "address-on-bridge-port", place: device, object: "\(namespace.name) \(link.name) master"),
            ]
        }
        guard link.master == nil, link.addresses.allSatisfy({ $0.address.isLinkLocal }), link.bridge == nil,
            !link.isLoopback, link.lower == nil
        else { return [] }
        return namespace.links.filter { $0.bridge != nil }.map { bridge in
            Candidate(
                .link, [.ip(namespace, "link set dev \(link.name) master \(bridge.name)")],
                condition: "\(link.name) a port of \(bridge.name) in \(namespace.name)", code: "port-without-bridge",
                place: device, object: "\(namespace.name) \(link.name) master")
        }
    }

    /// Programs of tc and XDP.
    func programs(_ namespace: Namespace) -> [Candidate] {
        namespace.links.flatMap { link -> [Candidate] in
            guard !link.programs.isEmpty else { return [] }
            var actions: [RemedyAction] = []
            for direction in ["ingress", "egress"] where link.programs.contains(where: { $0.contains(direction) }) {
                actions.append(.run(namespace, "tc filter del dev \(link.name) \(direction)"))
            }
            if link.programs.contains(where: { $0.contains("xdp") }) {
                actions.append(.ip(namespace, "link set dev \(link.name) xdp off"))
            }
            guard !actions.isEmpty else { return [] }
            return [
                Candidate(
                    .program, actions, condition: "no program at \(link.name) in \(namespace.name)", code: "tc-drop",
                    place: place(namespace, device: link.name), breadth: .rule,
                    object: "\(namespace.name) \(link.name) programs")
            ]
        } + disciplines(namespace)
    }

    /// Disciplines that hold packets back or drop them.
    private func disciplines(_ namespace: Namespace) -> [Candidate] {
        namespace.links.compactMap { link in
            guard let kind = link.queueing, !["noqueue", "fq_codel", "pfifo_fast", "mq", "clsact"].contains(kind) else {
                return nil
            }
            return Candidate(
                .program, [.run(namespace, "tc qdisc del dev \(link.name) root")],
                condition: "no \(kind) at \(link.name) in \(namespace.name)", code: "queue-full",
                place: place(namespace, device: link.name), breadth: .rule,
                object: "\(namespace.name) \(link.name) queue")
        }
    }

    /// Ports of bridges: each flag the other way.
    func ports(_ namespace: Namespace) -> [Candidate] {
        namespace.links.flatMap { link -> [Candidate] in
            guard let port = link.bridgePort, let bridge = link.master else { return [] }
            var result: [Candidate] = []
            func flag(_ name: String, _ value: String, _ words: String, opens: Bool = true) {
                result.append(
                    Candidate(
                        opens ? .port : .turn, [.run(namespace, "bridge link set dev \(link.name) \(name) \(value)")],
                        condition: "\(words) at port \(link.name) of \(bridge) in \(namespace.name)",
                        code: "bridge-port-blocked", place: place(namespace, device: link.name),
                        object: "\(namespace.name) \(link.name) \(name)"))
            }
            func turn(_ name: String, _ isOn: Bool?) {
                guard let isOn else { return }
                let opening = ["hairpin", "learning", "flood", "mcast_flood", "bcast_flood"].contains(name)
                flag(name, isOn ? "off" : "on", "\(name) \(isOn ? "off" : "on")", opens: isOn != opening)
            }
            turn("isolated", port.isolated)
            turn("hairpin", port.hairpin)
            turn("learning", port.learning)
            turn("flood", port.flooding)
            turn("mcast_flood", port.multicastFlooding)
            turn("bcast_flood", port.broadcastFlooding)
            turn("neigh_suppress", port.suppressesNeighbors)
            turn("guard", port.guardsBPDU)
            turn("root_block", port.rootBlock)
            turn("locked", port.isLocked)
            if port.state != .forwarding { flag("state", "3", "the state forwarding") }
            result += memberships(link, port, bridge, namespace)
            return result
        }
    }

    /// VLANs of a bridge's other ports.
    private func memberships(
        _ link: Link, _ port: Link.BridgePort, _ bridge: String, _ namespace: Namespace
    ) -> [Candidate] {
        guard let settings = namespace[device: bridge]?.bridge, settings.vlanFiltering else { return [] }
        let others = namespace.links.filter { $0.master == bridge && $0.name != link.name }.compactMap(\.bridgePort)
        let wanted = Set(others.flatMap { $0.vlans } + (settings.vlans ?? [])).subtracting(port.vlans)
        let own = Set(others.compactMap(\.pvid) + [settings.pvid].compactMap(\.self)).subtracting(
            [port.pvid].compactMap(\.self))
        return wanted.union(own).sorted().map { vlan in
            Candidate(
                .port,
                [.run(namespace, "bridge vlan add dev \(link.name) vid \(vlan) pvid untagged")],
                condition: "VLAN \(vlan) untagged at port \(link.name) of \(bridge) in \(namespace.name)",
                code: "bridge-port-blocked", place: place(namespace, device: link.name),
                object: "\(namespace.name) \(link.name) vlan")
        }
    }
}
