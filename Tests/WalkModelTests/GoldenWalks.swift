import LinuxSystem

/// The JSON of all labs' recordings, a walk a line.
enum GoldenWalks {
    static let folder = "fixtures/golden"

    static let isAvailable = (try? Command(["zstd", "--version"]).run().status) == 0

    static let hasSchemaLibrary = (try? Command(["/usr/bin/python3", "-c", "import jsonschema"]).run().status) == 0

    /// The lines of all files.
    static func lines() throws -> [Substring] {
        try Command(["sh", "-c", "zstd -dcq \(folder)/*.jsonl.zst"]).run().text.split(separator: "\n")
    }
}
