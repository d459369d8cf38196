internal import Glibc
internal import Network
internal import Probes
internal import Wire

/// What a change lets through, and what it stops, besides the packet that it is for.
struct SideEffects {
    struct Found: Sendable, Hashable {
        /// `web, db to 172.19.0.0/24: anything`.
        var opens: [String]
        var closes: [String]
        /// How many kinds of packet were sent, in each of the two networks.
        var tried: Int
    }

    var trials: any PacketTrials
    var kinds: ProbeKinds
    var options = TrialOptions(waitMilliseconds: 400)

    /// Sends every kind of packet in two fresh networks, with the change and without.
    func found(_ changes: [TrialChange]) throws(TrialError) -> Found {
        let probes = kinds.probes()
        guard !probes.isEmpty else { return Found(opens: [], closes: [], tried: 0) }
        let packets = probes.map(\.packet)
        let before = try trials.send(packets, changes: [], options: options).answers
        let after = try trials.send(packets, changes: changes, options: options).answers
        var opened: [ProbeKinds.Probe] = []
        var closed: [ProbeKinds.Probe] = []
        for (probe, (one, other)) in zip(probes, zip(before, after)) {
            let (earlier, later) = (Self.hasArrived(probe, one), Self.hasArrived(probe, other))
            if later, !earlier { opened.append(probe) }
            if earlier, !later { closed.append(probe) }
        }
        let networks = kinds.topology.namespaces.flatMap(\.links).flatMap(\.addresses).map(\.network)
        return Found(
            opens: Self.folded(opened, of: probes, networks: networks),
            closes: Self.folded(closed, of: probes, networks: networks), tried: probes.count)
    }

    /// As few lines as tell the same: all ports of one pair of ends, all addresses of a network, all senders.
    static func folded(
        _ probes: [ProbeKinds.Probe], of all: [ProbeKinds.Probe], networks: [IPPrefix]
    ) -> [String] {
        struct Pair: Hashable {
            var source: String
            var destination: IPAddress
        }
        func kinds(_ probes: [ProbeKinds.Probe]) -> [Pair: [String]] {
            Dictionary(grouping: probes) { Pair(source: $0.source, destination: $0.destination) }.mapValues {
                $0.map(\.kind)
            }
        }
        let tried = kinds(all)
        var bySource: [String: [String: [IPAddress]]] = [:]
        var sourceOrder: [String] = []
        for (pair, own) in kinds(probes) {
            let isAll = own.count > 2 && Set(own) == Set(tried[pair] ?? [])
            let words = isAll ? "anything" : listed(own)
            bySource[pair.source, default: [:]][words, default: []].append(pair.destination)
            if !sourceOrder.contains(pair.source) { sourceOrder.append(pair.source) }
        }
        var byRest: [String: [String]] = [:]
        for source in sourceOrder.sorted() {
            let reached = all.filter { $0.source == source }.map(\.destination)
            for (words, addresses) in bySource[source] ?? [:] {
                let names = names(of: addresses, among: Set(reached), networks: networks)
                byRest["\(names.joined(separator: ", ")): \(words)", default: []].append(source)
            }
        }
        return byRest.map { "\($0.value.joined(separator: ", ")) to \($0.key)" }.sorted()
    }

    /// `icmp; tcp 80, 443; udp 53`.
    private static func listed(_ kinds: [String]) -> String {
        var ports: [String: [Int]] = [:]
        var words: [String] = []
        for kind in kinds {
            let parts = kind.split(separator: " ")
            if parts.count == 2, let port = Int(parts[1]) {
                ports[String(parts[0]), default: []].append(port)
            } else if !words.contains(kind) {
                words.append(kind)
            }
        }
        words += ports.sorted { $0.key < $1.key }.map { name, numbers in
            "\(name) \(numbers.sorted().map(String.init).joined(separator: ", "))"
        }
        return words.joined(separator: "; ")
    }

    /// Networks of which every tried address is among them, then the single addresses.
    private static func names(
        of addresses: [IPAddress], among tried: Set<IPAddress>, networks: [IPPrefix]
    ) -> [String] {
        var rest = Set(addresses)
        var names: [String] = []
        for network in Set(networks).sorted(by: { $0.description < $1.description }) {
            let inside = tried.filter { network.contains($0) }
            guard inside.count > 1, inside.isSubset(of: rest) else { continue }
            names.append(network.description)
            rest.subtract(inside)
        }
        return names + rest.sorted().map(\.description)
    }

    /// A refusal by the receiver's stack shows that the packet arrived there: a reset of TCP, an unreachable port of UDP. What a
    /// rule refuses with the very same message can't be told from it.
    static func hasArrived(_ probe: ProbeKinds.Probe, _ answer: TrialAnswer) -> Bool {
        switch answer {
        case .answered: true
        case .refused(let number, let byICMP):
            number == ECONNREFUSED && byICMP == (probe.packet.request.ipProtocol == .udp)
        case .unsent, .silent: false
        }
    }
}
