extension HostSnapshot {
    /// In what this snapshot differs from one of before, as far as it decides where packets go; empty for two networks
    /// that are equal.
    ///
    /// What changes by itself does not count: counters, handles, timers, expiries, operational states, tentative addresses,
    /// learned neighbours and FDB entries, inodes. Nor do host, time and kernel. Where order decides (addresses,
    /// routing rules, rules of a chain, tables of nf_tables) it counts.
    public func differences(from before: HostSnapshot) -> [SnapshotDifference] {
        var found: [SnapshotDifference] = []
        let names = Set(namespaces.map(\.name))
        for namespace in before.namespaces where !names.contains(namespace.name) {
            found.append(
                SnapshotDifference(namespace: nil, part: .namespaces, text: "namespace \(namespace.name) is gone"))
        }
        for namespace in namespaces {
            guard let old = before[namespace: namespace.name] else {
                found.append(
                    SnapshotDifference(namespace: nil, part: .namespaces, text: "namespace \(namespace.name) is new"))
                continue
            }
            var comparison = NamespaceComparison(before: old, after: namespace)
            comparison.compare()
            found += comparison.found
        }
        return found
    }
}
