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

    /// `host` with `count` routers, each of which has a wire to the next one too; the last one to the first.
    static func wheel(_ count: Int) -> Topology {
        var links = [SampleNetworks.loopback()]
        var namespaces: [Namespace] = []
        for number in 1...count {
            links.append(SampleNetworks.veth("h\(number)", UInt32(number + 1), to: ("r\(number)", "up")))
            namespaces.append(
                Namespace(
                    name: "r\(number)", inode: 4_026_532_100 + UInt64(number), path: "/run/netns/r\(number)",
                    links: [
                        SampleNetworks.loopback(),
                        SampleNetworks.veth("up", 2, to: ("host", "h\(number)"), "10.1.\(number).1/24"),
                        SampleNetworks.veth(
                            "left", 3, to: ("r\(number == 1 ? count : number - 1)", "right"), "10.2.\(number).1/30"),
                        SampleNetworks.veth("right", 4, to: ("r\(number == count ? 1 : number + 1)", "left")),
                    ]))
        }
        let host = Namespace(name: "host", inode: 1, path: "", links: links)
        return Topology(host: "lab", time: "2026-11-23T01:58:14Z", namespaces: [host] + namespaces)
    }

    /// Lines of the picture that go to and fro between two boxes of one column, and between columns that are not neighbors.
    @Test(arguments: [3, 5, 6]) func everyWireBetweenBoxesIsDrawn(count: Int) throws {
        let topology = Self.wheel(count)
        let layout = MapLayout(topology, verbosity: .normal)
        #expect(layout.boxes.count == count + 1)
        #expect(MapWires(layout).all.count == 2 * count)
        let (_, places, _, svg) = places(topology)
        #expect(xmlFault(svg) == nil)
        let elements = ElementCounter(svg)
        #expect(elements.count("path", "class", "dim") + elements.count("polyline", "class", "dim") == 2 * count)
        #expect(Set(places.map(\.column)).count >= 2)
    }

    /// A column that is too tall goes on in others: the first box then has wires to columns further away.
    @Test func wiresGoPastColumns() throws {
        // No two of them are alike, since each leads to others: none is folded.
        let (_, places, _, svg) = places(Self.wheel(40))
        #expect(places.count == 41)
        #expect(Set(places.dropFirst().map(\.column)).count > 1)
        let elements = ElementCounter(svg)
        #expect(elements.count("path", "class", "dim") + elements.count("polyline", "class", "dim") == 80)
    }

    @Test(arguments: [5, 6, 40]) func noWireLeavesThePage(count: Int) throws {
        for topology in [Self.wheel(count), Self.chain(count)] {
            let elements = ElementCounter(places(topology).svg).elements
            let width = try #require(elements.first?.attributes["width"].flatMap { Int($0) })
            for line in elements where line.name == "polyline" {
                for point in line.attributes["points", default: ""].split(separator: " ") {
                    let x = try #require(point.split(separator: ",").first.flatMap { Int($0) })
                    // Half of the widest line is three pixels.
                    #expect(x >= 3 && x <= width - 3, "\(point) of \(width)")
                }
            }
        }
    }

    /// A page marks the path of a packet by them.
    @Test func everyWireSaysWhatItJoins() throws {
        func ends(_ topology: Topology) -> Set<Set<String>> {
            let links = ElementCounter(places(topology).svg).elements.filter { $0.attributes["class"] == "link" }
            return Set(links.map { link in Set(["data-from", "data-to"].compactMap { link.attributes[$0] }) })
        }
        #expect(ends(Self.chain(3)) == [["host/right", "r2/left"], ["r2/right", "r3/left"]])
        #expect(
            ends(SampleNetworks.base) == [
                ["host/veth0", "mynamespace/veth1"], ["host/veth2", "other/veth3"], ["host/eth0", "wan/wan0"],
            ])
    }

    @Test func boxesDoNotLieUponEachOther() throws {
        for topology in [
            Self.wheel(6), Self.chain(12), Self.chain(60), SampleNetworks.overlay, SampleNetworks.many(60),
        ] {
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
