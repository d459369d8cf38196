internal import CEmbedded

/// Files that the program carries inside (`scripts/embed.sh`): a copy of it needs nothing beside it.
public enum EmbeddedFiles {
    /// Sorted: `labs/hairpin/setup.sh`, `docs/findings.md`.
    public static let names: [String] = all.keys.sorted()

    public static func holds(_ name: String) -> Bool { all[name] != nil }

    /// The bytes of a file; nil where there is none of that name.
    public static func bytes(_ name: String) -> [UInt8]? { all[name].map(Array.init) }

    /// The text of a file; what is no UTF-8 in it is replaced.
    public static func text(_ name: String) -> String? { bytes(name).map { String(decoding: $0, as: UTF8.self) } }

    // Constant bytes of the program.
    private nonisolated(unsafe) static let all: [String: UnsafeRawBufferPointer] = {
        let begin = UnsafeRawPointer(packetwalk_files_begin_address())
        let end = UnsafeRawPointer(packetwalk_files_end_address())
        var rest = UnsafeRawBufferPointer(start: begin, count: end - begin)
        var files: [String: UnsafeRawBufferPointer] = [:]
        while rest.count >= 8 {
            let nameLength = Int(rest.loadUnaligned(fromByteOffset: 0, as: UInt32.self))
            let length = Int(rest.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
            let name = String(decoding: rest[8..<8 + nameLength], as: UTF8.self)
            let start = 8 + nameLength
            files[name] = UnsafeRawBufferPointer(rebasing: rest[start..<start + length])
            rest = UnsafeRawBufferPointer(rebasing: rest[(start + length)...])
        }
        return files
    }()
}
