internal import Network
internal import Probes
internal import WalkModel
internal import Wire

extension ChangeCatalogue {
    /// Of several holders of the destination so many are looked for.
    private static var wayLimit: Int { 3 }

    /// A namespace that another one can hand packets to.
    private struct Step {
        var namespace: Namespace
        var device: String
        var address: IPAddress
    }

    /// Sets of changes of which each gives the packet, and its answer, one whole path: a route at every namespace that lies on
    /// it, and forwarding on where it is off. A shortest path to each namespace that holds the destination; where several routes are
    /// wrong, no single one of them helps.
    var ways: [[Candidate]] {
        let holders = topology.namespaces.filter { $0.name != from && $0.holds(request.destination) }
        return holders.prefix(Self.wayLimit).compactMap { holder in
            guard let way = way(to: holder, onlyForwarding: true) ?? way(to: holder, onlyForwarding: false) else {
                return nil
            }
            let changes = routes(along: way) + way.dropLast().compactMap { forwarding($0.namespace) }
            return changes.count > 1 ? changes : nil
        }
    }

    /// Nil where it forwards.
    private func forwarding(_ namespace: Namespace) -> Candidate? {
        settings(namespace).first { $0.code == "forwarding-disabled" && $0.place.device == nil }
    }

    /// The namespaces from the sender on to the holder, each with the address by which the one before it reaches it.
    private func way(to holder: Namespace, onlyForwarding: Bool) -> [Step]? {
        guard let sender = topology.namespaces.first(where: { $0.name == from }) else { return nil }
        var before: [String: (name: String, step: Step)] = [:]
        var waiting = [sender]
        while !waiting.isEmpty, before[holder.name] == nil {
            let current = waiting.removeFirst()
            if onlyForwarding, current.name != from, !forwards(current) { continue }
            for step in steps(from: current) where step.namespace.name != from && before[step.namespace.name] == nil {
                before[step.namespace.name] = (current.name, step)
                waiting.append(step.namespace)
            }
        }
        var result: [Step] = []
        var name = holder.name
        while let last = before[name] {
            result.insert(last.step, at: 0)
            name = last.name
        }
        return result.isEmpty ? nil : result
    }

    /// Whom a namespace has on its own links' networks.
    private func steps(from namespace: Namespace) -> [Step] {
        namespace.links.filter { !$0.isLoopback }.flatMap { link in
            link.addresses.filter { $0.address.family == family && !$0.address.isLinkLocal }.flatMap { prefix in
                topology.namespaces.filter { $0.name != namespace.name }.compactMap { other -> Step? in
                    let address = other.links.lazy.flatMap(\.addresses).map(\.address).first {
                        $0.family == family && prefix.contains($0) && $0 != prefix.address && !namespace.holds($0)
                    }
                    return address.map { Step(namespace: other, device: link.name, address: $0) }
                }
            }
        }
    }

    /// The routes to the destination one way, and those to the sender's addresses back.
    private func routes(along way: [Step]) -> [Candidate] {
        guard let sender = topology.namespaces.first(where: { $0.name == from }) else { return [] }
        let holders = [sender] + way.map(\.namespace)
        var result: [Candidate] = []
        for (namespace, step) in zip(holders, way) {
            result += route(to: request.destination, by: step, in: namespace)
        }
        for index in way.indices {
            guard let back = steps(from: holders[index + 1]).first(where: { $0.namespace.name == holders[index].name })
            else { continue }
            for end in ends.dropFirst() { result += route(to: end, by: back, in: holders[index + 1]) }
        }
        return result
    }

    private func route(to end: IPAddress, by step: Step, in namespace: Namespace) -> [Candidate] {
        if namespace.holds(end) || step.address == end { return [] }
        return [route(to: end, via: step.address, dev: step.device, in: namespace).adding]
    }

    // MARK: - Circles

    /// A destination that nobody has, and that routers hand to each other: each of them with that address. Who is answered
    /// then has nothing else in the way.
    func circles() -> [Candidate] {
        let destination = request.destination
        if destination.isMulticast || topology.namespaces.contains(where: { $0.holds(destination) }) { return [] }
        let circle = circle(to: destination)
        return circle.indices.compactMap { index in
            let (namespace, device) = circle[index]
            guard let loopback = namespace.links.first(where: \.isLoopback)?.name else { return nil }
            let next = circle[(index + 1) % circle.count].namespace.name
            return Candidate(
                .address, [],
                condition: "\(destination) in \(namespace.name), which hands it to \(next) and gets it back",
                code: "routing-loop", place: place(namespace, device: device), breadth: .flow,
                object: "address \(destination)",
                trialActions: [.ip(namespace, "address add \(destination)/\(destination.bitWidth) dev \(loopback)")])
        }
    }

    /// The namespaces that a packet from the sender comes to again and again, by their routes; empty where it does not.
    func circle(to destination: IPAddress) -> [(namespace: Namespace, device: String?)] {
        guard var current = topology.namespaces.first(where: { $0.name == from }) else { return [] }
        var passed: [(namespace: Namespace, device: String?)] = []
        while true {
            if let start = passed.firstIndex(where: { $0.namespace.name == current.name }) {
                return Array(passed[start...])
            }
            let choice = current.lookUpRoute(to: destination, source: nil, mark: 0, inDevice: nil)
            guard choice.kind == .unicast, let gateway = choice.gateway else { return [] }
            passed.append((current, choice.device))
            let name = current.name
            guard let next = topology.namespaces.first(where: { $0.name != name && $0.holds(gateway) }) else {
                return []
            }
            current = next
        }
    }
}
