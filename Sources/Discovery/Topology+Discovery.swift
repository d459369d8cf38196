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
}

/// One reading of the machine's network, namespace by namespace.
struct NetworkDiscovery: Sendable {
    var only: [String] = []

    func topology() throws -> Topology {
        var topology = Topology(host: Self.hostName(), time: Self.now(), namespaces: [])
        let search = NamespaceSearch()
        topology.warnings = search.warnings
        let named = zip(search.sites, search.names()).filter { only.isEmpty || only.contains($1) }
        let results = Mutex([Result<Reading, any Error>?](repeating: nil, count: named.count))
        // The readings wait for the kernel more than they compute, and know nothing of each other.
        DispatchQueue.concurrentPerform(iterations: named.count) { index in
            let result = Result { try read(named[index].0, name: named[index].1) }
            results.withLock { $0[index] = result }
        }
        var readings: [NamespaceReading] = []
        for (index, result) in results.withLock({ $0 }).enumerated() {
            do {
                guard let reading = try result?.get() else { continue }
                topology.namespaces.append(reading.namespace)
                topology.neighborTables = topology.neighborTables ?? reading.neighborTables
                topology.warnings += reading.warnings
                readings.append(reading.reading)
            } catch let error as SystemError where error.errorNumber == ENOENT || error.errorNumber == ESRCH {
                continue
            } catch {
                if named[index].0.isOwn { throw error }
                topology.warnings.append("\(error)")
            }
        }
        topology.resolveFarEnds(readings)
        topology.nameListeners()
        return topology
    }

    private struct Reading: Sendable {
        var namespace: Namespace
        var reading: NamespaceReading
        var warnings: [String]
        /// Read in the own namespace alone: they are the same in all.
        var neighborTables: [NeighborTable]?
    }

    private struct Sockets: Sendable {
        let listeners: [Listener]
        let use: SocketUse?

        init(names: DeviceNames) {
            listeners = Listener.ofThisNamespace(names: names)
            use = SocketUse.ofThisNamespace()
        }
    }

    private func read(_ site: NamespaceSite, name: String) throws -> Reading {
        // Entering even one's own namespace takes a privilege that reading it does not.
        let file = site.isOwn ? nil : try site.open()
        let isOwn = site.isOwn
        let path = file?.path ?? site.paths.first ?? ""
        let work:
            @Sendable () throws -> (
                NamespaceReading, [String: String], NetfilterReading, Sockets, [NeighborTable]?
            ) = {
                var netfilter = NetfilterReading(namespace: file)
                let channel = try NetlinkSocket(.route)
                var reading = try NamespaceReading(over: channel)
                reading.readMemberships(over: channel)
                netfilter.read()
                var sysctls = Sysctls.read(
                    hasBridges: reading.links.contains { $0.bridge != nil },
                    hasMultipath: reading.routes.contains { !$0.nextHops.isEmpty })
                var tables: [NeighborTable]?
                if isOwn {
                    var conversation = NetlinkConversation(channel)
                    let records = (try? conversation.neighborTables()) ?? []
                    for record in records { sysctls.merge(record.limits) { first, _ in first } }
                    tables = records.compactMap(\.table)
                }
                let names = DeviceNames(
                    reading.links.map { ($0.index, $0.name) }, uniquingKeysWith: { first, _ in first })
                return (reading, sysctls, netfilter, Sockets(names: names), tables)
            }
        let (reading, sysctls, netfilter, sockets, tables) = try file?.perform(work) ?? work()
        var namespace = Namespace(name: name, inode: site.inode, path: path, containers: site.containers)
        namespace.links = reading.links
        namespace.routes = reading.routes
        namespace.rules = reading.rules
        namespace.neighbors = reading.neighbors
        namespace.proxyNeighbors = reading.proxyNeighbors
        namespace.nextHopObjects = reading.nextHopObjects
        namespace.sysctls = sysctls.merging(reading.deviceSettings) { first, _ in first }
        namespace.netfilter = netfilter.netfilter
        namespace.listeners = sockets.listeners
        namespace.socketUse = sockets.use
        namespace.memberships = reading.memberships
        return Reading(
            namespace: namespace, reading: reading, warnings: netfilter.warnings.map { "\(name): \($0)" },
            neighborTables: tables)
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
