import FoundationEssentials
import Testing

/// A file of `fixtures/wire`, or of a folder beside the repository that is not always there.
enum Fixture {
    private static var root: String {
        String(#filePath.dropLast("/Tests/WireTests/Fixture.swift".count))
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        let data = FileManager.default.contents(atPath: "\(root)/fixtures/wire/\(name)")
        return [UInt8](try #require(data, "fixtures/wire/\(name) is missing"))
    }

    /// The link types of `fixtures/wire/encapsulations`.
    static var encapsulatedLinks: [UInt16] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/fixtures/wire/encapsulations")) ?? []
        return names.compactMap { name in
            name.hasPrefix("link-") && name.hasSuffix(".pcap") ? UInt16(name.dropFirst(5).dropLast(5)) : nil
        }.sorted()
    }

    /// Captures made by others; empty where the folder is absent.
    static var fieldCaptures: [String] {
        let folder = "\(root)/../shared/field/pcap"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".pcap") }.sorted().map { "\(folder)/\($0)" }
    }

    static func fieldCapture(_ path: String) throws -> [UInt8] {
        [UInt8](try #require(FileManager.default.contents(atPath: path)))
    }

    /// The rows of a tab-separated table, by column name.
    static func table(_ name: String) throws -> [[String: String]] {
        let lines = String(decoding: try bytes(name), as: UTF8.self).split(separator: "\n")
        let names = try #require(lines.first).split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        return lines.dropFirst().map { line in
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            return Dictionary(uniqueKeysWithValues: zip(names, cells))
        }
    }
}

/// The packets of a little-endian pcap file with microsecond times, enough for fixtures.
struct PcapFile {
    var linkType: UInt16
    var packets: [(bytes: [UInt8], originalLength: Int)] = []

    init(_ file: [UInt8]) throws {
        func word(_ offset: Int) throws -> Int {
            try #require(offset + 4 <= file.count)
            return (0..<4).reduce(0) { $0 | Int(file[offset + $1]) << (8 * $1) }
        }
        try #require(try word(0) == 0xa1b2_c3d4)
        linkType = UInt16(try word(20) & 0xffff)
        var offset = 24
        while offset < file.count {
            let captured = try word(offset + 8)
            let original = try word(offset + 12)
            try #require(offset + 16 + captured <= file.count)
            packets.append((Array(file[offset + 16..<offset + 16 + captured]), original))
            offset += 16 + captured
        }
    }
}
