import Network
import Testing
import WalkModel

@testable import Views

@Suite("A device in a drawing is called by what it belongs to") struct DeviceOwnerTests {
    /// The host of the walk `docker-bridge`, whose bridge is that of a network.
    private static func topology(network: String) -> Topology {
        var bridge = SampleNetworks.bridge("docker0", 3, "172.17.0.1/16")
        bridge.workload = Workload(.network, network, by: .docker)
        let port = SampleNetworks.veth("veth8a1f3c2", 4, to: ("web", "eth0"), master: "docker0")
        let host = Namespace(name: "host", inode: 1, path: "", links: [SampleNetworks.loopback(), bridge, port])
        return Topology(host: "lab", time: "", namespaces: [host])
    }

    private func text(_ format: OutputFormat, network: String) throws -> String {
        let fixture = try WalkFixture.load("docker-bridge")
        let options = RenderOptions(width: 120)
        return try WalkRenderer(format: format, options: options, topology: Self.topology(network: network))
            .render(fixture.request, reply: fixture.reply)
    }

    @Test("in every format", arguments: [OutputFormat.text, .mermaid, .dot, .svg, .html])
    func names(format: OutputFormat) throws {
        #expect(try text(format, network: "shop").contains("docker0 (shop)"))
    }

    @Test("and in the list of steps") func steps() throws {
        let text = try text(.text, network: "shop")
        #expect(text.contains("bridge of network shop"), "\(text)")
        #expect(text.contains("port of docker0 (shop)"), "\(text)")
    }

    @Test("but not by a name that says no more than its kind", arguments: ["bridge", "docker0"])
    func nothingNew(network: String) throws {
        let text = try text(.text, network: network)
        #expect(text.contains("docker0") && !text.contains("(\(network))") && !text.contains("of network"), "\(text)")
    }
}
