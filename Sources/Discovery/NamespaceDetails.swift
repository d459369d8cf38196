internal import LinuxSystem
internal import Netlink
internal import Network

/// What of a namespace is read only where a packet may pass: its rules above all, which cost more than all else together.
struct NamespaceDetails: Sendable {
    let netfilter: Netfilter
    let warnings: [String]
    let sysctls: [String: String]
    let memberships: [GroupMembership]?
    let socketUse: SocketUse?

    /// Reads those of the namespace that the calling thread is in.
    ///
    /// - Parameters:
    ///   - namespace: what is known of it.
    ///   - file: for the programs that are run; nil where this process stands in the namespace itself.
    init(of namespace: Namespace, over channel: NetlinkSocket, file: NetworkNamespaceFile?) {
        var reading = NamespaceReading()
        reading.links = namespace.links
        reading.readMemberships(over: channel)
        memberships = reading.memberships
        var rules = NetfilterReading(namespace: file)
        rules.read()
        netfilter = rules.netfilter
        warnings = rules.warnings
        sysctls = Sysctls.read(
            hasBridges: namespace.links.contains { $0.bridge != nil },
            hasMultipath: namespace.routes.contains { !$0.nextHops.isEmpty })
        socketUse = SocketUse.ofThisNamespace()
    }
}

extension Namespace {
    mutating func take(_ reading: NamespaceReading) {
        links = reading.links
        routes = reading.routes
        rules = reading.rules
        neighbors = reading.neighbors
        proxyNeighbors = reading.proxyNeighbors
        nextHopObjects = reading.nextHopObjects
        sysctls = reading.deviceSettings
    }

    mutating func take(_ details: NamespaceDetails, _ warnings: inout [String]) {
        sysctls.merge(details.sysctls) { _, file in file }
        netfilter = details.netfilter
        memberships = details.memberships
        socketUse = details.socketUse
        warnings += details.warnings.map { "\(name): \($0)" }
    }
}
