internal import Wire

/// The namespaces and devices of a topology by what they are called: of two with one name the first counts.
struct DeviceDirectory: Sendable {
    private struct Name: Hashable {
        var namespace: Int
        var device: String
    }

    private struct Number: Hashable {
        var namespace: Int
        var index: UInt32
    }

    /// Positions in `Topology.namespaces`.
    private(set) var namespaces: [String: Int] = [:]
    private(set) var namespacesByInode: [UInt64: Int] = [:]
    private(set) var devicesByAddress: [IPAddress: [NetworkGraph.Device]] = [:]
    private(set) var devicesByMAC: [MACAddress: [NetworkGraph.Device]] = [:]
    private var byName: [Name: NetworkGraph.Device] = [:]
    private var byIndex: [Number: NetworkGraph.Device] = [:]

    /// - Parameter devices: all of `topology`, in its order.
    init(_ topology: Topology, _ devices: [NetworkGraph.Device]) {
        for (position, namespace) in topology.namespaces.enumerated() {
            if namespaces[namespace.name] == nil { namespaces[namespace.name] = position }
            if namespacesByInode[namespace.inode] == nil { namespacesByInode[namespace.inode] = position }
        }
        for device in devices {
            let link = topology.namespaces[device.namespace].links[device.link]
            let name = Name(namespace: device.namespace, device: link.name)
            let number = Number(namespace: device.namespace, index: link.index)
            if byName[name] == nil { byName[name] = device }
            if byIndex[number] == nil { byIndex[number] = device }
            for prefix in link.addresses where devicesByAddress[prefix.address]?.last != device {
                devicesByAddress[prefix.address, default: []].append(device)
            }
            if let mac = link.mac, !mac.isZero { devicesByMAC[mac, default: []].append(device) }
        }
    }

    func device(_ name: String, in namespace: Int) -> NetworkGraph.Device? {
        byName[Name(namespace: namespace, device: name)]
    }

    func device(index: UInt32, in namespace: Int) -> NetworkGraph.Device? {
        byIndex[Number(namespace: namespace, index: index)]
    }
}
