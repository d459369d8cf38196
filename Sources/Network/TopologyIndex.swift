public import Wire

/// A topology made ready for many questions: built once, each answer in constant time.
///
/// ```swift
/// let index = TopologyIndex(topology)
/// let veth0 = index.device(namespace: "host", name: "veth0")
/// let far = veth0.flatMap { index.peer(of: $0) }      // veth1 of mynamespace
/// ```
/// Building costs one pass over all links; places are positions in the topology and stay right as long as it does not
/// change.
public struct TopologyIndex: Sendable {
    /// Where a device stands in the topology.
    public struct Device: Hashable, Sendable, Comparable {
        /// Position in `Topology.namespaces`.
        public var namespace: Int
        /// Position in `Namespace.links`.
        public var link: Int

        public init(namespace: Int, link: Int) {
            self.namespace = namespace
            self.link = link
        }

        public static func < (left: Self, right: Self) -> Bool {
            (left.namespace, left.link) < (right.namespace, right.link)
        }
    }

    private struct DeviceName: Hashable {
        var namespace: Int
        var name: String
    }

    private struct DeviceNumber: Hashable {
        var namespace: Int
        var index: UInt32
    }

    public let topology: Topology
    private var namespacesByName: [String: Int] = [:]
    private var namespacesByInode: [UInt64: Int] = [:]
    private var devicesByName: [DeviceName: Device] = [:]
    private var devicesByIndex: [DeviceNumber: Device] = [:]
    private var holders: [IPAddress: [Device]] = [:]
    private var macs: [MACAddress: [Device]] = [:]
    private var portsOfMaster: [Device: [Device]] = [:]
    private var peers: [Device: Device] = [:]
    private var masters: [Device: Device] = [:]

    public init(_ topology: Topology) {
        self.topology = topology
        for (position, namespace) in topology.namespaces.enumerated() {
            namespacesByName[namespace.name] = position
            namespacesByInode[namespace.inode] = position
            for (number, link) in namespace.links.enumerated() {
                let device = Device(namespace: position, link: number)
                devicesByName[DeviceName(namespace: position, name: link.name)] = device
                devicesByIndex[DeviceNumber(namespace: position, index: link.index)] = device
                for prefix in link.addresses { holders[prefix.address, default: []].append(device) }
                if let mac = link.mac, !mac.isZero { macs[mac, default: []].append(device) }
            }
        }
        for (position, namespace) in topology.namespaces.enumerated() {
            for (number, link) in namespace.links.enumerated() {
                let device = Device(namespace: position, link: number)
                if let master = link.master, let found = self.device(in: position, name: master) {
                    masters[device] = found
                    portsOfMaster[found, default: []].append(device)
                }
                if let peer = link.peer, let name = peer.namespace {
                    peers[device] = self.device(namespace: name, name: peer.device)
                }
            }
        }
    }

    // MARK: Places

    /// Position of a namespace, by its name.
    public func namespace(named name: String) -> Int? { namespacesByName[name] }

    /// Position of a namespace, by the inode of its file.
    public func namespace(inode: UInt64) -> Int? { namespacesByInode[inode] }

    public func device(namespace: String, name: String) -> Device? {
        namespacesByName[namespace].flatMap { device(in: $0, name: name) }
    }

    public func device(in namespace: Int, name: String) -> Device? {
        devicesByName[DeviceName(namespace: namespace, name: name)]
    }

    /// By the interface index, which counts within one namespace.
    public func device(in namespace: Int, index: UInt32) -> Device? {
        devicesByIndex[DeviceNumber(namespace: namespace, index: index)]
    }

    public func device(namespace: String, index: UInt32) -> Device? {
        namespacesByName[namespace].flatMap { device(in: $0, index: index) }
    }

    // MARK: What stands there

    public func link(_ device: Device) -> Link { topology.namespaces[device.namespace].links[device.link] }

    public func namespace(of device: Device) -> Namespace { topology.namespaces[device.namespace] }

    // MARK: Neighbourhood

    /// The other end of a veth pair; nil where it lies outside of what was read.
    public func peer(of device: Device) -> Device? { peers[device] }

    /// The bridge (or bond) that a device is a port of.
    public func master(of port: Device) -> Device? { masters[port] }

    /// The ports of a bridge (or bond), in the order of their indices.
    public func ports(of master: Device) -> [Device] { portsOfMaster[master] ?? [] }

    /// Every device that holds an address: none, one, or several where it is a duplicate or lies in closed networks.
    public func holders(of address: IPAddress) -> [Device] { holders[address] ?? [] }

    /// Every device with a MAC address; a bridge shares that of one of its ports.
    public func devices(mac: MACAddress) -> [Device] { macs[mac] ?? [] }
}
