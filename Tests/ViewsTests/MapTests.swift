import FoundationEssentials
import Testing
import Topology

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
                for line in try MapRenderer(format: .text, options: options).render(topology).split(separator: "\n") {
                    #expect(String(line).columns <= width, "\(line)")
                    #expect(unicode || line.utf8.allSatisfy { (0x20...0x7e).contains($0) }, "\(line)")
                }
            }
        }
    }
}
