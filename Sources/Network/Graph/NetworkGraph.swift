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

    public let topology: Topology
    /// All devices, in the topology's order.
    public let devices: [Device]
    /// Whether there is more of the network, to which no link leads from here.
    public let isPart: Bool
    /// All VXLAN devices, in the topology's order.
    public let vxlans: [Device]
    /// All GRE and IP-in-IP devices whose ends were read, in the topology's order.
    public let tunnels: [Device]
    private let directory: DeviceDirectory
    private let joints: DeviceJoints
    /// For each namespace of the topology, the number of the part that it belongs to.
    let parts: [Int]
    let madeParts = Mutex<[Set<Int>: NetworkGraph]>([:])

    public convenience init(_ topology: Topology) { self.init(topology, isPart: false) }

    init(_ topology: Topology, isPart: Bool) {
        self.topology = topology
        self.isPart = isPart
        devices = topology.namespaces.indices.flatMap { namespace in
            topology.namespaces[namespace].links.indices.map { Device(namespace: namespace, link: $0) }
        }
        vxlans = devices.filter { topology.namespaces[$0.namespace].links[$0.link].vxlan != nil }
        tunnels = devices.filter { topology.namespaces[$0.namespace].links[$0.link].tunnel != nil }
        directory = DeviceDirectory(topology, devices)
        joints = DeviceJoints(topology, devices, directory)
        parts = Self.parts(
            count: topology.namespaces.count,
            joints: (joints.peers.map { $0 } + joints.lowers.map { $0 }).map {
                ($0.key.namespace, $0.value.namespace)
            })
    }

    // MARK: Finding

    public subscript(namespace name: String) -> Namespace? {
        directory.namespaces[name].map { topology.namespaces[$0] }
    }

    /// By the inode of its file, as `readlink /proc/PID/ns/net` prints it.
    public subscript(inode inode: UInt64) -> Namespace? {
        directory.namespacesByInode[inode].map { topology.namespaces[$0] }
    }

    public func device(_ name: String, in namespace: String) -> Device? {
        directory.namespaces[namespace].flatMap { directory.device(name, in: $0) }
    }

    /// By the interface index, which counts within one namespace.
    public func device(index: UInt32, in namespace: String) -> Device? {
        directory.namespaces[namespace].flatMap { device(index: index, at: $0) }
    }

    /// The same, by the namespace's position in the topology.
    public func device(index: UInt32, at namespace: Int) -> Device? {
        directory.device(index: index, in: namespace)
    }

    public func link(_ name: String, in namespace: String) -> Link? {
        device(name, in: namespace).map { self[$0] }
    }

    public subscript(device: Device) -> Link { topology.namespaces[device.namespace].links[device.link] }

    public func namespace(of device: Device) -> Namespace { topology.namespaces[device.namespace] }

    /// Every device that holds `address`: none, one, or several where it is a duplicate or lies in separate networks.
    public func holders(of address: IPAddress) -> [Device] { directory.devicesByAddress[address] ?? [] }

    /// Every device with a MAC address; a bridge shares that of one of its ports.
    public func devices(mac: MACAddress) -> [Device] { directory.devicesByMAC[mac] ?? [] }

    /// The namespaces that hold `address`, each once, in the topology's order. A loopback address is everyone's own.
    public func namespaces(holding address: IPAddress) -> [Namespace] {
        if address.isLoopback { return topology.namespaces }
        var found: [Int] = []
        for device in holders(of: address) where found.last != device.namespace { found.append(device.namespace) }
        return found.map { topology.namespaces[$0] }
    }

    // MARK: Joints

    /// The other end of a veth pair; nil where it lies outside of what was read.
    public func peer(of device: Device) -> Device? { joints.peers[device] }

    /// The device that enslaves this one: a bridge, a bond, a VRF.
    public func master(of port: Device) -> Device? { joints.masters[port] }

    /// The bridge that a device is a port of.
    public func bridge(of port: Device) -> Device? {
        joints.masters[port].flatMap { self[$0].kind == .bridge ? $0 : nil }
    }

    /// The ports of a bridge or bond, in the order of their indices.
    public func ports(of master: Device) -> [Device] { joints.portsOfMaster[master] ?? [] }

    /// The device below a VLAN device or macvlan, in whichever namespace it is.
    public func lower(of device: Device) -> Device? { joints.lowers[device] }

    /// The devices on top of this one, in whichever namespace they are.
    public func children(of lower: Device) -> [Device] { joints.childrenOfLower[lower] ?? [] }

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
