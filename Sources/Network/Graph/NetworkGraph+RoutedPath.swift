public import Wire

extension NetworkGraph {
    /// Names of the namespaces that a packet passes by routes and wires alone, from `namespace` to the one that holds the
    /// destination, or to the one by which it leaves what can be seen; those that only bridge it included.
    ///
    /// - Parameter translates: whether a namespace's rules may change where the packet goes.
    /// - Returns: nil where that can't be told: no route, nobody who holds the next hop, a translation, a loop.
    public func routedPath(
        from namespace: String, to destination: IPAddress, translates: (Namespace) -> Bool = { _ in false }
    ) -> [String]? {
        var names: [String] = []
        var place = namespace
        var inDevice: String?
        for _ in 0..<64 {
            guard let here = self[namespace: place], !translates(here) else { return nil }
            if names.last != place { names.append(place) }
            if here.holds(destination) { return names }
            let choice = here.lookUpRoute(to: destination, source: nil, mark: 0, inDevice: inDevice)
            guard choice.kind == .unicast, let device = choice.device else { return nil }
            let hop = choice.gateway ?? destination
            let paths = segment(out: device, of: place).paths
            let next = paths.first { path in !path.isOutside && self[namespace: path.end.namespace]?.holds(hop) == true
            }
            guard let path = next ?? paths.first(where: \.isOutside) else { return nil }
            for step in path.steps { names += step.namespaces.filter { !names.contains($0) } }
            if path.isOutside { return names }
            place = path.end.namespace
            inDevice = path.end.device
        }
        return nil
    }
}

extension LayerTwoPath.Step {
    fileprivate var namespaces: [String] {
        switch self {
        case .wire(let from, let to), .tunnel(let from, let to): [from.namespace, to.namespace]
        case .bridge(let namespace, _, _, _): [namespace]
        case .sibling(let from, let to, let lower): [from.namespace, lower.namespace, to.namespace]
        }
    }
}
