import WalkModel
import FoundationEssentials
import TestSupport
import Testing
import Network

@testable import Views

@Suite struct MapTests {
    @Test(arguments: SampleNetworks.named.map(\.0)) func everyMapIsDrawnInEveryFormat(name: String) throws {
        let topology = try #require(SampleNetworks.named.first { $0.0 == name }?.1)
        let folder = ProcessInfo.processInfo.environment["PACKETWALK_RENDERINGS"]
        for format in OutputFormat.allCases {
            let text = try MapRenderer(format: format).render(topology)
            #expect(text.hasSuffix("\n"))
            if let folder {
                try text.write(toFile: "\(folder)/map-\(name).\(format.rawValue)", atomically: false, encoding: .utf8)
            }
        }
        for width in [40, 80, 97, 120, 200] {
            for unicode in [true, false] {
                let options = RenderOptions(width: width, unicode: unicode)
                if unicode { try edgesAreStraight(topology, options) }
                for line in try MapRenderer(format: .text, options: options).render(topology).split(separator: "\n") {
                    #expect(String(line).columns <= width, "\(line)")
                    #expect(unicode || line.utf8.allSatisfy { (0x20...0x7e).contains($0) }, "\(line)")
                }
            }
        }
    }
}

extension MapTests {
    /// The right edge of each box is in one column.
    private func edgesAreStraight(_ topology: Topology, _ options: RenderOptions) throws {
        var edge: Int?
        for line in try MapRenderer(format: .text, options: options).render(topology).split(separator: "\n") {
            let line = Array(line)
            if line.starts(with: " ┌") { edge = line.firstIndex(of: "┐") }
            if line.starts(with: " │"), let edge {
                #expect(
                    line.indices.contains(edge) && ["│", "┼"].contains(line[edge]), "\(options.width): \(String(line))")
            }
        }
    }

    @Test func theBaseNetworkIsABoxWithItsWires() throws {
        let text = try MapRenderer(format: .text).render(SampleNetworks.base)
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines[0] == " ┌ host ─────────────────────────────────────┐")
        #expect(lines[1] == " │ mybridge  bridge  172.19.0.1/24           │")
        #expect(lines[2] == " │ ├ veth0 ──────────────────────────────────┼── mynamespace veth1 172.19.0.2/24")
        #expect(lines[3] == " │ │                                         │   default via 172.19.0.1 on veth1")
        #expect(text.contains("other veth3 172.19.0.3/24"))
        #expect(text.contains("no default route"))
        #expect(text.contains("snat  172.19.0.0/24 ⇒ the outgoing"))
    }

    @Test func anAddressOnABridgePortIsRemarked() throws {
        var topology = SampleNetworks.base
        let renderer = MapRenderer(format: .text, options: RenderOptions(width: 120))
        // veth0 holds a link-local address, as every device does that is up.
        #expect(try !renderer.render(topology).contains("belongs on"))
        topology.namespaces[0].links[1].addresses += SampleNetworks.prefix("172.19.0.1/24")
        #expect(try renderer.render(topology).contains("veth0  172.19.0.1/24  ! the address belongs on mybridge"))
    }

    @Test func theEndThatIsDownIsNamedWhereItIs() throws {
        let text = try MapRenderer(format: .text).render(SampleNetworks.farEndDown)
        #expect(text.contains("veth0  172.19.0.1/24  ! no carrier: the other"))
        #expect(text.contains("mynamespace veth1 ✘ down"))
        #expect(text.contains("! lo is down"))
    }

    @Test func twoHundredNamespacesFitOnAScreenAndTheOddOneIsSeen() throws {
        let topology = SampleNetworks.many(200)
        let text = try MapRenderer(format: .text).render(topology)
        #expect(text.split(separator: "\n").count < 20)
        #expect(text.contains("n5 eth0 ✘ down"))
        #expect(text.contains("… 197 more like n1"))
        let all = try MapRenderer(format: .text, options: RenderOptions(verbosity: .verbose)).render(topology)
        for number in 1...200 { #expect(all.contains("── n\(number) eth0"), "n\(number)") }
    }

    @Test func namesInAMapAreMadeSafe() throws {
        var generator = SeededGenerator(seed: 7)
        for round in 0..<12 {
            var topology = SampleNetworks.overlay
            for place in topology.namespaces.indices {
                topology.namespaces[place].containers = [generator.name()]
                let old = topology.namespaces[place].name
                let new = generator.name() + "\(place)"
                for other in topology.namespaces.indices {
                    for link in topology.namespaces[other].links.indices
                    where topology.namespaces[other].links[link].peer?.namespace == old {
                        topology.namespaces[other].links[link].peer?.namespace = new
                    }
                }
                topology.namespaces[place].name = new
            }
            topology.warnings = [generator.name()]
            for format in OutputFormat.allCases {
                let text = try MapRenderer(format: format).render(topology)
                #expect(!text.unicodeScalars.contains { $0.isUnsafe && $0 != "\n" }, "round \(round) \(format)")
                if format == .text {
                    for line in text.split(separator: "\n") {
                        #expect(String(line).columns <= 80, "round \(round): \(line)")
                    }
                }
                if format == .svg || format == .html { #expect(xmlFault(text) == nil, "round \(round)") }
            }
        }
    }
}
