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
        /// Names of those that are like it, and not drawn.
        var alike: [String] = []

        /// `r3, r4 … r9`; nil where there are none.
        var alikeNames: String? {
            guard let last = alike.last else { return nil }
            return alike.count > 3
                ? alike.prefix(2).joined(separator: ", ") + " … \(last)" : alike.joined(separator: ", ")
        }
    }

    var boxes: [Box] = []
    /// Namespaces that hold nothing but `lo`.
    var empty: [Phrase] = []
    /// Of them, how many are not named.
    var emptyMore = 0
    /// Names of namespaces that are joined in a line.
    var chains: [[String]] = []
    var warnings: [String] = []

    let graph: NetworkGraph
    let verbose: Bool
    private let isPart: Bool
    private(set) var leaves: Set<String> = []
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
            if link.isUnusedTunnel, !verbose { continue }
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
            namespace: namespace.name, subtitle: subtitle(namespace), rows: rows,
            facts: MapFacts(verbose: verbose).facts(namespace))
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

    private static func order(_ left: Link, _ right: Link) -> Bool {
        if (left.kind == .loopback) != (right.kind == .loopback) { return left.kind == .loopback }
        if (left.kind == .bridge) != (right.kind == .bridge) { return left.kind == .bridge }
        return left.index < right.index
    }

    func subtitle(_ namespace: Namespace) -> String? {
        let others = namespace.otherNames
        return others.isEmpty ? nil : others.joined(separator: ", ")
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
}
