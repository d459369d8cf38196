import Network
import Testing
import Wire

/// What is in a slice and what is not, by hand.
@Suite("The part of a network that a packet can meet")
struct SliceTests {
    private static func slice(
        _ maker: SliceNetwork, from: String, to: String,
        translations: (Namespace, NetworkSlice.Reach) -> [NetworkSlice.Translation] = { _, _ in [] }
    ) throws -> NetworkSlice {
        let destination = try #require(IPAddress(to))
        return NetworkGraph(maker.topology).slice(.init(from: [from], to: destination), translations: translations)
    }

    /// A bridge br0 (10.0.0.254) in host with web .1, db .2 and cache .3, and wan (192.0.2.2) behind eth0.
    private static func containers() -> SliceNetwork {
        var network = SliceNetwork(["host", "web", "db", "cache", "wan"])
        network.add(bridge: "br0", in: "host", "10.0.0.254/24")
        for (number, name) in ["web", "db", "cache"].enumerated() {
            network.pair("v-\(name)", in: "host", "eth0", in: name, master: "br0", far: "10.0.0.\(number + 1)/24")
            network.route("0.0.0.0/0", via: "10.0.0.254", on: "eth0", in: name)
        }
        network.pair("wan0", in: "host", "eth0", in: "wan", near: "192.0.2.1/24", far: "192.0.2.2/24")
        network.route("0.0.0.0/0", via: "192.0.2.2", on: "wan0", in: "host")
        network.route("10.0.0.0/24", via: "192.0.2.1", on: "eth0", in: "wan")
        return network
    }

    @Test("the gateway and what lies behind it are in, other containers keep a port")
    func toTheOutside() throws {
        let slice = try Self.slice(Self.containers(), from: "web", to: "198.51.100.1")
        #expect(slice.namespaces == ["host", "web", "wan"])
        #expect(
            slice.stubs == [
                .init(namespace: "host", device: "v-db", farNamespace: "db", farDevice: "eth0"),
                .init(namespace: "host", device: "v-cache", farNamespace: "cache", farDevice: "eth0"),
            ])
    }

    @Test("a neighbour on the bridge is in, and so is the bridge")
    func toANeighbour() throws {
        #expect(try Self.slice(Self.containers(), from: "web", to: "10.0.0.2").namespaces.contains("db"))
        #expect(try Self.slice(Self.containers(), from: "web", to: "10.0.0.2").namespaces.contains("host"))
        #expect(try !Self.slice(Self.containers(), from: "web", to: "10.0.0.2").namespaces.contains("cache"))
    }

    @Test("who has the other end of the packet's link, where that is down, is in")
    func downFarEnd() throws {
        var network = SliceNetwork(["host", "web", "db"])
        network.pair("v-web", in: "host", "eth0", in: "web", near: "10.0.0.254/24")
        network.pair("v-db", in: "host", "eth0", in: "db", near: "10.0.1.254/24")
        for name in ["web", "db"] { network.change(name) { $0.links[0].isUp = false } }
        #expect(try Self.slice(network, from: "host", to: "10.0.0.1").namespaces == ["host", "web"])
    }

    @Test("who has an address that was refused to the sender is in")
    func refusedAddress() throws {
        var network = Self.containers()
        network.change("web") { $0.links[0].duplicateAddresses = [IPPrefix("10.0.0.3/24")].compactMap(\.self) }
        #expect(try Self.slice(network, from: "web", to: "198.51.100.1").namespaces == ["host", "web", "cache", "wan"])
    }

    @Test("broadcast and multicast ask everyone", arguments: ["10.0.0.255", "255.255.255.255", "224.0.0.5", "ff02::1"])
    func toAll(destination: String) throws {
        let slice = try Self.slice(Self.containers(), from: "web", to: destination)
        #expect(slice.namespaces == ["host", "web", "db", "cache", "wan"] && slice.stubs.isEmpty)
    }

    @Test("what a rule of the slice translates to is in; a rule elsewhere is not asked")
    func translated() throws {
        let target = try #require(IPAddress("10.0.0.3"))
        var asked: Set<String> = []
        let slice = try Self.slice(Self.containers(), from: "wan", to: "192.0.2.1") { namespace, reach in
            asked.insert(namespace.name)
            #expect(reach.contains(IPAddress("192.0.2.1")!))
            return namespace.name == "host" ? [.init(target...target)] : []
        }
        #expect(slice.namespaces == ["host", "cache", "wan"])
        #expect(asked == ["host", "cache", "wan"])
    }

    @Test("a bridge's entry for somebody who is in brings in who is behind the port, its own permanent entries nobody")
    func forwardingDatabase() throws {
        var network = Self.containers()
        let port = try #require(MACAddress("02:00:00:00:00:21"))
        let web = try #require(MACAddress("02:00:00:00:00:01"))
        network.change("web") { $0.links[0].mac = web }
        network.change("host") { host in
            for index in host.links.indices where host.links[index].name == "v-db" { host.links[index].mac = port }
            for index in host.links.indices where host.links[index].name == "br0" {
                // Each port has one with its own address.
                host.links[index].bridge?.fdb = [FDBEntry(mac: port, device: "v-db", permanent: true)]
            }
        }
        #expect(try Self.slice(network, from: "web", to: "198.51.100.1").namespaces == ["host", "web", "wan"])
        network.change("host") { host in
            for index in host.links.indices where host.links[index].name == "br0" {
                host.links[index].bridge?.fdb.append(FDBEntry(mac: web, device: "v-cache"))
            }
        }
        #expect(try Self.slice(network, from: "web", to: "198.51.100.1").namespaces == ["host", "web", "cache", "wan"])
    }

    @Test("who has the neighbour's MAC address, who answers for an address, who holds it as a local route")
    func answersOtherwise() throws {
        var network = Self.containers()
        let mac = try #require(MACAddress("02:00:00:00:00:09"))
        network.change("cache") { $0.links[0].mac = mac }
        network.change("web") {
            $0.neighbors = [Neighbor(address: IPAddress("10.0.0.77")!, device: "eth0", mac: mac, state: .permanent)]
        }
        #expect(try Self.slice(network, from: "web", to: "10.0.0.77").contains("cache"))
        network = Self.containers()
        network.change("db") { $0.proxyNeighbors = [ProxyNeighbor(address: IPAddress("10.0.0.77")!, device: "eth0")] }
        #expect(try Self.slice(network, from: "web", to: "10.0.0.77").contains("db"))
        network = Self.containers()
        network.change("db") {
            $0.routes.append(Route(destination: IPPrefix("10.0.0.64/26")!, kind: .local, table: .local, device: "lo"))
        }
        #expect(try Self.slice(network, from: "web", to: "10.0.0.77").contains("db"))
        #expect(try !Self.slice(network, from: "web", to: "10.0.0.44").contains("db"))
        network = Self.containers()
        network.change("db") { $0.sysctls = ["net.ipv4.conf.eth0.proxy_arp": "1"] }
        #expect(try Self.slice(network, from: "web", to: "10.0.0.77").contains("db"))
    }

    @Test("a router that no route names is in; a container that forwards on its one device is not")
    func forwards() throws {
        var network = Self.containers()
        network.add("router", "far")
        network.pair("v-router", in: "host", "eth0", in: "router", master: "br0", far: "10.0.0.9/24")
        network.pair("eth1", in: "router", "eth0", in: "far", near: "10.5.0.1/24", far: "10.5.0.2/24")
        #expect(try !Self.slice(network, from: "web", to: "198.51.100.1").contains("router"))
        network.change("router") { $0.sysctls = ["net.ipv4.ip_forward": "1"] }
        #expect(try Self.slice(network, from: "web", to: "198.51.100.1").contains("router"))
        network.change("db") { $0.sysctls = ["net.ipv4.ip_forward": "1"] }
        #expect(try !Self.slice(network, from: "web", to: "198.51.100.1").contains("db"))
    }

    @Test("the far end of a tunnel is in, with the underlay between")
    func tunnels() throws {
        var network = Self.containers()
        network.change("web") {
            var link = Link(name: "vx", index: 90, kind: .vxlan, addresses: [IPPrefix("10.9.0.1/24")!])
            link.vxlan = Link.VXLAN(identifier: 7, port: 4789, remote: IPAddress("10.0.0.3"))
            $0.links.append(link)
        }
        network.change("cache") {
            var link = Link(name: "vx", index: 90, kind: .vxlan, addresses: [IPPrefix("10.9.0.2/24")!])
            link.vxlan = Link.VXLAN(identifier: 7, port: 4789, remote: IPAddress("10.0.0.1"))
            $0.links.append(link)
        }
        #expect(try Self.slice(network, from: "web", to: "10.9.0.2").namespaces == ["host", "web", "cache", "wan"])
    }

    @Test("a macvlan's host is in, its siblings are not")
    func macvlans() throws {
        var network = SliceNetwork(["host", "one", "two", "three"])
        network.add(card: "eth0", in: "host", "192.0.2.1/24")
        for (number, name) in ["one", "two", "three"].enumerated() {
            network.add(macvlan: "eth0", in: name, on: "eth0", of: "host", "192.0.2.1\(number)/24")
        }
        let slice = try Self.slice(network, from: "one", to: "192.0.2.11")
        #expect(slice.namespaces == ["host", "one", "two"])
        #expect(
            slice.stubs == [
                .init(namespace: "host", device: "eth0", farNamespace: "three", farDevice: "eth0", isOnTop: true)
            ])
    }

    @Test("unrelated networks with the same addresses stay out; an unknown sender leaves all in")
    func unrelated() throws {
        var network = Self.containers()
        network.add("beside", "beside-host")
        network.add(bridge: "br0", in: "beside-host", "10.0.0.254/24")
        network.pair("v", in: "beside-host", "eth0", in: "beside", master: "br0", far: "10.0.0.2/24")
        #expect(try Self.slice(network, from: "web", to: "10.0.0.2").namespaces == ["host", "web", "db", "wan"])
        #expect(try Self.slice(network, from: "gone", to: "10.0.0.2").namespaces.count == 7)
    }
}
