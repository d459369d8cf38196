import Network
import TestSupport
import Testing
import Wire

/// Nothing that a packet can reach is left out, in networks that a generator makes; a failure names its seed.
@Suite("Slices of generated networks")
struct SlicePropertyTests {
    private static let count: UInt64 = 400

    @Test("hold all that a flood of the packet reaches, and leave something out")
    func reach() throws {
        var left = 0
        var visited = 0
        for seed in 1...Self.count {
            let made = GeneratedNetwork(seed: seed)
            let graph = NetworkGraph(made.topology)
            let slice = graph.slice(.init(from: [made.sender], to: made.destination)) { namespace, _ in
                (made.translations[namespace.name] ?? []).map { .init($0.to...$0.to) }
            }
            var flood = Flood(graph, made)
            flood.run()
            let missing = flood.reached.subtracting(slice.namespaces)
            #expect(missing.isEmpty, "seed \(seed): \(made.sender) to \(made.destination) reaches \(missing.sorted())")
            let ends = Set(slice.stubs.map(\.namespace))
            #expect(ends.isSubset(of: slice.namespaces), "seed \(seed): a stub lies outside")
            #expect(slice.stubs.allSatisfy { !slice.contains($0.farNamespace) }, "seed \(seed): a stub leads inside")
            left += made.topology.namespaces.count - slice.namespaces.count
            visited += flood.reached.count
        }
        // The networks are such that the flood goes far, and that there is something to leave out.
        #expect(visited > 3 * Int(Self.count), "\(visited) reached")
        #expect(left > 2 * Int(Self.count), "\(left) left out")
    }
}

/// Sends a packet by every route that has its destination, to everybody on the segment who holds the next hop, translated
/// and not, and lets everybody who is sent it answer: no order of routes, no firewall, no switch that keeps anything apart.
private struct Flood {
    private struct Packet: Hashable {
        var namespace: Int
        var destination: IPAddress
        var source: IPAddress
    }

    private let graph: NetworkGraph
    private let made: GeneratedNetwork
    private var waiting: [Packet] = []
    private var seen: Set<Packet> = []
    private(set) var reached: Set<String> = []

    init(_ graph: NetworkGraph, _ made: GeneratedNetwork) {
        self.graph = graph
        self.made = made
    }

    mutating func run() {
        let sender = graph.topology.namespaces.firstIndex { $0.name == made.sender } ?? 0
        for source in addresses(of: sender) {
            put(Packet(namespace: sender, destination: made.destination, source: source))
        }
        while let packet = waiting.popLast() { forward(packet) }
    }

    private func addresses(of namespace: Int) -> [IPAddress] {
        graph.topology.namespaces[namespace].links.flatMap { $0.addresses.map(\.address) }
    }

    private mutating func put(_ packet: Packet) {
        reached.insert(graph.topology.namespaces[packet.namespace].name)
        if seen.insert(packet).inserted { waiting.append(packet) }
    }

    private mutating func forward(_ packet: Packet) {
        let namespace = graph.topology.namespaces[packet.namespace]
        for translation in made.translations[namespace.name] ?? [] where translation.from == packet.destination {
            put(Packet(namespace: packet.namespace, destination: translation.to, source: packet.source))
        }
        // Everybody may report an error, and the receiver answers, each from any of its addresses.
        for own in addresses(of: packet.namespace) where packet.source != own {
            put(Packet(namespace: packet.namespace, destination: packet.source, source: own))
        }
        for route in namespace.routes where route.destination.contains(packet.destination) {
            guard let device = route.device else { continue }
            let hop = route.gateway ?? packet.destination
            for path in graph.segment(out: device, of: namespace.name).paths {
                guard let end = graph.device(path.end.device, in: path.end.namespace),
                    addresses(of: end.namespace).contains(hop)
                else { continue }
                for step in path.steps { pass(step) }
                put(Packet(namespace: end.namespace, destination: packet.destination, source: packet.source))
            }
        }
    }

    private mutating func pass(_ step: LayerTwoPath.Step) {
        switch step {
        case .bridge(let namespace, _, _, _): reached.insert(namespace)
        case .wire(let from, let to), .tunnel(let from, let to): reached.formUnion([from.namespace, to.namespace])
        case .sibling(_, _, let lower): reached.insert(lower.namespace)
        }
    }
}

/// Bridges with containers, joined by routers and by wires between the bridges; some addresses twice, some routes to
/// nowhere, some translations.
private struct GeneratedNetwork {
    struct Translation {
        var from: IPAddress
        var to: IPAddress
    }

    private(set) var sender = ""
    private(set) var destination = IPAddress(ipv4: 0)
    private(set) var translations: [String: [Translation]] = [:]
    private var network = SliceNetwork([])
    private var generator: SeededGenerator
    private var addresses: [String] = []

    var topology: Topology { network.topology }

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        let bridges = Int.random(in: 1...4, using: &generator)
        for number in 0..<bridges { addBridge(number) }
        for number in 1..<max(2, bridges) where bridges > 1 { join(number - 1, number) }
        let names = topology.namespaces.map(\.name)
        sender = names.filter { !$0.hasPrefix("router") }.randomElement(using: &generator) ?? names[0]
        let outside = "198.51.100.\(Int.random(in: 1...3, using: &generator))"
        let chosen = generator.next() % 4 == 0 ? outside : addresses.randomElement(using: &generator) ?? outside
        destination = IPAddress(chosen) ?? destination
        for _ in 0..<Int.random(in: 0...2, using: &generator) { addTranslation(names, outside) }
    }

    private mutating func addBridge(_ number: Int) {
        let home = "host\(number)"
        network.add(home)
        network.add(bridge: "br0", in: home, "10.\(number).0.254/24")
        addresses.append("10.\(number).0.254")
        for container in 0..<Int.random(in: 1...6, using: &generator) {
            let name = "c\(number)-\(container)"
            network.add(name)
            // Now and then two have one address.
            let last = generator.next() % 8 == 0 ? 1 : container + 1
            let address = "10.\(number).0.\(last)"
            addresses.append(address)
            if generator.next() % 6 == 0 {
                network.add(macvlan: "eth0", in: name, on: "br0", of: home, address + "/24")
            } else {
                network.pair("v\(container)", in: home, "eth0", in: name, master: "br0", far: address + "/24")
            }
            if generator.next() % 5 != 0 { network.route("0.0.0.0/0", via: "10.\(number).0.254", on: "eth0", in: name) }
        }
    }

    /// By a wire between the bridges, by a router between them, or by a network of their hosts.
    private mutating func join(_ first: Int, _ second: Int) {
        switch generator.next() % 3 {
        case 0:
            network.pair(
                "x\(second)", in: "host\(first)", "y\(first)", in: "host\(second)", master: "br0", farMaster: "br0")
        case 1:
            let router = "router\(first)"
            network.add(router)
            network.pair(
                "r\(first)", in: "host\(first)", "eth0", in: router, master: "br0", far: "10.\(first).0.200/24")
            network.pair(
                "r\(first)", in: "host\(second)", "eth1", in: router, master: "br0", far: "10.\(second).0.200/24")
            network.route("10.\(second).0.0/24", via: "10.\(first).0.200", on: "br0", in: "host\(first)")
            network.route("10.\(first).0.0/24", via: "10.\(second).0.200", on: "br0", in: "host\(second)")
        default:
            network.pair(
                "up\(second)", in: "host\(first)", "down\(first)", in: "host\(second)",
                near: "192.0.\(first).1/24", far: "192.0.\(first).2/24")
            network.route("0.0.0.0/0", via: "192.0.\(first).2", on: "up\(second)", in: "host\(first)")
            if generator.next() % 3 != 0 {
                network.route("10.\(first).0.0/24", via: "192.0.\(first).1", on: "down\(first)", in: "host\(second)")
            }
        }
    }

    private mutating func addTranslation(_ names: [String], _ outside: String) {
        guard let place = names.randomElement(using: &generator),
            let from = IPAddress((addresses + [outside]).randomElement(using: &generator) ?? outside),
            let to = IPAddress(addresses.randomElement(using: &generator) ?? outside)
        else { return }
        translations[place, default: []].append(Translation(from: from, to: to))
    }
}
