internal import Synchronization
public import Wire

/// A topology made ready for many questions: what is joined to what, in which namespace, and who holds an address.
///
/// ```swift
/// let graph = NetworkGraph(topology)
/// let veth0 = graph.device("veth0", in: "host")
/// let far = veth0.flatMap { graph.peer(of: $0) }            // veth1 of mynamespace
/// let paths = graph.segment(out: "veth0", of: "host").paths  // all that a frame sent there could reach
/// ```
/// Built once for a snapshot, in one pass over its links; each answer then takes constant time, `segment` the size of
/// the segment. A topology may say anything, since recordings come from elsewhere: of two namespaces or devices with one
/// name the first counts, and links may form circles.
public final class NetworkGraph: Sendable {
    /// A device's position in the topology.
    public struct Device: Hashable, Sendable, Comparable {
        /// In `Topology.namespaces`.
        public var namespace: Int
        /// In `Namespace.links`.
        public var link: Int

        public init(namespace: Int, link: Int) {
            self.namespace = namespace
            self.link = link
        }

        public static func < (left: Self, right: Self) -> Bool {
            (left.namespace, left.link) < (right.namespace, right.link)
        }
    }

    private struct Name: Hashable {
        var namespace: Int
        var device: String
    }

    private struct Number: Hashable {
        var namespace: Int
        var index: UInt32
    }

    public let topology: Topology
    /// Whether there is more of the network, to which no link leads from here.
    public let isPart: Bool
    /// All VXLAN devices, in the topology's order.
    public let vxlans: [Device]
    /// All GRE and IP-in-IP devices whose ends were read, in the topology's order.
    public let tunnels: [Device]
    private let namespacesByName: [String: Int]
    private let namespacesByInode: [UInt64: Int]
    private let devicesByName: [Name: Device]
    private let devicesByIndex: [Number: Device]
    private let devicesByAddress: [IPAddress: [Device]]
    private let devicesByMAC: [MACAddress: [Device]]
    private let masters: [Device: Device]
    private let portsOfMaster: [Device: [Device]]
    private let peers: [Device: Device]
    private let lowers: [Device: Device]
    private let childrenOfLower: [Device: [Device]]
    /// For each namespace of the topology, the number of the part that it belongs to.
    let parts: [Int]
    let madeParts = Mutex<[Set<Int>: NetworkGraph]>([:])

    public convenience init(_ topology: Topology) { self.init(topology, isPart: false) }

    init(_ topology: Topology, isPart: Bool) {
        var names: [String: Int] = [:]
        var inodes: [UInt64: Int] = [:]
        var byName: [Name: Device] = [:]
        var byIndex: [Number: Device] = [:]
        var byAddress: [IPAddress: [Device]] = [:]
        var byMAC: [MACAddress: [Device]] = [:]
        var vxlans: [Device] = []
        var tunnels: [Device] = []
        let devices = topology.namespaces.indices.flatMap { namespace in
            topology.namespaces[namespace].links.indices.map { Device(namespace: namespace, link: $0) }
        }
        func link(_ device: Device) -> Link { topology.namespaces[device.namespace].links[device.link] }
        for (position, namespace) in topology.namespaces.enumerated() {
            if names[namespace.name] == nil { names[namespace.name] = position }
            if inodes[namespace.inode] == nil { inodes[namespace.inode] = position }
        }
        for device in devices {
            let link = link(device)
            let name = Name(namespace: device.namespace, device: link.name)
            let number = Number(namespace: device.namespace, index: link.index)
            if byName[name] == nil { byName[name] = device }
            if byIndex[number] == nil { byIndex[number] = device }
            for prefix in link.addresses where byAddress[prefix.address]?.last != device {
                byAddress[prefix.address, default: []].append(device)
            }
            if let mac = link.mac, !mac.isZero { byMAC[mac, default: []].append(device) }
            if link.vxlan != nil { vxlans.append(device) }
            if link.tunnel != nil { tunnels.append(device) }
        }
        var masters: [Device: Device] = [:]
        var ports: [Device: [Device]] = [:]
        var peers: [Device: Device] = [:]
        var lowers: [Device: Device] = [:]
        var children: [Device: [Device]] = [:]
        for device in devices {
            let link = link(device)
            if let master = link.master, let found = byName[Name(namespace: device.namespace, device: master)] {
                masters[device] = found
                ports[found, default: []].append(device)
            }
            if let peer = link.peer, let namespace = peer.namespace.flatMap({ names[$0] }) {
                peers[device] = byName[Name(namespace: namespace, device: peer.device)]
            }
            // The parent often lies in another namespace, under the same name: eth0 on eth0.
            if let lower = link.lower,
                let namespace = link.lowerNamespace == nil ? device.namespace : names[link.lowerNamespace ?? ""],
                let found = byName[Name(namespace: namespace, device: lower)]
            {
                lowers[device] = found
                children[found, default: []].append(device)
            }
        }
        parts = Self.parts(
            count: topology.namespaces.count,
            joints: (peers.map { $0 } + lowers.map { $0 }).map { ($0.key.namespace, $0.value.namespace) })
        self.topology = topology
        self.isPart = isPart
        self.vxlans = vxlans
        self.tunnels = tunnels
        namespacesByName = names
        namespacesByInode = inodes
        devicesByName = byName
        devicesByIndex = byIndex
        devicesByAddress = byAddress
        devicesByMAC = byMAC
        self.masters = masters
        portsOfMaster = ports
        self.peers = peers
        self.lowers = lowers
        childrenOfLower = children
    }

    // MARK: Finding

    public subscript(namespace name: String) -> Namespace? {
        namespacesByName[name].map { topology.namespaces[$0] }
    }

    /// By the inode of its file, as `readlink /proc/PID/ns/net` prints it.
    public subscript(inode inode: UInt64) -> Namespace? {
        namespacesByInode[inode].map { topology.namespaces[$0] }
    }

    public func device(_ name: String, in namespace: String) -> Device? {
        namespacesByName[namespace].flatMap { devicesByName[Name(namespace: $0, device: name)] }
    }

    /// By the interface index, which counts within one namespace.
    public func device(index: UInt32, in namespace: String) -> Device? {
        namespacesByName[namespace].flatMap { devicesByIndex[Number(namespace: $0, index: index)] }
    }

    public func link(_ name: String, in namespace: String) -> Link? {
        device(name, in: namespace).map { self[$0] }
    }

    public subscript(device: Device) -> Link { topology.namespaces[device.namespace].links[device.link] }

    public func namespace(of device: Device) -> Namespace { topology.namespaces[device.namespace] }

    /// Every device that holds `address`: none, one, or several where it is a duplicate or lies in separate networks.
    public func holders(of address: IPAddress) -> [Device] { devicesByAddress[address] ?? [] }

    /// Every device with a MAC address; a bridge shares that of one of its ports.
    public func devices(mac: MACAddress) -> [Device] { devicesByMAC[mac] ?? [] }

    /// The namespaces that hold `address`, each once, in the topology's order. A loopback address is everyone's own.
    public func namespaces(holding address: IPAddress) -> [Namespace] {
        if address.isLoopback { return topology.namespaces }
        var found: [Int] = []
        for device in holders(of: address) where found.last != device.namespace { found.append(device.namespace) }
        return found.map { topology.namespaces[$0] }
    }

    // MARK: Joints

    /// The other end of a veth pair; nil where it lies outside of what was read.
    public func peer(of device: Device) -> Device? { peers[device] }

    /// The device that enslaves this one: a bridge, a bond, a VRF.
    public func master(of port: Device) -> Device? { masters[port] }

    /// The bridge that a device is a port of.
    public func bridge(of port: Device) -> Device? {
        masters[port].flatMap { self[$0].kind == .bridge ? $0 : nil }
    }

    /// The ports of a bridge or bond, in the order of their indices.
    public func ports(of master: Device) -> [Device] { portsOfMaster[master] ?? [] }

    /// The device below a VLAN device or macvlan, in whichever namespace it is.
    public func lower(of device: Device) -> Device? { lowers[device] }

    /// The devices on top of this one, in whichever namespace they are.
    public func children(of lower: Device) -> [Device] { childrenOfLower[lower] ?? [] }

    // MARK: Segments

    /// All that a frame could reach which leaves `namespace` by a device; nothing where there is no such device.
    public func segment(out device: String, of namespace: String) -> Segment {
        var search = SegmentSearch(self)
        if let device = self.device(device, in: namespace) { search.leave(device, []) }
        return Segment(paths: search.paths, deadEnds: search.deadEnds)
    }

    /// All that a frame could reach which came into `namespace` by a device.
    public func segment(into device: String, of namespace: String) -> Segment {
        var search = SegmentSearch(self)
        if let device = self.device(device, in: namespace) { search.enter(device, []) }
        return Segment(paths: search.paths, deadEnds: search.deadEnds)
    }
}
