import Network
import Wire

/// A map's rows: what is said of a device, and of the other end of its wire.
extension MapLayout {
    func row(_ link: Link, of namespace: Namespace, depth: Int, ports: [Link]) -> Row {
        var words = nature(link, ports: ports) + addresses(link) + state(link)
        if depth == 1, !Self.others(link).isEmpty {
            words.append(Phrase("! the address belongs on \(link.master ?? "the bridge")", .caution))
        }
        var row = Row(device: link.name, depth: depth, words: words)
        if let peer = link.peer {
            row.far = far(peer, from: link)
        } else if let remote = link.vxlan?.remote {
            row.far = Far(kind: .outside, namespace: "\(remote)", device: "", words: [], facts: [])
            row.isTunnel = true
        } else if let gateway = namespace.routes.first(where: { $0.device == link.name && $0.gateway != nil })?.gateway
        {
            row.far = Far(kind: .outside, namespace: "\(gateway)", device: "", words: [], facts: [])
        } else if link.kind == .ethernet || link.kind == .tun, link.isUp {
            row.far = Far(kind: .outside, namespace: "outside", device: "", words: [], facts: [])
        }
        return row
    }

    private func nature(_ link: Link, ports: [Link]) -> [Phrase] {
        var phrases: [Phrase] = []
        switch link.kind {
        case .veth, .ethernet, .loopback: break
        case .bridge:
            var words = ports.isEmpty ? "bridge without ports" : "bridge"
            if link.bridge?.vlanFiltering ?? false { words += ", VLAN filtering" }
            phrases.append(Phrase(words, .dim))
        case .vxlan:
            let over = link.vxlan?.device.map { " over \($0)" } ?? ""
            phrases.append(Phrase("vxlan \(link.vxlan?.identifier ?? 0)\(over)", .dim))
        default:
            let home = link.lowerNamespace.map { " of \($0)" } ?? ""
            phrases.append(Phrase(link.kind.rawValue + (link.lower.map { " on \($0)\(home)" } ?? ""), .dim))
        }
        if let workload = link.workload, workload.name != link.name {
            phrases.append(Phrase(workload.words, .name))
        }
        if let port = link.bridgePort {
            if port.isolated { phrases.append(Phrase("isolated", .caution)) }
            if port.hairpin { phrases.append(Phrase("hairpin", .dim)) }
            if port.state != .forwarding, link.isUp, link.hasCarrier {
                phrases.append(Phrase(port.state.rawValue, .caution))
            }
            if let pvid = port.pvid, pvid != 1 { phrases.append(Phrase("vlan \(pvid)", .dim)) }
        }
        phrases += link.programs.map { Phrase($0, .caution) }
        if link.mtu != 1500, link.kind != .loopback, link.mtu != 0 { phrases.append(Phrase("mtu \(link.mtu)", .dim)) }
        return phrases
    }

    private func state(_ link: Link) -> [Phrase] {
        if !link.isUp { return [Phrase("✘ down", .bad)] }
        if !link.hasCarrier {
            guard let peer = link.peer else {
                // A bridge without a live port has no carrier: its ports say why.
                return link.kind == .loopback ? [] : [Phrase("! no carrier", .caution)]
            }
            let other = peer.namespace.flatMap { graph.link(peer.device, in: $0) }
            if other?.isUp ?? true { return [Phrase("! no carrier", .caution)] }
            return [Phrase("! no carrier: the other end is down", .caution)]
        }
        return []
    }

    /// Without link-local and loopback ones, which every device has.
    static func others(_ link: Link) -> [IPPrefix] {
        link.addresses.filter { !$0.address.isLoopback && !($0.address.isLinkLocal && !$0.address.isIPv4) }
    }

    private func addresses(_ link: Link) -> [Phrase] {
        (verbose ? link.addresses : Self.others(link)).map { Phrase($0.description, .name) }
            + (link.duplicateAddresses ?? []).map { Phrase("✘ \($0), a duplicate", .bad) }
    }

    // MARK: - Far ends

    private func far(_ peer: Link.Peer, from link: Link) -> Far {
        guard let name = peer.namespace, let namespace = graph[namespace: name] else {
            // It has a name, and was not asked for.
            if let name = peer.namespace {
                return Far(kind: .box, namespace: name, device: peer.device, words: [], facts: [])
            }
            return Far(
                kind: .unknown, namespace: "?", device: peer.device,
                words: [Phrase("in a namespace that could not be read", .dim)], facts: [])
        }
        let device = namespace[device: peer.device]
        var words = device.map { state($0).filter { $0.style == .bad } + addresses($0) } ?? []
        guard leaves.contains(name) else {
            if device == nil { words = [] }
            return Far(kind: .box, namespace: name, device: peer.device, words: words, facts: [])
        }
        var facts: [Phrase] = []
        for loopback in namespace.links where loopback.kind == .loopback {
            if !loopback.isUp { facts.append(Phrase("! lo is down", .caution)) }
            if !Self.others(loopback).isEmpty {
                facts.append(Phrase("lo " + Self.others(loopback).map(\.description).joined(separator: " ")))
            }
        }
        facts += MapFacts(verbose: verbose).facts(namespace).map { fact in
            let text = fact.phrases.map(\.text).joined(separator: "  ")
            return Phrase(
                ["route", ""].contains(fact.label) ? text : "\(fact.label) \(text)", fact.phrases.first?.style ?? .plain
            )
        }
        let hasAddress = !(device.map(Self.others) ?? []).isEmpty
        let hasDefault = namespace.routes.contains { $0.destination.length == 0 && $0.kind == .unicast }
        if hasAddress, !hasDefault { facts.append(Phrase("no default route", .caution)) }
        if !hasAddress, device?.isUp ?? false, device?.master == nil { facts.append(Phrase("! no address", .caution)) }
        return Far(
            kind: .leaf, namespace: name, device: peer.device, words: words, subtitle: subtitle(namespace),
            facts: facts)
    }
}
