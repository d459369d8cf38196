import FoundationEssentials
import Testing

/// Holds `docs/architecture.md` against the sources.
@Suite("Architecture")
struct ArchitectureTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// The rooms of the page's table, in order, with what each may import.
    private static func rooms() throws -> [(name: String, imports: Set<String>)] {
        try text("docs/architecture.md").split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).map { Self.quoted($0) }
            guard cells.count == 5, cells[1].count == 1, line.hasPrefix("| `") else { return nil }
            return (cells[1][0], Set(cells[3]))
        }
    }

    /// What stands in `backquotes`.
    private static func quoted(_ text: Substring) -> [String] {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element) }
    }

    @Test("the page names every room, in the order of Package.swift")
    func order() throws {
        let package = try Self.text("Package.swift")
        let names = try Self.rooms().map(\.name)
        let targets = package.split(separator: "arget(").dropFirst().compactMap { part -> String? in
            guard let name = part.split(separator: "\"").dropFirst().first, part.contains("swiftSettings: house"),
                part.drop(while: \.isWhitespace).hasPrefix("name:"), !name.hasSuffix("Tests"), name != "TestSupport",
                !name.contains("-")
            else { return nil }
            return String(name)
        }
        #expect(names.count > 15)
        #expect(names == targets)
    }

    @Test("a room imports what its row names, and only rooms before it")
    func imports() throws {
        let rooms = try Self.rooms()
        let names = Set(rooms.map(\.name))
        var before: Set<String> = []
        for room in rooms {
            let imported = try Self.imports(of: room.name).intersection(names)
            #expect(imported == room.imports, "\(room.name)")
            #expect(imported.isSubset(of: before), "\(room.name)")
            before.insert(room.name)
        }
    }

    private static func imports(of room: String) throws -> Set<String> {
        let folder = root.appending(path: "Sources/\(room)").path
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(".swift") }
        #expect(!files.isEmpty)
        return try files.reduce(into: []) { found, file in
            for line in try text("Sources/\(room)/\(file)").split(separator: "\n") {
                let words = line.split(separator: " ")
                if let place = words.firstIndex(of: "import"), place <= 1, place + 1 < words.count {
                    found.insert(String(words[place + 1]))
                }
            }
        }
    }

    @Test("every file and folder that the pages name is there", arguments: ["architecture", "findings"])
    func paths(page: String) throws {
        let names = try Set(Self.rooms().map(\.name))
        for name in Self.quoted(try Self.text("docs/\(page).md")[...]) where !name.contains(" ") {
            let parts = name.split(separator: "/")
            guard parts.count > 1, names.contains(String(parts[0])) else { continue }
            #expect(
                FileManager.default.fileExists(atPath: Self.root.appending(path: "Sources/\(name)").path), "\(name)")
        }
    }
}
