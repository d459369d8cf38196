import Network
import Wire

/// Puts a topology together for tests of slices.
struct SliceNetwork {
    private(set) var topology: Topology

    init(_ names: [String]) {
        topology = Topology(host: "h", time: "", namespaces: [])
        for name in names { add(name) }
    }

    mutating func add(_ names: String...) {
        for name in names {
            topology.namespaces.append(
                Namespace(name: name, inode: UInt64(topology.namespaces.count + 1), path: "/run/netns/\(name)"))
        }
    }

    mutating func change(_ name: String, _ body: (inout Namespace) -> Void) {
        guard let position = topology.namespaces.firstIndex(where: { $0.name == name }) else { return }
        body(&topology.namespaces[position])
    }

    private mutating func add(_ link: Link, _ address: String?, to name: String) {
        change(name) { namespace in
            var link = link
            link.index = UInt32(namespace.links.count + 2)
            if let prefix = address.flatMap({ IPPrefix($0) }) {
                link.addresses.append(prefix)
                namespace.routes.append(Route(destination: prefix.network, device: link.name, origin: .kernel))
            }
            namespace.links.append(link)
        }
    }

    mutating func add(bridge: String, in name: String, _ address: String?) {
        add(Link(name: bridge, index: 0, kind: .bridge, bridge: Link.Bridge(vlanFiltering: false)), address, to: name)
    }

    mutating func add(card: String, in name: String, _ address: String?) {
        add(Link(name: card, index: 0, kind: .ethernet), address, to: name)
    }

    mutating func add(macvlan: String, in name: String, on lower: String, of home: String, _ address: String?) {
        var link = Link(name: macvlan, index: 0, kind: .macvlan)
        link.lower = lower
        link.lowerNamespace = home
        add(link, address, to: name)
    }

    mutating func pair(
        _ device: String, in name: String, _ far: String, in farName: String, master: String? = nil,
        farMaster: String? = nil, near: String? = nil, far farAddress: String? = nil
    ) {
        var link = Link(name: device, index: 0, kind: .veth, peer: Link.Peer(namespace: farName, device: far))
        link.master = master
        add(link, near, to: name)
        var other = Link(name: far, index: 0, kind: .veth, peer: Link.Peer(namespace: name, device: device))
        other.master = farMaster
        add(other, farAddress, to: farName)
    }

    mutating func route(_ destination: String, via gateway: String, on device: String, in name: String) {
        guard let prefix = IPPrefix(destination), let gateway = IPAddress(gateway) else { return }
        change(name) { $0.routes.append(Route(destination: prefix, gateway: gateway, device: device)) }
    }
}
