import Network
import Wire

/// A topology as boxes with wires: one box for each namespace that others hang on, the others at the far end of a wire.
///
/// Text and SVG draw the same layout; Mermaid and DOT lay out the same namespaces, devices and wires themselves.
struct MapLayout {
    /// What a wire leads to.
    struct Far {
        enum Kind: Hashable {
            /// A namespace with this one wire: it has no box.
            case leaf
            /// A namespace with a box of its own.
            case box
            /// A namespace that could not be found.
            case unknown
            /// Beyond this machine.
            case outside
            /// Many leaves like those above.
            case more
        }
        var kind: Kind
        var namespace: String
        var device: String
        /// Addresses, state.
        var words: [Phrase]
        /// What its containers are called, where the namespace is not.
        var subtitle: String?
        /// Further lines: default route, other addresses, rules.
        var facts: [Phrase]
        /// All lines below the first.
        var below: [Phrase] { (subtitle.map { [Phrase($0, .dim)] } ?? []) + facts }
    }

    struct Row {
        var device: String
        /// 0 for a device, 1 for a port of the bridge above.
        var depth: Int
        var isLastPort = false
        var words: [Phrase]
        var far: Far?
        var isTunnel = false
    }

    struct Fact {
        /// `route`, `nat`, `rule`, …
        var label: String
        var phrases: [Phrase]
    }

    struct Box {
        var namespace: String
        var subtitle: String?
        var rows: [Row]
        var facts: [Fact]
        /// How many more there are that are like it, and not drawn.
        var alike = 0
    }

    var boxes: [Box] = []
    /// Namespaces that hold nothing but `lo`.
    var empty: [Phrase] = []
    /// Of them, how many are not named.
    var emptyMore = 0
    /// Names of namespaces that are joined in a line.
    var chains: [[String]] = []
    var warnings: [String] = []

    private let graph: NetworkGraph
    private let verbose: Bool
    private let isPart: Bool
    private var leaves: Set<String> = []
    private let kept: Set<String>

    /// - Parameters:
    ///   - isPart: whether the topology is a part of the network that was asked for: what leads out of it is not drawn.
    ///   - kept: namespaces that are drawn whole however many are like them.
    init(_ topology: Topology, verbosity: Verbosity, isPart: Bool = false, keeping kept: Set<String> = []) {
        graph = NetworkGraph(topology)
        self.kept = kept
        verbose = verbosity >= .verbose
        self.isPart = isPart
        warnings = topology.warnings
        leaves = Self.leaves(graph)
        let order = MapOrder(graph)
        chains = order.chains()
        // The one that the tool runs in comes first: everything hangs on it.
        let ordered = order.positions().map { topology.namespaces[$0] }.filter { !leaves.contains($0.name) }
        for namespace in ordered {
            if namespace.name != "host", namespace.links.allSatisfy({ $0.kind == .loopback }), ordered.count > 4 {
                let isDown = namespace.links.contains { !$0.isUp }
                empty.append(Phrase(namespace.name + (isDown ? " (lo is down)" : ""), isDown ? .caution : .plain))
                continue
            }
            boxes.append(box(namespace))
        }
        guard !verbose else { return }
        boxes = MapFold.folded(boxes, keeping: kept)
        if empty.count > Self.emptyLimit {
            emptyMore = empty.count - Self.emptyLimit
            empty = Array(empty.prefix(Self.emptyLimit))
        }
    }

    private static let emptyLimit = 12

    // MARK: - Which namespaces hang on others

    /// Namespaces with one wire, to a namespace that has more: drawn at its end.
    private static func leaves(_ graph: NetworkGraph) -> Set<String> {
        func wires(_ namespace: Namespace) -> [Link] {
            // Tunnel devices that the kernel puts into every namespace are down and without addresses.
            namespace.links.filter { link in
                link.kind != .loopback
                    && !(!link.isUp && link.addresses.isEmpty && link.peer == nil && link.master == nil)
            }
        }
        var result: Set<String> = []
        for namespace in graph.topology.namespaces where namespace.name != "host" {
            let links = wires(namespace)
            guard links.count == 1, let peer = links[0].peer?.namespace, peer != namespace.name,
                !result.contains(peer), graph[namespace: peer] != nil
            else { continue }
            result.insert(namespace.name)
        }
        return result
    }

    // MARK: - Boxes

    private func box(_ namespace: Namespace) -> Box {
        var rows: [Row] = []
        // Devices that no bridge has, one after the other, until one comes that has ports.
        var run: [Row] = []
        let links = namespace.links
        for link in links.sorted(by: Self.order) where link.master.map({ namespace[device: $0] == nil }) ?? true {
            if link.kind == .loopback, link.isUp, Self.others(link).isEmpty, links.count > 1, !verbose { continue }
            if Self.isFallback(link), !verbose { continue }
            if leadsOut(link) { continue }
            let ports = self.ports(of: link, in: namespace)
            let row = row(link, of: namespace, depth: 0, ports: ports)
            if ports.isEmpty {
                run.append(row)
                continue
            }
            rows += compacted(run, gateways: []) + [row]
            run = []
            var portRows = ports.filter { !leadsOut($0) }.map { self.row($0, of: namespace, depth: 1, ports: []) }
            portRows = compacted(portRows, gateways: Set(link.addresses.map(\.address)))
            if !portRows.isEmpty { portRows[portRows.count - 1].isLastPort = true }
            rows += portRows
        }
        rows += compacted(run, gateways: [])
        return Box(
            namespace: namespace.name, subtitle: subtitle(namespace), rows: rows, facts: facts(namespace))
    }

    /// Whether a wire goes to what was not asked for.
    private func leadsOut(_ link: Link) -> Bool {
        guard isPart, let peer = link.peer else { return false }
        return peer.namespace.map { graph[namespace: $0] == nil } ?? true
    }

    private func ports(of master: Link, in namespace: Namespace) -> [Link] {
        guard let device = graph.device(master.name, in: namespace.name) else { return [] }
        return graph.ports(of: device).map { graph[$0] }.sorted(by: Self.order)
    }

    /// A device that a tunnel's module puts into every namespace, unused.
    private static func isFallback(_ link: Link) -> Bool {
        let names: Set = ["tunl0", "sit0", "ip6tnl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "ip6gre0"]
        return names.contains(link.name) && !link.isUp && link.addresses.isEmpty
    }

    private static func order(_ left: Link, _ right: Link) -> Bool {
        if (left.kind == .loopback) != (right.kind == .loopback) { return left.kind == .loopback }
        if (left.kind == .bridge) != (right.kind == .bridge) { return left.kind == .bridge }
        return left.index < right.index
    }

    private func subtitle(_ namespace: Namespace) -> String? {
        let others = namespace.otherNames
        return others.isEmpty ? nil : others.joined(separator: ", ")
    }

    private func row(_ link: Link, of namespace: Namespace, depth: Int, ports: [Link]) -> Row {
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
    private static func others(_ link: Link) -> [IPPrefix] {
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
        facts += self.facts(namespace).map { fact in
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

    /// Few leaves are drawn whole; of many that are alike, the first, the last, and how many between. What is usual, the
    /// bridge's own address as the gateway, is then not said of each.
    private func compacted(_ rows: [Row], gateways: Set<IPAddress>) -> [Row] {
        guard !verbose, rows.count > MapFold.limit else { return rows }
        let usual = gateways.map { "default via \($0)" }
        let short = rows.map { row in
            var short = row
            short.far?.facts.removeAll { fact in
                fact.style != .caution && usual.contains { fact.text == $0 || fact.text.hasPrefix("\($0) ") }
            }
            return short
        }
        return MapFold.folded(short, keeping: kept)
    }

    // MARK: - Facts

    private func facts(_ namespace: Namespace) -> [Fact] {
        var facts = routes(namespace) + rules(namespace) + nat(namespace)
        facts += limited(MapFirewall.facts(namespace.netfilter), label: "drops")
        let wires = namespace.links.filter { $0.kind != .loopback && $0.isUp && !Self.others($0).isEmpty }
        if wires.count > 1 {
            let isOn = namespace.settings.forwarding(device: nil, .ipv4)?.isOn
            if isOn == true { facts.append(Fact(label: "", phrases: [Phrase("forwards IPv4", .dim)])) }
            if isOn == false { facts.append(Fact(label: "", phrases: [Phrase("! does not forward IPv4", .caution)])) }
            if namespace.settings.forwarding(device: nil, .ipv6)?.isOn == true {
                facts.append(Fact(label: "", phrases: [Phrase("forwards IPv6", .dim)]))
            }
        }
        let hasBridge = namespace.links.contains { $0.kind == .bridge }
        if hasBridge, namespace.settings.bridgeCallsChains(.ipv4)?.isOn == true {
            facts.append(Fact(label: "", phrases: [Phrase("bridged packets pass iptables too (br_netfilter)", .dim)]))
        }
        return facts
    }

    private func routes(_ namespace: Namespace) -> [Fact] {
        // What an address brings with it is said by the address.
        let told = namespace.routes.filter { route in
            if route.table == .local || [RouteKind.local, .broadcast, .multicast, .anycast].contains(route.kind) {
                return false
            }
            if route.destination.address.isMulticast || route.destination.address.isLinkLocal { return false }
            return verbose || route.origin != .kernel || route.gateway != nil || route.table != .main
        }
        let ordered = told.enumerated().sorted { left, right in
            (left.element.table != .main ? 1 : 0, left.element.destination.length == 0 ? 0 : 1, left.offset)
                < (right.element.table != .main ? 1 : 0, right.element.destination.length == 0 ? 0 : 1, right.offset)
        }.map(\.element)
        let texts = verbose ? ordered.map { Self.text($0) } : Self.gathered(ordered)
        return limited(texts.map { Fact(label: "route", phrases: [Phrase($0)]) }, label: "route")
    }

    /// Of routes that differ in their destination alone one text: `10.0.1.0/24, 10.0.2.0/24 and 7 more via 10.0.10.1 on w11`.
    private static func gathered(_ routes: [Route]) -> [String] {
        var ways: [String] = []
        var members: [String: [Route]] = [:]
        for route in routes {
            let way = text(route, to: "")
            if members[way] == nil { ways.append(way) }
            members[way, default: []].append(route)
        }
        return ways.flatMap { way -> [String] in
            let routes = members[way] ?? []
            if routes.count < 3 { return routes.map { text($0) } }
            let named = routes.prefix(2).map { destination($0) }.joined(separator: ", ")
            return routes.first.map { [text($0, to: "\(named) and \(routes.count - 2) more")] } ?? []
        }
    }

    private static func destination(_ route: Route) -> String {
        route.destination.length == 0 ? "default" : "\(route.destination)"
    }

    /// As ip-route(8) writes it, with `on` for `dev`.
    static func text(_ route: Route) -> String { text(route, to: destination(route)) }

    private static func text(_ route: Route, to destination: String) -> String {
        var words: [String] = route.kind == .unicast ? [] : [route.kind.rawValue]
        if !destination.isEmpty { words.append(destination) }
        if let gateway = route.gateway { words.append("via \(gateway)") }
        if let device = route.device { words.append("on \(device)") }
        if !route.nextHops.isEmpty {
            let hops = route.nextHops.map { hop in
                [hop.gateway.map { "\($0)" }, hop.device.map { "on \($0)" }].compactMap(\.self).joined(separator: " ")
            }
            words.append("via " + hops.joined(separator: " or "))
        }
        if route.table != .main { words.append("(table \(route.table))") }
        return words.joined(separator: " ")
    }

    private func rules(_ namespace: Namespace) -> [Fact] {
        // 0, 32766 and 32767 are there from the start.
        let own = namespace.rules.filter { ![0, 32766, 32767].contains($0.priority) }
        return limited(
            own.map { rule in
                var words: [String] = []
                if let source = rule.source { words.append("from \(source)") }
                if let destination = rule.destination { words.append("to \(destination)") }
                if let mark = rule.mark { words.append("mark 0x\(String(mark, radix: 16))") }
                if let device = rule.inDevice { words.append("in by \(device)") }
                if let device = rule.outDevice { words.append("out by \(device)") }
                words.append(rule.action == .lookup ? "⇒ table \(rule.table)" : rule.action.rawValue)
                return Fact(label: "ip rule", phrases: [Phrase("\(rule.priority): \(words.joined(separator: " "))")])
            }, label: "ip rule")
    }

    private func nat(_ namespace: Namespace) -> [Fact] {
        let own = namespace.netfilter.nat.filter { !MapFirewall.isEmbeddedDNS($0.rule) }
        let folds = !verbose && own.count < namespace.netfilter.nat.count
        let resolver = Fact(label: "", phrases: [Phrase("Docker's embedded DNS at 127.0.0.11", .dim)])
        return (folds ? [resolver] : [])
            + limited(
                (folds ? own : namespace.netfilter.nat).map { nat in
                    let match = nat.match.map { $0.isEmpty ? "all" : $0 } ?? "all"
                    let words =
                        switch nat.kind {
                        case .masquerade: "\(match) ⇒ the outgoing device's address"
                        case .redirect: "\(match) ⇒ this namespace itself" + (nat.to.map { ", \($0)" } ?? "")
                        default: "\(match) ⇒ \(nat.to ?? "?")"
                        }
                    let name = nat.rule.name(withHandle: verbose)
                    return Fact(
                        label: nat.kind == .masquerade ? "snat" : nat.kind.rawValue,
                        phrases: [
                            Phrase(words, .translation), Phrase("(\(name))", .dim),
                        ])
                }, label: "nat")
    }

    /// The first eight, and how many more.
    private func limited(_ facts: [Fact], label: String) -> [Fact] {
        guard !verbose, facts.count > 8 else { return facts }
        return facts.prefix(7) + [
            Fact(label: label, phrases: [Phrase("and \(facts.count - 7) more (-v lists them)", .dim)])
        ]
    }
}
