import Glibc
import LinuxSystem
import Testing

@Suite struct FileReadingTests {
    /// A folder of its own, removed at the end.
    private final class Folder {
        let path: String
        init() throws {
            var template = Array("/tmp/packetwalk-test-XXXXXX".utf8CString)
            path = try #require(mkdtemp(&template).map { String(cString: $0) })
        }
        deinit { _ = try? Command(["/bin/rm", "-r", path]).run() }

        func write(_ bytes: [UInt8], to name: String) throws -> String {
            let file = try #require(fopen("\(path)/\(name)", "w"))
            fwrite(bytes, 1, bytes.count, file)
            fclose(file)
            return "\(path)/\(name)"
        }
    }

    @Test func `a file of any size is read whole`() throws {
        let folder = try Folder()
        for size in [0, 1, 65_536, 65_537, 300_000] {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            #expect(try readFile(try folder.write(bytes, to: "file")) == bytes)
        }
    }

    @Test func `files of proc, whose size is 0, are read whole`() throws {
        let status = try #require(readText("/proc/self/status"))
        #expect(status.contains("\nPid:\t\(getpid())\n") && !status.hasSuffix("\n"))
        // Longer than a page.
        #expect(try readFile("/proc/self/maps").count > 4096)
    }

    @Test func `a text loses its last newline alone`() throws {
        let folder = try Folder()
        #expect(readText(try folder.write(Array("a\n\n".utf8), to: "file")) == "a\n")
        #expect(readText(try folder.write(Array("a".utf8), to: "file")) == "a")
        #expect(readText(try folder.write([], to: "file")) == "")
        #expect(readText("\(folder.path)/none") == nil)
    }

    @Test func `what cannot be read is an error that names it`() throws {
        let folder = try Folder()
        #expect(throws: SystemError("open \(folder.path)/none", errorNumber: ENOENT)) {
            try readFile("\(folder.path)/none")
        }
        #expect(throws: SystemError("read \(folder.path)", errorNumber: EISDIR)) { try readFile(folder.path) }
    }

    @Test func `a file below an open folder`() throws {
        let folder = try Folder()
        _ = try folder.write([1, 2, 3], to: "file")
        let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        #expect(try readFile("file", below: descriptor) == [1, 2, 3])
        #expect(directoryNames(descriptor) == ["file"])
        // The descriptor is still open, and at its beginning.
        #expect(directoryNames(descriptor) == ["file"])
    }

    @Test func `the names of a folder are sorted, and those that are no UTF-8 escaped`() throws {
        let folder = try Folder()
        for name in ["b", "a", ".hidden"] { _ = try folder.write([], to: name) }
        var odd = Array("\(folder.path)/x".utf8CString.dropLast()) + [CChar(bitPattern: 0xff), 0]
        close(open(&odd, O_CREAT | O_WRONLY, 0o600))
        #expect(directoryNames(folder.path) == [".hidden", "a", "b", "x\\xff"])
        #expect(directoryNames("\(folder.path)/none").isEmpty)
    }

    @Test func `where a link points`() throws {
        let folder = try Folder()
        #expect(symlink("net:[4026531840]", "\(folder.path)/link") == 0)
        #expect(linkTarget("\(folder.path)/link") == "net:[4026531840]")
        #expect(linkTarget(folder.path) == nil)
    }
}
