public import Network

extension WalkFilter {
    /// Takes the names of containers, services, pods and units for the namespaces that they run in: `namespace == api` holds
    /// then for walks through `shop-api-1`.
    ///
    /// What a name stood for before is kept: walks of a container that has gone are still its walks.
    ///
    /// - Parameter topology: the network as it was last read.
    public mutating func learnNames(from topology: Topology) { root = root.learning(topology) }
}

extension Condition {
    fileprivate func learning(_ topology: Topology) -> Condition {
        switch self {
        case .all(let parts): .all(parts.map { $0.learning(topology) })
        case .any(let parts): .any(parts.map { $0.learning(topology) })
        case .not(let part): .not(part.learning(topology))
        case .namespace(let comparison, let name): .namespace(comparison, name.learning(topology))
        case .passes(let places): .passes(places.map { $0.learning(topology) })
        case .reaches(let place): .reaches(place.learning(topology))
        case .starts(let place): .starts(place.learning(topology))
        case .ends(let place): .ends(place.learning(topology))
        case .outcome, .text, .number, .address, .flag, .rule, .finding: self
        }
    }
}

extension Place {
    fileprivate func learning(_ topology: Topology) -> Place {
        var place = self
        place.namespace = namespace.learning(topology)
        return place
    }
}

/// A namespace by what somebody calls it.
struct NamespaceName: Sendable, Equatable {
    var text: String
    /// Namespaces that have been found to be called so.
    var meant: Set<String> = []

    init(_ text: String) { self.text = text }

    func holds(_ namespace: String?) -> Bool { namespace.map { $0 == text || meant.contains($0) } ?? false }

    fileprivate func learning(_ topology: Topology) -> NamespaceName {
        var name = self
        for namespace in topology.namespaces(called: text) where namespace.name != text {
            name.meant.insert(namespace.name)
        }
        return name
    }
}
