import FoundationEssentials
import Ruleset
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// A finding is one obstacle, one lab and one section of the documentation: none without the others.
@Suite("The catalogue of obstacles")
struct CatalogueTests {
    /// Findings that no lab can have, and why.
    private static let withoutLab: [FindingCode: String] = [
        "lost-unexplained": "is what is left where no obstacle is found, and a lab is built around one",
        "unknown-drop": "is what is left where the kernel's reason fits no obstacle, and a lab is built around one",
        "send-failed": "is what is left where the sender's error fits no obstacle, and a lab is built around one",
        "neighbor-table-full": "would fill the table that all namespaces of the machine share",
        "not-seen": "needs a packet that passes none of the places that are watched, in a lab where all are",
    ]

    private static let codes = Set(Catalogue.all.map(\.code))

    @Test("names each code once")
    func unique() {
        #expect(Self.codes.count == Catalogue.all.count)
        for code in Self.codes {
            #expect(code.rawValue.allSatisfy { $0.isLowercase && $0.isASCII || $0 == "-" }, "\(code)")
        }
    }

    @Test("has a lab for each code, and no lab expects another")
    func labs() throws {
        struct Lab: Decodable {
            struct Expected: Decodable { var code: String? }
            var expected: Expected
            var then: [Expected]?
            var hidden: Expected?
        }
        let folder = "fixtures/labs"
        var found: Set<FindingCode> = []
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where !name.contains(".") {
            let data = try #require(FileManager.default.contents(atPath: "\(folder)/\(name)/lab.json"), "\(name)")
            let lab = try JSONDecoder().decode(Lab.self, from: data)
            for text in ([lab.expected] + (lab.then ?? []) + [lab.hidden].compactMap(\.self)).compactMap(\.code) {
                let code = FindingCode(rawValue: text)
                #expect(Self.codes.contains(code), "lab \(name) expects \(code), which no obstacle has")
                found.insert(code)
            }
        }
        #expect(Self.codes.subtracting(found) == Set(Self.withoutLab.keys), "obstacles without a lab")
    }

    @Test("has a section of docs/findings.md for each code, and no section is of another")
    func documentation() throws {
        let data = try #require(FileManager.default.contents(atPath: "docs/findings.md"))
        let headings = String(decoding: data, as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix("### ") }
        let documented = headings.flatMap { $0.dropFirst(4).split(separator: ", ") }.map {
            FindingCode(rawValue: String($0))
        }
        #expect(documented.count == Set(documented).count)
        #expect(Set(documented) == Self.codes)
    }

    @Test("leads from a drop reason to at most one obstacle that it explains by itself")
    func reasons() {
        let packet = PacketState(source: address("172.19.0.2"), destination: address("198.51.100.1"), ipProtocol: .udp)
        for reason in Set(Catalogue.all.flatMap(\.reasons)) {
            let explaining = Catalogue.all.filter { $0.words(for: reason, packet) != nil }
            #expect(explaining.count <= 1, "\(reason): \(explaining.map(\.code))")
        }
    }
}
