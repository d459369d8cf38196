internal import Glibc
internal import LinuxSystem

/// Where the files of labs stand: in a folder, or inside the program.
enum LabFiles: Sendable, Hashable {
    case folder(String)
    case builtIn

    /// Where a sandbox has the program's own ones.
    private static let unpacked = "/run/packetwalk-labs"

    /// Names of all labs, sorted.
    var names: [String] {
        switch self {
        case .folder(let path): return directoryNames(path).filter { access("\(path)/\($0)/lab.json", R_OK) == 0 }
        case .builtIn:
            return EmbeddedFiles.names.compactMap { name in
                let parts = name.split(separator: "/")
                return parts.count == 3 && parts[0] == "labs" && parts[2] == "lab.json" ? String(parts[1]) : nil
            }.sorted()
        }
    }

    func holds(_ lab: String) -> Bool {
        switch self {
        case .folder: access("\(directory(of: lab))/lab.json", R_OK) == 0
        case .builtIn: EmbeddedFiles.holds("labs/\(lab)/lab.json")
        }
    }

    /// A lab's folder; of one inside the program once it is unpacked.
    func directory(of lab: String) -> String {
        switch self {
        case .folder(let path): "\(path)/\(lab)"
        case .builtIn: "\(Self.unpacked)/\(lab)"
        }
    }

    /// Throws `SystemError` where it can't be read.
    func bytes(_ file: String, of lab: String) throws -> [UInt8] {
        switch self {
        case .folder: return try readFile("\(directory(of: lab))/\(file)")
        case .builtIn:
            guard let bytes = EmbeddedFiles.bytes("labs/\(lab)/\(file)") else {
                throw SystemError("open \(lab)/\(file)", errorNumber: ENOENT)
            }
            return bytes
        }
    }

    /// Writes what is inside the program to a place that the sandbox alone has: it goes with it.
    func unpack() throws {
        guard self == .builtIn else { return }
        mkdir(Self.unpacked, 0o755)
        for name in EmbeddedFiles.names where name.hasPrefix("labs/") {
            let path = "\(Self.unpacked)/\(name.dropFirst("labs/".count))"
            if let slash = path.lastIndex(of: "/") { mkdir(String(path[..<slash]), 0o755) }
            let descriptor = try retryingInterrupts("open \(path)") {
                open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
            }
            defer { close(descriptor) }
            var bytes = (EmbeddedFiles.bytes(name) ?? [])[...]
            while !bytes.isEmpty {
                let count = try retryingInterrupts("write \(path)") {
                    Int32(bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) })
                }
                bytes = bytes.dropFirst(Int(count))
            }
        }
    }
}
