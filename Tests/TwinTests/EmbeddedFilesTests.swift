import LinuxSystem
import Testing
import Twin

@Suite("Files inside the program")
struct EmbeddedFilesTests {
    @Test("are those of the folders: scripts/embed.sh lists them")
    func same() throws {
        let all = try Command([
            "sh", "-c",
            "find fixtures/labs -type f ! -name README.md ! -name '*.c' ! -name expected-hops.txt; echo docs/findings.md",
        ]).run()
        let files = all.text.split(separator: "\n").map { String($0) }.sorted()
        func name(_ file: String) -> String {
            file.hasPrefix("fixtures/") ? String(file.dropFirst("fixtures/".count)) : file
        }
        #expect(EmbeddedFiles.names == files.map(name).sorted())
        for file in files {
            #expect(EmbeddedFiles.bytes(name(file)) == (try readFile(file)), "\(file): build it again")
        }
    }

    @Test("hold every lab")
    func labs() throws {
        let inside = try LabLibrary.builtIn.labs()
        let outside = try LabLibrary.find().labs()
        #expect(inside.map(\.name) == outside.map(\.name))
        for (one, other) in zip(inside, outside) {
            #expect(try one.commands() == other.commands())
            #expect(one.expected == other.expected)
        }
    }
}
