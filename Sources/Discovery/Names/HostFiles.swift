internal import LinuxSystem
internal import Network

/// Files of the machine, below a root that tests choose.
struct HostFiles: Sendable {
    var root = ""

    func text(_ path: String) -> String? { readText(root + path) }

    /// Sorted; empty where the folder can't be read.
    func names(_ path: String) -> [String] { directoryNames(root + path).sorted() }

    /// Nil where the file can't be read or is no JSON.
    func json(_ path: String) -> JSONTree? {
        guard let bytes = try? readFile(root + path) else { return nil }
        return try? JSONTree(parsing: bytes)
    }

    /// A number that stands alone in a file, as process numbers do.
    func number(_ path: String) -> Int32? {
        text(path).flatMap { Int32($0.filter { !$0.isWhitespace }) }
    }

    /// The words of a process's command line; empty where it has gone.
    func arguments(ofProcess number: Int32) -> [String] {
        (text("/proc/\(number)/cmdline") ?? "").split(separator: "\0", omittingEmptySubsequences: false).map(
            String.init)
    }

    /// The inode of the network namespace that a process's link or a mount leads to; nil where there is none.
    func namespace(_ path: String) -> UInt64? {
        NamespaceSearch.inode(ofLink: root + path) ?? (try? NamespaceSearch.inode(ofFile: root + path)).flatMap { $0 }
    }
}
