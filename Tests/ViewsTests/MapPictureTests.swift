import Network
import Testing

@testable import Views

@Suite("A map's picture shows what is joined to what") struct MapPictureTests {
    /// Routers in a row, named so that the alphabet misorders them; the first one is host.
    static func chain(_ count: Int) -> Topology {
        let namespaces = (1...count).map { number in
            let name = number == 1 ? "host" : "r\(number)"
            var links = [SampleNetworks.loopback()]
            if number > 1 {
                links.append(
                    SampleNetworks.veth(
                        "left", 2, to: (number == 2 ? "host" : "r\(number - 1)", "right"), "10.0.\(number - 1).2/24"))
            }
            links.append(SampleNetworks.veth("right", 3, to: ("r\(number + 1)", "left"), "10.0.\(number).1/24"))
            // Not a leaf: the last one has a second device too.
            return Namespace(
                name: name, inode: 4_026_532_000 + UInt64(number), path: "/run/netns/\(name)", links: links)
        }
        return Topology(
            host: "lab", time: "2026-11-23T01:58:14Z", namespaces: namespaces.sorted { $0.name < $1.name })
    }

    private func places(_ topology: Topology) -> (
        names: [String], places: [MapPlacement.Place], width: Int, svg: String
    ) {
        let layout = MapLayout(topology, verbosity: .normal)
        let svg = MapSVG(layout)
        let document = svg.document()
        return (layout.boxes.map(\.namespace), svg.placement.places, document.width, document.render())
    }

    @Test(arguments: [3, 12, 60]) func aChainIsDrawnInItsOrder(count: Int) throws {
        let (names, places, width, svg) = places(Self.chain(count))
        #expect(xmlFault(svg) == nil)
        let order = zip(names, places).sorted { $0.1.column < $1.1.column }.map(\.0)
        #expect(order == ["host"] + (2...count).map { "r\($0)" })
        #expect(width <= (count > 16 ? 1840 : 1240), "\(width)")
        // A wire between each two.
        let elements = ElementCounter(svg)
        #expect(elements.count("path", "class", "dim") + elements.count("polyline", "class", "dim") == count - 1)
    }

    @Test func boxesDoNotLieUponEachOther() throws {
        for topology in [Self.chain(12), Self.chain(60), SampleNetworks.overlay, SampleNetworks.many(60)] {
            let (_, _, _, svg) = places(topology)
            let boxes = ElementCounter(svg).elements.filter { $0.attributes["class"] == "box" }.compactMap { box in
                let values = ["x", "y", "width", "height"].compactMap { box.attributes[$0].flatMap { Int($0) } }
                return values.count == 4 ? values : nil
            }
            #expect(!boxes.isEmpty)
            for (index, one) in boxes.enumerated() {
                for two in boxes.dropFirst(index + 1) {
                    let apart =
                        one[0] + one[2] <= two[0] || two[0] + two[2] <= one[0] || one[1] + one[3] <= two[1]
                        || two[1] + two[3] <= one[1]
                    #expect(apart, "\(one) \(two)")
                }
            }
        }
    }

    @Test func namesAreOrderedAsPeopleCount() {
        #expect(["r10", "r2", "r1", "a", "r"].sorted { $0.comesBefore($1) } == ["a", "r", "r1", "r2", "r10"])
        #expect("r02".comesBefore("r1") == false && "r1x".comesBefore("r1y"))
    }
}
