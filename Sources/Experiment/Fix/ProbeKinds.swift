internal import Network
internal import Probes
internal import Snapshot
internal import Twin
internal import Wire

/// The kinds of packet that are sent to see what a change opens and closes: from every namespace and from the outside to every
/// address, at every port that somebody listens at or that a rule or the change names, and just beside it; and packets of the
/// connections that were open.
struct ProbeKinds {
    /// One packet, and what it is called when its fate is told.
    struct Probe: Hashable {
        var packet: TrialPacket
        var source: String
        var destination: IPAddress
        /// `icmp`, `tcp 80`, `established tcp 80`.
        var kind: String
    }

    /// What is rebuilt.
    var topology: Topology
    /// The whole network, where that is more: namespaces beside those that are rebuilt have their names and addresses from it.
    var whole: Topology?
    var snapshot: HostSnapshot
    var request: PacketRequest
    var from: String
    /// Those of the change: what they name is tried too.
    var commands: [String]
    var outsides: [TwinOutside] = []
    var limit = 1000

    /// Where there are too many, those that rules and the change name come before those beside them, and of either each pair
    /// of ends still has some. The packet that the change is for is not among them.
    func probes() -> [Probe] {
        let (senders, targets, owners) = (self.senders, self.targets, self.owners)
        let (listened, named) = (self.listened, self.named)
        let nearby = beside(named, listened)
        var first: [Probe] = []
        var later: [Probe] = []
        for sender in senders {
            for target in targets where sender.canSend(to: target) {
                var seen: Set<PacketRequest.Kind> = []
                func add(_ kind: PacketRequest.Kind, to list: inout [Probe]) {
                    guard seen.insert(kind).inserted else { return }
                    if sender.namespace == from, target == request.destination, kind == request.kind { return }
                    list.append(probe(sender, target, kind))
                }
                add(.echo, to: &first)
                for service in listened where owners[target] == service.namespace && service.takes(target) {
                    add(service.kind, to: &first)
                }
                for port in named {
                    add(.tcp(port), to: &first)
                    add(.udp(port), to: &first)
                }
                for port in nearby {
                    add(.tcp(port), to: &later)
                    add(.udp(port), to: &later)
                }
            }
        }
        var result = Array(connections(senders).prefix(60).prefix(limit))
        result += Self.spread(first, to: limit - result.count)
        return result + Self.spread(later, to: limit - result.count)
    }

    /// So many of them: of each pair of ends as many as of the others, the kinds that were named first.
    static func spread(_ probes: [Probe], to count: Int) -> [Probe] {
        guard probes.count > count, count > 0 else { return count > 0 ? probes : [] }
        var rounds: [[Probe]] = []
        var number: [Pair: Int] = [:]
        for probe in probes {
            let own = number[Pair(probe), default: 0]
            number[Pair(probe)] = own + 1
            if own == rounds.count { rounds.append([]) }
            rounds[own].append(probe)
        }
        var result: [Probe] = []
        for round in rounds {
            let left = min(count - result.count, round.count)
            result += (0..<left).map { round[$0 * round.count / left] }
        }
        return result
    }

    private struct Pair: Hashable {
        var source: String
        var destination: IPAddress
        init(_ probe: Probe) {
            source = probe.source
            destination = probe.destination
        }
    }

    private func probe(_ sender: Sender, _ target: IPAddress, _ kind: PacketRequest.Kind) -> Probe {
        let name =
            switch kind {
            case .echo: "icmp"
            case .tcp(let port): "tcp \(port)"
            case .udp(let port): "udp \(port)"
            }
        return Probe(packet: sender.packet(kind, to: target), source: sender.name, destination: target, kind: name)
    }

    // MARK: - From where

    /// Who sends: a namespace, or a host of the outside.
    private struct Sender {
        /// For people.
        var name: String
        /// For the trial.
        var namespace: String
        /// Nil where the kernel chooses.
        var source: IPAddress?
        var isOutside = false
        var families: Set<IPAddress.Family>
        var own: Set<IPAddress>

        func canSend(to target: IPAddress) -> Bool { families.contains(target.family) && !own.contains(target) }

        func packet(_ kind: PacketRequest.Kind, to target: IPAddress, sourcePort: UInt16? = nil) -> TrialPacket {
            var request = PacketRequest(kind: kind, destination: target, source: source, sourcePort: sourcePort)
            if isOutside {
                request.mark = TrialOrder.Outside.mark
                request.device = TwinOutside.device
            }
            return TrialPacket(from: namespace, request)
        }
    }

    private var senders: [Sender] {
        var result: [Sender] = []
        for namespace in topology.namespaces.sorted(by: { ($0.name == from ? 0 : 1) < ($1.name == from ? 0 : 1) }) {
            let own = namespace.links.flatMap(\.addresses).map(\.address)
            result.append(
                Sender(
                    name: namespace.name, namespace: namespace.name,
                    families: Set(own.filter { !$0.isLoopback && !$0.isLinkLocal }.map(\.family)), own: Set(own)))
        }
        let neighbours = self.neighbours
        let hosts = outsides.filter { neighbours[$0.name] == nil }.flatMap(hosts)
        return result + hosts + outsides.compactMap { neighbours[$0.name] }.prefix(12).flatMap(\.senders)
    }

    /// A namespace that is not rebuilt, at the other end of a link of one that is: the outside stands for it.
    private struct Neighbour {
        var name: String
        var addresses: [IPAddress]
        /// One for each family.
        var senders: [Sender]
    }

    /// By the name of what stands for them.
    private var neighbours: [String: Neighbour] {
        var result: [String: Neighbour] = [:]
        for outside in outsides {
            let link = topology.namespaces.first { $0.name == outside.namespace }?.links.first {
                $0.name == outside.link
            }
            guard let peer = link?.peer, let name = peer.namespace,
                !topology.namespaces.contains(where: { $0.name == name }),
                let namespace = whole?.namespaces.first(where: { $0.name == name })
            else { continue }
            // Those of the link's own end first.
            let links =
                namespace.links.filter { $0.name == peer.device }
                + namespace.links.filter { $0.name != peer.device }
            let addresses = links.flatMap(\.addresses).map(\.address).filter { !$0.isLoopback && !$0.isLinkLocal }
            let senders = [IPAddress.Family.ipv4, .ipv6].compactMap { family in
                addresses.first { $0.family == family }.map { source in
                    Sender(
                        name: name, namespace: outside.name, source: source, isOutside: true, families: [family],
                        own: Set(addresses))
                }
            }
            if !senders.isEmpty {
                result[outside.name] = Neighbour(name: name, addresses: Array(addresses.prefix(4)), senders: senders)
            }
        }
        return result
    }

    /// Whether it is not known there how a packet is answered: of a namespace that is not rebuilt nothing but its place is there.
    func hidesAnswers(_ place: String) -> Bool { neighbours[place] != nil }

    /// Who takes packets by the name that a trial gives for it.
    func name(ofPlace place: String) -> String {
        guard outsides.contains(where: { $0.name == place }) else { return place }
        return neighbours[place]?.name ?? "the outside"
    }

    /// A neighbour on the link (a router, where one is known), and a host that is further away, of each family.
    private func hosts(_ outside: TwinOutside) -> [Sender] {
        let held = owners
        let isOnlyOne = outsides.count - neighbours.count == 1
        let link = topology.namespaces.first { $0.name == outside.namespace }?.links.first { $0.name == outside.link }
        var result: [Sender] = []
        for family in [IPAddress.Family.ipv4, .ipv6] {
            let own = outside.hostAddresses.filter { $0.family == family && !$0.isLinkLocal }
            guard let host = own.first else { continue }
            let prefixes = topology.namespaces.first { $0.name == outside.namespace }?.links.flatMap(\.addresses) ?? []
            let onLink = prefixes.first { $0.address == host }.flatMap { prefix in
                Self.ends(of: prefix).first { held[$0] == nil }
            }
            let gateway = outside.gateways.first { $0.family == family && !$0.isLinkLocal && held[$0] == nil }
            if let near = gateway ?? (family == .ipv4 ? onLink : nil) {
                result.append(
                    Sender(
                        name: "\(near)", namespace: outside.name, source: near, isOutside: true, families: [family],
                        own: []))
            }
            // Answers to an address that is far away come back by a router that the host has.
            guard gateway != nil || family == .ipv4 else { continue }
            let isFar = request.destination.family == family && held[request.destination] == nil
            let far = isFar ? request.destination : Self.far(family)
            let name = isOnlyOne ? "the outside" : "the outside by \(link?.name ?? outside.link)"
            result.append(
                Sender(
                    name: name, namespace: outside.name, source: far, isOutside: true, families: [family], own: [far]))
        }
        return result
    }

    /// For documentation (RFC 5737, RFC 3849): no host of a network has it, and the kernel treats it as any other.
    private static func far(_ family: IPAddress.Family) -> IPAddress {
        family == .ipv4 ? IPAddress(ipv4: 0xc000_0201) : IPAddress(high: 0x2001_0db8_ffff_0000, low: 1)
    }

    // MARK: - Where to

    /// Whose address it is.
    var owners: [IPAddress: String] {
        var result: [IPAddress: String] = [:]
        for namespace in topology.namespaces {
            for prefix in namespace.links.flatMap(\.addresses) where !prefix.address.isLinkLocal {
                result[prefix.address] = namespace.name
            }
        }
        let neighbours = self.neighbours
        for neighbour in outsides.compactMap({ neighbours[$0.name] }) {
            for address in neighbour.addresses { result[address] = result[address] ?? neighbour.name }
        }
        return result
    }

    /// Whether packets to the address that are let out come to the outside: nobody holds it, and no network that is all there.
    func isOutside(_ address: IPAddress) -> Bool {
        let neighbours = self.neighbours
        let hosts = Set(outsides.filter { neighbours[$0.name] == nil }.flatMap(\.hostAddresses))
        guard !hosts.isEmpty, owners[address] == nil else { return false }
        let networks = topology.namespaces.flatMap(\.links).flatMap(\.addresses)
        return !networks.contains { $0.contains(address) && !hosts.contains($0.address) }
    }

    /// Every global address, neighbours and routers, the outside, what rules and the change name and the addresses beside it.
    private var targets: [IPAddress] {
        var result: [IPAddress] = []
        var seen: Set<IPAddress> = []
        func add(_ address: IPAddress?) {
            guard let address, !address.isLoopback, !address.isLinkLocal, !address.isUnspecified, !address.isMulticast,
                seen.insert(address).inserted
            else { return }
            result.append(address)
        }
        add(request.destination)
        for namespace in topology.namespaces {
            for prefix in namespace.links.flatMap(\.addresses) { add(prefix.address) }
        }
        for neighbour in outsides.compactMap({ neighbours[$0.name] }) {
            for address in neighbour.addresses { add(address) }
        }
        let held = Set(result)
        for word in words(ofRules: false) { for address in IPPrefix(word).map(Self.ends) ?? [] { add(address) } }
        for namespace in topology.namespaces {
            for neighbour in namespace.neighbors { add(neighbour.address) }
            for route in namespace.routes { add(route.gateway) }
        }
        for word in words(ofRules: true) { for address in IPPrefix(word).map(Self.ends) ?? [] { add(address) } }
        var kept = Array(result.prefix(60))
        let families = Set(outsides.flatMap(\.hostAddresses).filter { !$0.isLinkLocal }.map(\.family))
        for family in [IPAddress.Family.ipv4, .ipv6]
        where families.contains(family) && !kept.contains(where: { $0.family == family && !held.contains($0) }) {
            kept.append(Self.far(family))
        }
        return kept
    }

    /// An address itself; of a network the first and the last one that a host can have, and those just outside of it.
    private static func ends(of prefix: IPPrefix) -> [IPAddress] {
        if prefix.length == prefix.address.bitWidth { return [prefix.address] }
        if prefix.length == 0 { return [] }
        let range = prefix.range
        let hosts =
            prefix.length + 2 > prefix.address.bitWidth
            ? [range.lowerBound, range.upperBound]
            : [
                range.lowerBound.moved(1), range.upperBound.moved(-1),
            ]
        return hosts + [range.lowerBound.moved(-2), range.upperBound.moved(2)]
    }

    // MARK: - Which ports

    private struct Service: Hashable {
        var namespace: String
        var address: IPAddress
        var kind: PacketRequest.Kind

        func takes(_ target: IPAddress) -> Bool {
            address == target || address.isUnspecified && (address.family == target.family || target.isIPv4)
        }

        var port: UInt16 {
            switch kind {
            case .echo: 0
            case .tcp(let port), .udp(let port): port
            }
        }
    }

    private var listened: [Service] {
        var result: [Service] = []
        var seen: Set<Service> = []
        for namespace in topology.namespaces {
            for listener in namespace.listeners where listener.port > 0 && !listener.address.isLoopback {
                let kind: PacketRequest.Kind
                switch listener.protocol {
                case .tcp: kind = .tcp(listener.port)
                case .udp: kind = .udp(listener.port)
                default: continue
                }
                let service = Service(namespace: namespace.name, address: listener.address, kind: kind)
                if seen.insert(service).inserted { result.append(service) }
            }
        }
        return result
    }

    /// Of the packet, the change and the rules; and two that are tried in any case.
    private var named: [UInt16] {
        var result: [UInt16] = []
        func add(_ port: UInt16?) {
            if let port, port > 0, !result.contains(port) { result.append(port) }
        }
        add(request.destinationPort)
        let words = words(ofRules: false) + words(ofRules: true)
        for (previous, word) in zip(words, words.dropFirst()) {
            guard previous.hasSuffix("port") || previous.hasSuffix("ports") else { continue }
            for end in word.split(whereSeparator: { $0 == ":" || $0 == "-" }) { add(UInt16(end)) }
        }
        for port in [80, 53] as [UInt16] { add(port) }
        return Array(result.prefix(16))
    }

    /// The ports beside those, and those at which nobody listens there.
    private func beside(_ named: [UInt16], _ listened: [Service]) -> [UInt16] {
        let known = named + listened.map(\.port)
        var result: [UInt16] = []
        for port in listened.map(\.port) + known.flatMap({ [$0 &- 1, $0 &+ 1] })
        where port > 0 && !named.contains(port) && !result.contains(port) {
            result.append(port)
        }
        return Array(result.prefix(24))
    }

    /// Of the change, or of the rules.
    private func words(ofRules: Bool) -> [String] {
        let texts =
            ofRules
            ? topology.namespaces.flatMap(\.netfilter.chains).flatMap(\.rules).prefix(500).map(\.text) : commands
        return texts.flatMap { text in
            text.split { $0 == " " || $0 == "," || $0 == "{" || $0 == "}" || $0 == "\"" || $0 == "'" }.map(String.init)
        }
    }

    // MARK: - Open connections

    /// A packet of either direction for each connection that the kernel tracked.
    private func connections(_ senders: [Sender]) -> [Probe] {
        var result: [Probe] = []
        var seen: Set<Probe> = []
        let owners = self.owners
        for entry in snapshot.namespaces.flatMap({ ($0.conntrack ?? []).prefix(200) }) {
            for (tuple, isReply) in [(entry.original, false), (entry.reply, true)] {
                let own = owners[tuple.source]
                let fitting = senders.filter { sender in
                    own == nil
                        ? sender.isOutside && sender.families.contains(tuple.source.family) : sender.name == own
                }
                guard let from = tuple.sourcePort, let to = tuple.destinationPort, !tuple.destination.isLoopback,
                    var sender = fitting.first(where: { $0.source == tuple.source }) ?? fitting.last,
                    sender.families.contains(tuple.destination.family),
                    owners[tuple.destination] != sender.name
                else { continue }
                let kind: PacketRequest.Kind
                let name: String
                switch entry.ipProtocol {
                case .tcp: (kind, name) = (.tcp(to), "tcp")
                case .udp: (kind, name) = (.udp(to), "udp")
                default: continue
                }
                // The very packet that the change is for.
                if sender.namespace == self.from, tuple.destination == request.destination, kind == request.kind,
                    request.sourcePort == nil || request.sourcePort == from
                {
                    continue
                }
                sender.source = tuple.source
                var packet = sender.packet(kind, to: tuple.destination, sourcePort: from)
                packet.isOfConnection = true
                let probe = Probe(
                    packet: packet, source: sender.name, destination: tuple.destination,
                    kind: isReply ? "replies of \(name) \(from)" : "established \(name) \(to)")
                if seen.insert(probe).inserted { result.append(probe) }
            }
        }
        return result
    }
}

extension IPAddress {
    /// So many addresses further on; as it is at the end of all.
    fileprivate func moved(_ count: Int64) -> IPAddress {
        var copy = self
        let (low, isOver) =
            count < 0 ? low.subtractingReportingOverflow(UInt64(-count)) : low.addingReportingOverflow(UInt64(count))
        if isOver || isIPv4 && low > UInt64(UInt32.max) { return self }
        copy.low = low
        return copy
    }
}
