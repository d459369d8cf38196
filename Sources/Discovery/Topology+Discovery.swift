internal import Netlink
public import Network
internal import Dispatch
internal import FoundationEssentials
internal import Glibc
internal import LinuxSystem
internal import Synchronization

extension Topology {
    /// Reads the whole network of this machine, as far as the caller may see it.
    ///
    /// What can't be read is named in `warnings` and left out; a namespace that goes away meanwhile is left out
    /// silently. Throws `SystemError` only where not even the own namespace can be read.
    ///
    /// - Parameter only: the namespaces to read, by name; empty for all.
    public static func discover(only: [String] = []) throws -> Topology {
        try NetworkDiscovery(only: only).topology()
    }

    /// What the namespaces that can be seen are called: one's own is `host`, others by `ip netns` or their container's
    /// name, those without a name not at all. Nothing inside them is read.
    public static func namespaceNames() -> [String] {
        let search = NamespaceSearch()
        let containers = search.sites.flatMap(\.containers)
        return Set(search.names().filter { !$0.hasPrefix("netns:") } + containers).sorted()
    }

    /// Reads the namespaces named `fully` whole, and of all others what says where they are and who they are: links,
    /// addresses, routes, neighbours, listeners. Their rules, and settings that only files tell, stay empty.
    ///
    /// Warnings and errors as of `discover(only:)`.
    public static func discover(fully names: Set<String>) throws -> Topology {
        var discovery = NetworkDiscovery()
        discovery.detailed = names
        return try discovery.topology()
    }
}

/// One reading of the machine's network, namespace by namespace.
struct NetworkDiscovery: Sendable {
    var only: [String] = []
    /// The namespaces that are read whole; nil for all.
    var detailed: Set<String>?

    func topology() throws -> Topology {
        let start = RulesetMemory.now
        var (topology, _) = try outline()
        if only.isEmpty, detailed == nil { RulesetMemory.forget(notMetSince: start) }
        topology.nameListeners()
        return topology
    }

    /// All but the names of those who listen, with where each namespace was found.
    func outline() throws -> (Topology, [NamespaceSite]) {
        var topology = Topology(host: Self.hostName(), time: Self.now(), namespaces: [])
        let search = NamespaceSearch()
        topology.warnings = search.warnings
        let named = zip(search.sites, search.names()).filter { only.isEmpty || only.contains($1) }
        let results = Self.inParallel(named) { site, name in
            try read(site, name: name, isDetailed: detailed?.contains(name) ?? true)
        }
        var readings: [NamespaceReading] = []
        var sites: [NamespaceSite] = []
        for (index, result) in results.enumerated() {
            do {
                let reading = try result.get()
                topology.namespaces.append(reading.namespace)
                topology.neighborTables = topology.neighborTables ?? reading.neighborTables
                topology.warnings += reading.warnings
                readings.append(reading.reading)
                sites.append(named[index].0)
            } catch let error as SystemError where error.errorNumber == ENOENT || error.errorNumber == ESRCH {
                continue
            } catch {
                if named[index].0.isOwn { throw error }
                topology.warnings.append("\(error)")
            }
        }
        topology.resolveFarEnds(readings)
        if let own = sites.firstIndex(where: \.isOwn) { topology.namespaces[own].label(search.devices) }
        return (topology, sites)
    }

    /// The readings wait for the kernel more than they compute, and know nothing of each other.
    static func inParallel<Item: Sendable, Value: Sendable>(
        _ items: [Item], _ work: @Sendable (Item) throws -> Value
    ) -> [Result<Value, any Error>] {
        let results = Mutex([Result<Value, any Error>?](repeating: nil, count: items.count))
        DispatchQueue.concurrentPerform(iterations: items.count) { index in
            let result = Result { try work(items[index]) }
            results.withLock { $0[index] = result }
        }
        return results.withLock { $0.compactMap(\.self) }
    }

    private struct Reading: Sendable {
        var namespace: Namespace
        var reading: NamespaceReading
        var warnings: [String]
        /// Read in the own namespace alone: they are the same in all.
        var neighborTables: [NeighborTable]?
    }

    private func read(_ site: NamespaceSite, name: String, isDetailed: Bool) throws -> Reading {
        // Entering even one's own namespace takes a privilege that reading it does not.
        let file = site.isOwn ? nil : try site.open()
        let isOwn = site.isOwn
        var named = Namespace(
            name: name, inode: site.inode, path: file?.path ?? site.paths.first ?? "", containers: site.containers)
        named.workloads = site.workloads.isEmpty ? nil : site.workloads
        let empty = named
        let work: @Sendable () throws -> Reading = {
            let channel = try NetlinkSocket(.route)
            let reading = try NamespaceReading(over: channel)
            var found = Reading(namespace: empty, reading: reading, warnings: [])
            found.namespace.take(reading)
            if isOwn {
                var conversation = NetlinkConversation(channel)
                let records = (try? conversation.neighborTables()) ?? []
                for record in records { found.namespace.sysctls.merge(record.limits) { first, _ in first } }
                found.neighborTables = records.compactMap(\.table)
            }
            let names = DeviceNames(
                reading.links.map { ($0.index, $0.name) }, uniquingKeysWith: { first, _ in first })
            found.namespace.take(Listener.ofThisNamespace(names: names))
            if isDetailed {
                found.namespace.take(NamespaceDetails(of: found.namespace, over: channel, file: file), &found.warnings)
            }
            return found
        }
        return try file?.perform(work) ?? work()
    }

    static func hostName() -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let start = buffer.baseAddress, gethostname(start, 255) == 0 else { return "" }
            buffer[255] = 0
            return String(cString: start)
        }
    }

    private static func now() -> String {
        Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}

extension Namespace {
    /// - Parameter workloads: by the device's name.
    fileprivate mutating func label(_ workloads: [String: Workload]) {
        for index in links.indices { links[index].workload = workloads[links[index].name] }
    }
}

extension NamespaceSite {
    /// Opens it by the first path that still leads there. Throws `SystemError`.
    func open() throws -> NetworkNamespaceFile {
        var failure = SystemError("find network namespace netns:\(inode)", errorNumber: ENOENT)
        for path in paths {
            do {
                let file = try NetworkNamespaceFile(path: path)
                // The process may have gone and its number be another's by now.
                if file.inode == inode { return file }
            } catch let error as SystemError {
                failure = error
            }
        }
        throw failure
    }
}
