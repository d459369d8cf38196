import Foundation
import Network
import Observations
import TestSupport
import Testing
import WalkModel

@testable import Views

@Suite("A picture is one document, however many walks it shows") struct PictureTests {
    static let pictures = OutputFormat.allCases.filter(\.isPicture)

    static func picture(_ format: OutputFormat, _ names: [String], topology: Topology? = nil) throws -> Picture {
        var picture = Picture(format: format)
        for name in names {
            let fixture = try WalkFixture.load(name)
            picture.add(fixture.request, reply: fixture.reply, topology: topology)
        }
        return picture
    }

    @Test(arguments: [0, 1, 2, 15], [OutputFormat.svg, .html]) func isWellFormed(count: Int, format: OutputFormat)
        throws
    {
        let names = Array((WalkFixture.working + WalkFixture.failing).prefix(count))
        let text = try Self.picture(format, names, topology: SampleNetworks.base).render()
        #expect(xmlFault(text) == nil)
        let elements = ElementCounter(text)
        #expect(elements.count(format == .svg ? "svg" : "html") == 1)
    }

    @Test func htmlHasAnEntryForEachWalkAndOneMap() throws {
        let names = ["namespace-to-wan", "rule-drop", "no-route"]
        let text = try Self.picture(.html, names, topology: SampleNetworks.base).render()
        let elements = ElementCounter(text)
        #expect(elements.count("details", "class", "walk") == 1)
        #expect(elements.count("details", "class", "walk failed") == 2)
        #expect(elements.count("details", "class", "map") == 1)
        #expect(text.contains("<h1>3 packets, 2 failed</h1>"))
        // Each step can be found from the drawing.
        let steps = elements.elements.filter { $0.name == "tr" && $0.attributes["data-step"] != nil }
        let stops = elements.elements.filter { $0.attributes["class"] == "stop" }
        #expect(stops.count > 15)
        for stop in stops {
            for number in stop.attributes["data-steps", default: ""].split(separator: " ") {
                #expect(
                    steps.contains {
                        $0.attributes["data-step"] == String(number)
                            && $0.attributes["data-part"] == stop.attributes["data-part"]
                    })
            }
        }
        #expect(stops.contains { $0.attributes["data-steps"] == "3" })
        #expect(steps.contains { $0.attributes["data-place"] == "mynamespace/veth1" })
        #expect(elements.elements.contains { $0.attributes["data-place"] == "mynamespace/veth1" && $0.name == "g" })
    }

    @Test func theHeadlineOfASingleWalkIsSaidOnce() throws {
        let text = try Self.picture(.html, ["rule-drop"]).render()
        let body = text.split(separator: "<body ").last ?? ""
        #expect(body.components(separatedBy: "✘ dropped").count == 2)
    }

    @Test func graphsHoldAllWalks() throws {
        let dot = try Self.picture(.dot, ["namespace-to-wan", "rule-drop"]).render()
        #expect(dot.components(separatedBy: "digraph").count == 2)
        #expect(dot.contains("cluster_w1 {") && dot.contains("cluster_w2 {") && dot.contains("w2q1 -> w2q2;"))
        #expect(dot.count { $0 == "{" } == dot.count { $0 == "}" })
        let mermaid = try Self.picture(.mermaid, ["namespace-to-wan", "rule-drop"]).render()
        #expect(mermaid.components(separatedBy: "flowchart").count == 2)
        #expect(mermaid.components(separatedBy: "---\n").count == 3)
        let lines = mermaid.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(lines.count { $0.hasPrefix("subgraph") } == lines.count { $0 == "end" })
    }

    @Test(arguments: pictures) func ofNothingIsADocument(format: OutputFormat) throws {
        let text = Picture(format: format).render()
        #expect(text.lowercased().contains("nothing to show"))
        switch format {
        case .dot: #expect(text.hasPrefix("digraph walk {") && text.hasSuffix("}\n"))
        case .mermaid: #expect(text.contains("\nflowchart"))
        default: #expect(xmlFault(text) == nil)
        }
    }

    @Test(arguments: pictures) func countsWhatIsBeyondItsLimit(format: OutputFormat) throws {
        let fixture = try WalkFixture.load("no-route")
        var picture = Picture(format: format)
        for _ in 0..<Picture.limit + 7 { picture.add(fixture.request, topology: nil) }
        #expect(picture.omitted == 7)
        let text = picture.render()
        #expect(text.contains("7 more not drawn") && text.contains("507 packets, 507 failed"))
        if format == .svg || format == .html { #expect(xmlFault(text) == nil) }
    }

    // MARK: Rows

    /// A walk through `count` namespaces, each with a device in and one out.
    static func chain(_ count: Int) throws -> Walk {
        var walk = try WalkFixture.load("namespace-to-wan").request
        guard let hop = walk.hops.first(where: { $0.vantage == .link }) else { return walk }
        walk.hops = (0..<2 * count).map { index in
            var step = hop
            step.index = index
            step.parent = index == 0 ? nil : index - 1
            step.namespace = "router\(index / 2 + 1)"
            step.device = index.isMultiple(of: 2) ? "left" : "right"
            step.direction = index.isMultiple(of: 2) ? .in : .out
            step.changes = []
            return step
        }
        return walk
    }

    @Test(arguments: [1, 3, 12, 60]) func goesOnInRowsWhereThePageEnds(count: Int) throws {
        let svg = try WalkRenderer(format: .svg).render(Self.chain(count))
        #expect(xmlFault(svg) == nil)
        let root = try #require(ElementCounter(svg).elements.first)
        let width = try #require(Int(root.attributes["width"] ?? ""))
        #expect(width <= SVGDocument.pageWidth + 24, "\(width)")
        let boxes = ElementCounter(svg).elements.filter { $0.name == "rect" && $0.attributes["class"] == "box" }
        #expect(boxes.count == count)
        let rows = Set(boxes.compactMap { $0.attributes["y"] })
        // A box takes at least 200 pixels.
        #expect(rows.count >= (count + 4) / 5 && rows.count <= count, "\(rows)")
    }

    @Test func oneNamespaceOfManyDevicesIsCutBetweenThem() throws {
        var walk = try Self.chain(30)
        for index in walk.hops.indices {
            walk.hops[index].namespace = "host"
            walk.hops[index].device = "device\(index)"
        }
        let svg = try WalkRenderer(format: .svg).render(walk)
        let elements = ElementCounter(svg)
        #expect(elements.count("g", "class", "stop") == 60)
        let width = try #require(Int(elements.elements.first?.attributes["width"] ?? ""))
        #expect(width <= SVGDocument.pageWidth + 24)
    }

    // MARK: The page's policy

    @Test func onlyThePagesOwnScriptAndStyleCount() throws {
        let text = try Self.picture(.html, ["namespace-to-wan"]).render()
        let policy = try #require(
            ElementCounter(text).elements.first { $0.attributes["http-equiv"] == "Content-Security-Policy" }?
                .attributes["content"])
        #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"))
        for name in ["style", "script"] {
            let parts = text.components(separatedBy: "<\(name)>")
            #expect(parts.count == 2, "one \(name)")
            let content = try #require(parts.last?.components(separatedBy: "</\(name)>").first)
            #expect(policy.contains("\(name)-src 'sha256-\(try Self.hash(content))'"), "\(policy)")
        }
        #expect(!text.contains(" style=") && !text.contains("onclick") && !text.contains("http://www.w3.org/1999"))
        for word in ["src=", "href=", "url(http", "@import", "fetch(", "XMLHttpRequest"] {
            #expect(!text.contains(word))
        }
    }

    /// As openssl has it.
    private static func hash(_ text: String) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "openssl dgst -sha256 -binary | base64"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        try input.fileHandleForWriting.close()
        let digest = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: digest, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// FIPS 180-4's examples; RFC 4648's for base 64.
    @Test func digestsAreThoseOfTheStandard() {
        #expect(base64(SHA256.digest("".utf8)) == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
        #expect(base64(SHA256.digest("abc".utf8)) == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")
        let long = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
        #expect(base64(SHA256.digest(long.utf8)) == "JI1qYdIGOLjlwCaTDD5gOaM85Flk/yFn9uzt1BnbBsE=")
        #expect(
            ["", "f", "fo", "foo", "foob"].map { base64(Array($0.utf8)) } == ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="])
    }
}
