extension Topology {
    /// The namespaces that a person may mean by `name`: the one that bears it; else the one that `ip netns` knows by it; else
    /// those of a container of that name; else those of a Compose service, a pod or a unit of systemd.
    ///
    /// More than one where several are called so: a service of three containers.
    public func namespaces(called name: String) -> [Namespace] {
        if let found = self[namespace: name] { return [found] }
        let choices = [
            namespaces.filter { ["/run/netns/\(name)", "/var/run/netns/\(name)"].contains($0.path) },
            namespaces.filter { $0.containers.contains(name) },
            namespaces.filter { $0.workloads?.contains { $0.isCalled(name) } == true },
        ]
        return choices.first { !$0.isEmpty } ?? []
    }
}
